#pragma once
// A list of pictures, each with an id of its own, and the parts that such a list is done in by several processes or
// machines. Reads files, with no state of its own: thread-safe.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"

namespace poise {

/// One of `count` parts, counted from 1. Whether an id belongs to it depends on the id alone, so that a list may grow,
/// or come in another order, between two runs.
struct Shard {
  int number = 1;
  int count = 1;
  bool has(std::string_view id) const;
};
/// "3/64". Errors: kInvalidArgument.
Result<Shard> parse_shard(std::string_view text);

struct ManifestEntry {
  std::string id;
  std::filesystem::path path;
};

/// CSV with the columns id and path, in any order beside any others; paths are relative to `folder`, or to the list's
/// own where that is empty. Only those of the shard are kept. Errors: kNotFound, kIo, kTooLarge (2 GiB), kMalformed (no
/// such column; a row without an id or a path; an id twice), naming the file and the line.
Result<std::vector<ManifestEntry>> read_manifest(const std::filesystem::path& file, const Shard& shard = {},
                                                 const std::filesystem::path& folder = {});

}  // namespace poise
