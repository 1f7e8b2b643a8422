#pragma once
// The files of results that lie in a folder, as writing a file a picture leaves them. Internal to formats. Reads
// folders, with no state of its own: thread-safe.

#include <filesystem>
#include <string>
#include <vector>

#include "poise/base/file_kinds.h"
#include "poise/base/result.h"

namespace poise {

inline constexpr const char* kPoiseEnding = ".poses.json";
inline constexpr const char* kOpenposeEnding = "_keypoints.json";
inline constexpr const char* kCsvEnding = ".poses.csv";

struct ResultFiles {
  std::vector<std::filesystem::path> files;  // sorted
  FileKinds passed_over;  // other files, but hidden ones, drawn pictures and heatmaps, which lie beside results
  /// "out: 3 files not read: 2 CSV, TXT"; "" where there are none.
  std::string note(const std::filesystem::path& folder) const;
};

/// Those of the folder, and of the folders below it, whose names end so. Links to folders are not followed. Errors:
/// kIo, naming the folder that cannot be listed; kNotFound where there is no such file.
Result<ResultFiles> find_result_files(const std::filesystem::path& folder, const std::string& ending);

/// What results of this file are called after: its path below `folder`, or its name where it is `folder` itself,
/// without the ending.
std::string result_name(const std::filesystem::path& file, const std::filesystem::path& folder,
                        const std::string& ending);

}  // namespace poise
