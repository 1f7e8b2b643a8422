#pragma once
// What people name, files, folders and globs, turned into pictures to do and names to keep their results under.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "poise/base/file_kinds.h"
#include "poise/base/result.h"

namespace poise {

struct PictureFile {
  std::filesystem::path path;   // to read
  std::filesystem::path name;   // relative, without `..`: what a file of results calls it
  std::filesystem::path place;  // where its results go under the output folder: the name, apart from a.png beside a.jpg
};

struct FoundPictures {
  std::vector<PictureFile> files;
  FileKinds passed_over;  // in searched folders: files that are no pictures read here, by kind
  /// "3 files not read: HEIC"; "5 files not read: 3 HEIC, 2 MP4"; "" where there are none.
  std::string note() const;
};

/// Files, folders and globs (* ? [..]). Folders are searched through: .jpg .jpeg .jpe .jfif .png .webp and, where they
/// are read, .heic .heif .avif; not what is hidden, and not what Poise drew (.poses.jpg, .heatmaps.jpg). A relative
/// path is kept as given: team.jpg and holiday/team.jpg do not collide; of an absolute one, what lies below its last
/// named folder. Two sources that would share a name are an error. Sorted within each folder or glob. Errors name what
/// was not found or held no picture. Reads files, with no state of its own: thread-safe.
Result<FoundPictures> find_pictures(const std::vector<std::string>& names);

}  // namespace poise
