#pragma once
// What the user named, turned into pictures to do and names to keep their results under.

#include <filesystem>
#include <string>
#include <vector>

#include "poise/base/result.h"

namespace poise::app {

struct Source {
  std::filesystem::path path;   // to read
  std::filesystem::path name;   // relative, without `..`: what a file of results calls it
  std::filesystem::path place;  // where its results go under --out: the name, apart from a.png beside a.jpg
};

/// Files, folders (searched through, pictures only) and globs (* ? [..]). A relative path is kept as given: team.jpg
/// and holiday/team.jpg do not collide; of an absolute one, what lies below its last named folder. Two sources that
/// would share a name are an error. Sorted within each folder or glob. Errors name what was not found or held no
/// picture.
Result<std::vector<Source>> gather_sources(const std::vector<std::string>& names);

/// The error, with the picture's path before its message where that does not name it.
Error about(const std::filesystem::path& picture, const Error& error);

}  // namespace poise::app
