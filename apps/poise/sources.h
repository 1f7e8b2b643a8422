#pragma once
// What the user named, turned into pictures to do and names to keep their results under.

#include <filesystem>
#include <string>
#include <vector>

#include "poise/base/result.h"

namespace poise::app {

struct Source {
  std::filesystem::path path;   // to read
  std::filesystem::path place;  // relative, without `..`: where its results go under --out
};

/// Files, folders (searched through, pictures only) and globs (* ? [..]). A relative path is kept as given: team.jpg
/// and holiday/team.jpg do not collide; of an absolute one, what lies below its last named folder. Two sources that
/// would share a place are an error. Sorted within each folder or glob. Errors name what was not found or held no
/// picture.
Result<std::vector<Source>> gather_sources(const std::vector<std::string>& names);

}  // namespace poise::app
