#pragma once
// Weights in the layouts the kernels want, reordered once and shared by all plans of a program.

#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <span>
#include <vector>

#include "poise/graph/graph.h"
#include "poise/tensor/tensor.h"

namespace poise::onednn {

/// All that a packed form is made of: layers share one where each member is the same, and nowhere else.
struct WeightKey {
  enum class Packing {
    kPlain,           // the constant's elements, or some of its taps
    kIntegers,        // divided by `steps` and rounded
    kDivided,         // divided by `steps`
    kWinograd,        // points of tiles
    kWinogradPanels,  // the same for our own matrix product
  };
  ValueId constant = kNoValue;
  Packing packing = Packing::kPlain;
  std::vector<std::int64_t> rows = {}, columns = {};  // kernel indices that are taken, in order; empty: all
  std::vector<std::uint32_t> steps = {};              // the bits of floats, which may be no numbers
  bool transposed = false;                            // of kWinograd and kWinogradPanels
  auto operator<=>(const WeightKey&) const = default;
};
std::vector<std::uint32_t> bits_of(std::span<const float> values);

/// The forms would take so many bytes; caught where a plan is built.
struct OverMemory {
  std::uint64_t bytes = 0;
};

class WeightStore {
 public:
  WeightStore(dnnl::engine engine, dnnl::stream stream) : engine_(std::move(engine)), stream_(std::move(stream)) {}

  /// The weight in layout `target`. `plain` makes it in the row-major layout `plain_desc` the first time it is asked
  /// for.
  dnnl::memory get(const WeightKey& key, const dnnl::memory::desc& plain_desc, const dnnl::memory::desc& target,
                   const std::function<Tensor()>& plain);
  /// A vector used as it is made (bias, scale, shift).
  dnnl::memory vector(const WeightKey& key, const std::function<Tensor()>& plain);
  const dnnl::engine& engine() const { return engine_; }

  std::uint64_t bytes() const { return bytes_; }
  /// get() and vector() throw OverMemory before the forms take more than this.
  void set_room(std::uint64_t bytes) { room_ = bytes; }

 private:
  struct Form {
    dnnl::memory::desc plain;
    dnnl::memory memory;
    std::unique_ptr<Tensor> owner;  // behind a vector
  };
  void claim(std::uint64_t bytes);

  dnnl::engine engine_;
  dnnl::stream stream_;
  std::uint64_t bytes_ = 0;
  std::uint64_t room_ = std::numeric_limits<std::uint64_t>::max();
  std::map<WeightKey, std::vector<Form>> entries_;
};

}  // namespace poise::onednn
