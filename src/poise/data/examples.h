#pragma once
// What a loader batches: the network's input and what it should say, by number. Poses and boxes each make their own.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "poise/base/random.h"
#include "poise/base/result.h"
#include "poise/data/data_set.h"
#include "poise/tensor/tensor.h"

namespace poise {

/// Memory of one example within a batch, row-major.
struct SampleView {
  std::span<float> image;    // (3, height, width), normalised
  std::span<float> targets;  // as the examples' kind has it
  std::span<float> weights;
};

struct ExampleShapes {  // of one
  Shape image, targets, weights;
};

class Examples {
 public:
  virtual ~Examples() = default;
  virtual std::size_t size() const = 0;
  /// Together all of 0 to size() - 1, each once.
  virtual std::vector<Stratum> strata() const { return {{0, size(), 1.0}}; }
  virtual ExampleShapes shapes() const = 0;
  /// Writes all of `out`. i < size(); what is drawn at random comes from `random`, and grows with the epoch where it
  /// does. Errors: those of the pictures, naming them. Thread-safe.
  virtual Status make(std::size_t i, Random random, std::uint64_t epoch, const SampleView& out) const = 0;
};
using ExamplesPtr = std::shared_ptr<const Examples>;

}  // namespace poise
