#pragma once
// What runs a network for the classes of this folder: the engine, or what stands in its place.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "poise/base/result.h"
#include "poise/graph/precision.h"
#include "poise/graph/runner.h"

namespace poise {

struct RunnerOptions {
  std::string backend = "onednn";
  int threads = 0;                          // compute threads; 0: all
  std::optional<Precision> precision = {};  // nothing: the card's, where this processor has it
  std::filesystem::path plans = {};         // as SessionOptions::plans
  bool deterministic = false;               // the same bits whatever the batch, the threads and `plans`: each picture
                                            // alone on one thread, as many at a time as there are threads
  std::uint64_t max_memory = 0;             // as SessionOptions::max_memory
  MakeRunner make = {};                     // empty: the engine, by what stands above
};

struct MadeRunner {
  std::unique_ptr<Runner> runner;
  int threads = 1;
  Precision precision = Precision::kFloat32;  // in force
  std::string backend;                        // as Runner::name has it
};
/// `card_precision`: what the network's card vouches for. Errors: those of Session::create.
Result<MadeRunner> make_runner(Graph graph, const RunnerOptions& options, Precision card_precision);

}  // namespace poise
