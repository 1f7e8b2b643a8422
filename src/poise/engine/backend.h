#pragma once
// What a backend provides: a Program (the graph, prepared once) that makes Plans (one a set of input shapes).

#include <memory>
#include <span>
#include <vector>

#include "poise/engine/session.h"

namespace poise {

struct OutputInfo {
  Shape shape;
  DType type = DType::kFloat32;
};

class Plan {
 public:
  virtual ~Plan() = default;
  /// inputs in Graph::inputs order, shapes as planned; outputs allocated by the caller as outputs() says.
  virtual Status run(std::span<const TensorView> inputs, std::span<Tensor> outputs, std::vector<LayerTime>* times) = 0;
  virtual PlanInfo info() const = 0;
  virtual const std::vector<OutputInfo>& outputs() const = 0;
  /// What it takes once it has run: activations, scratchpads and outputs.
  virtual std::uint64_t bytes() const = 0;
};

/// Of tensors that a caller allocates.
std::uint64_t bytes_of(const std::vector<OutputInfo>& outputs);

class Program {
 public:
  virtual ~Program() = default;
  /// `taken`: bytes of SessionOptions::max_memory that other plans of the session hold. Thread-safe; so are plans among
  /// each other.
  virtual Result<std::unique_ptr<Plan>> plan(std::span<const Shape> input_shapes, std::uint64_t taken) = 0;
  /// As Session::tune.
  virtual Result<std::vector<LayerChoice>> tune(std::span<const Shape> /*input_shapes*/) {
    return unsupported("this backend has but one way to run a layer");
  }
};

Result<std::unique_ptr<Program>> make_reference_program(Graph graph, const SessionOptions& options);
Result<std::unique_ptr<Program>> make_onednn_program(Graph graph, const SessionOptions& options);

}  // namespace poise
