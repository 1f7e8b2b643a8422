#pragma once
// Where the pictures lie that a file of labels names: one rule for everyone who reads labels.

#include <filesystem>
#include <map>
#include <string>

#include "poise/base/result.h"

namespace poise {

/// The folder that names in a file of labels start from. Both slashes part a name and a drive letter leads nowhere, so
/// that labels written on another machine are understood. One thread at a time.
class PictureFolder {
 public:
  explicit PictureFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The file of this name; where there is none, that of the longest end of the name (C:\\data\\sub\\b.png is
  /// sub/b.png, or b.png). Never one outside the folder, links in it apart. Errors, naming the picture as the labels
  /// do: kNotFound; kMalformed (no name; a name that leads out of the folder; two names that end in one file).
  Result<std::filesystem::path> find(const std::string& name);

  const std::filesystem::path& path() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::map<std::filesystem::path, std::string> taken_;  // files, by the names that led there
};

}  // namespace poise
