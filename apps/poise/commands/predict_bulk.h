#pragma once
// `poise predict --format jsonl`: pictures without end, in parts, by shards, gone on with after any end.

#include <string>
#include <vector>

#include "flags/json_flag.h"
#include "flags/people_flags.h"
#include "poise/infer/bulk.h"

namespace poise::app {

inline constexpr const char* kBulkFormat = "jsonl";

struct BulkFlags {
  std::string manifest, shard;
  bool resume = false;
  std::size_t part = BulkFolderOptions{}.part;

  /// Adds --manifest --shard --resume --part to the command, under the heading `group`.
  void add_to(CLI::App& command, const std::string& group);
  bool any() const { return !manifest.empty() || !shard.empty() || resume; }
};

struct BulkPrediction {
  BulkFlags flags;
  std::vector<std::string> sources;
  std::string out, exif, json;
  FinderFlags finder;
  EstimatorOptions estimator;
  bool quiet = false;
};

/// Until all are done or Ctrl-C. `code`: the exit code. Errors: what must be said before any picture.
Status predict_bulk(const BulkPrediction& prediction, int& code);

}  // namespace poise::app
