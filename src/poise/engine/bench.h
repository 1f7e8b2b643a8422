#pragma once
// How fast a network runs on the machine at hand: whole runs, sessions side by side, and layers beside what the
// processor multiplies at most.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/engine/session.h"
#include "poise/geometry/point.h"
#include "poise/graph/graph.h"

namespace poise {

struct BenchOptions {
  SessionOptions session = {};
  int batch = 1;         // pictures a run
  int streams = 1;       // sessions side by side over the same weights, each in a thread and of session.threads
  Size input = {};       // pixels, where the network leaves it open
  int runs = 20;         // of each stream, at least
  double seconds = 2.0;  // at least
  bool tune = false;     // Session::tune first
  bool layers = false;   // each layer too
};

struct BenchLayer {
  LayerTime time;
  double share = 0;                 // of all layers' time
  double multiply_adds_second = 0;  // 0: it has none
  std::optional<double> of_peak;    // part of BenchResult::peak, where that is known
};

struct BenchResult {
  Precision precision = Precision::kFloat32;
  int threads = 1;  // of a stream
  int batch = 1;
  int streams = 1;
  std::vector<double> milliseconds;  // of each run of each stream, rising; never empty
  PlanInfo plan;
  std::int64_t peak_bytes = 0;                    // resident memory of the process at its highest so far
  std::optional<std::vector<LayerChoice>> tuned;  // where it was asked for
  std::optional<std::vector<BenchLayer>> layers;  // where they were asked for
  double peak = 0;                                // measured_peak of the threads; 0: not known, or no layers asked for

  double median() const { return milliseconds[milliseconds.size() / 2]; }
  double milliseconds_a_person() const { return median() / batch; }
  double persons_a_second() const { return batch * streams * 1e3 / median(); }
  /// What all layers multiply in the median run, as a part of the peak; nothing where that is not known.
  std::optional<double> of_peak() const;
};

/// One flat object; "layers" and "tuned" are lists in it.
Json to_json(const BenchResult& result);

/// Runs on random inputs. Takes the graph, so that nothing but the sessions holds its weights while memory is measured.
/// Wants an otherwise idle machine. Errors: kUnsupported (networks that do not read one (N, C, H, W)), kInvalidArgument
/// (another batch than the network insists on, an input size that is open), those of Session.
Result<BenchResult> bench(Graph graph, const BenchOptions& options = {});

}  // namespace poise
