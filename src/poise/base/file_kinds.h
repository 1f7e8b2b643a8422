#pragma once
// What kind of file a name says, and what is said of files in a searched folder that were passed over. Pure.

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

namespace poise {

/// How many files of each kind.
using FileKinds = std::map<std::string, std::size_t>;

/// "HEIC" of "a.heic"; "" where the name has no extension.
std::string file_kind(const std::filesystem::path& path);

/// "3 files not read: HEIC"; "5 files not read: 3 HEIC, 2 MP4"; "" where there are none.
std::string files_not_read(const FileKinds& passed_over);

}  // namespace poise
