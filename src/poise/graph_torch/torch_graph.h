#pragma once
// LibTorch runs the very Graph that inference plans, with gradients. Internal to what is built with LibTorch (this
// folder and train): the one public face is torch_session.h.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>  // of ATen.h in LibTorch 1.13, no longer in 2.11

#include <string>
#include <string_view>
#include <vector>

#include "poise/graph/graph.h"

namespace poise {

struct TorchOptions {
  at::Device device = at::kCPU;
  bool bfloat16 = false;       // convolutions in bfloat16, parameters and sums as they are
  bool channels_last = false;  // memory order of weights and pictures: quicker almost everywhere (docs/training.md)
  std::vector<std::string> frozen = {};  // layers and groups, see is_frozen(): no gradients, and statistics that stay
};

/// Whether LibTorch has convolutions in bfloat16 on this processor.
bool cpu_has_bfloat16();

/// A tensor under its name in the graph.
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

/// Whether one of the names is the tensor's, or that of a layer or group it belongs to: "layer1" and
/// "layer1.0.conv1.weight". Pure.
bool is_frozen(std::string_view tensor, const std::vector<std::string>& frozen);

/// Not thread-safe: one thread at a time.
class TorchGraph {
 public:
  /// Takes copies of the constants. Those that layers learn (weights and biases of Conv, ConvTranspose, Gemm, scale and
  /// bias of BatchNormalization, slopes of PRelu) are leaves with gradients; running mean and variance are statistics.
  /// Errors: those of validate(), kUnsupported naming every operator that is not known here;
  /// kUnsupported, bfloat16 on a processor that has it not.
  static Result<TorchGraph> create(Graph graph, const TorchOptions& options = {});

  /// In the order of Graph::inputs and outputs; outputs are float32. In training BatchNormalization takes the batch's
  /// own mean and variance and moves the running ones towards them, as PyTorch does (ONNX's momentum, 0.9, is 1 minus
  /// PyTorch's). Throws what LibTorch throws: see guarded().
  std::vector<at::Tensor> forward(const std::vector<at::Tensor>& inputs, bool training);

  const std::vector<NamedTensor>& parameters() const { return parameters_; }
  const std::vector<NamedTensor>& statistics() const { return statistics_; }
  const Graph& graph() const { return graph_; }

 private:
  explicit TorchGraph(Graph graph, const TorchOptions& options) : graph_(std::move(graph)), options_(options) {}
  Graph graph_;
  TorchOptions options_;
  std::vector<at::Tensor> constants_;  // by ValueId, undefined for what is computed
  std::vector<std::size_t> last_use_;  // by ValueId: the node that reads it last
  std::vector<bool> frozen_nodes_;     // all that they learn is frozen
  std::vector<NamedTensor> parameters_;
  std::vector<NamedTensor> statistics_;
};

/// What LibTorch threw, as one line.
Error torch_error(const std::exception& thrown);

/// Runs `work`, a function that gives a Result, and turns what LibTorch throws into an error.
template <typename Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const c10::Error& thrown) {
    return torch_error(thrown);
  }
}

/// "cpu", "cuda", "cuda:1". Errors: kInvalidArgument; kUnsupported (no such GPU here, or a LibTorch without CUDA).
Result<at::Device> torch_device(std::string_view name);
/// Threads of LibTorch's operators, for the whole process; 0: as many as the machine grants it.
void set_torch_threads(int threads);

at::Tensor to_torch(const Tensor& tensor);    // a copy, on the CPU
Tensor from_torch(const at::Tensor& tensor);  // a copy; float32 or int64
}  // namespace poise
