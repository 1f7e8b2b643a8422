#pragma once
// A float network and pictures of its trade in, the same network with layers in eight-bit integers out. Thread-safe.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/graph/graph.h"
#include "poise/quantize/calibration.h"
#include "poise/tensor/tensor.h"

namespace poise {

/// Steps done, of how many, and what was done; false: stop.
using QuantizeProgress = std::function<bool(std::size_t done, std::size_t total, const std::string& what)>;

struct QuantizeOptions {
  std::optional<RangeRule> rule;  // nothing: the one whose outputs err least
  bool correct_biases = true;     // where it lessens the error
  double most_damage = 0.1;       // layers go back to floats, worst first, until the outputs err by at most this
  int threads = 0;                // 0: all
  QuantizeProgress progress;
};

struct QuantizedLayer {
  std::string name;
  std::int64_t multiply_adds = 0;
  double damage = 0;     // of the outputs, with this layer alone in integers
  bool integers = true;  // false: it stays in floats
};

struct Quantized {
  Graph graph;  // QDQ form
  std::vector<QuantizedLayer> layers;
  RangeRule rule = RangeRule::kMinMax;
  bool biases_corrected = false;
  double damage = 0;  // of the outputs, all chosen layers in integers, on the batches that were not calibrated on
};

/// Damage: root of the mean square difference of all outputs, over the root of the mean square of the float network's.
/// `batches`: network inputs; every fourth (at least one) is kept from calibration and measured on, so two at least.
/// Errors: kInvalidArgument (too few batches, no layer that could be computed in integers), kUnsupported (a processor
/// without integer instructions), kIo (stopped by `progress`), those of Session.
Result<Quantized> quantize(const Graph& graph, std::span<const Tensor> batches, const QuantizeOptions& options = {});

}  // namespace poise
