#pragma once
// What runs one graph, whoever does it: the engine, LibTorch, or what a user of the library brings.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/graph/graph.h"
#include "poise/tensor/tensor.h"

namespace poise {

class Runner {
 public:
  virtual ~Runner() = default;
  /// What outputs call it: "onednn", "libtorch cuda:0".
  virtual std::string name() const { return "custom"; }
  /// One input and one output a name of the graph, in its order; `outputs` is resized, and its tensors are reused where
  /// they fit. One thread at a time.
  virtual Status run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs) = 0;
  /// Another over the same weights, for another thread, of so many compute threads (0: as many as this one); nullptr
  /// where there can be only one. Thread-safe.
  virtual std::unique_ptr<Runner> sibling(int /*threads*/) const { return nullptr; }
};
using MakeRunner = std::function<Result<std::unique_ptr<Runner>>(Graph graph)>;

}  // namespace poise
