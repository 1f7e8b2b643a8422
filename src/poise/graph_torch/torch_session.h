#pragma once
// Inference by LibTorch: the same Graph on a GPU, or as a second opinion on a CPU. Names no type of LibTorch.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/graph/graph.h"
#include "poise/graph/runner.h"

namespace poise {

struct TorchSessionOptions {
  std::string device = "cpu";  // cpu, cuda, cuda:N
  int threads = 0;             // of the CPU's operators, for the whole process; 0: all
  bool bfloat16 = false;       // convolutions in bfloat16
};

class TorchSession {
 public:
  /// Errors: those of validate(), kUnsupported (operators, no GPU), kInvalidArgument (the device's name).
  static Result<TorchSession> create(Graph graph, const TorchSessionOptions& options = {});
  TorchSession(TorchSession&&) noexcept;
  TorchSession& operator=(TorchSession&&) noexcept;
  ~TorchSession();

  /// As Session::run. Errors: kMalformed (shapes that do not fit the network), what LibTorch says. One thread at a
  /// time.
  Status run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs);

 private:
  struct State;
  explicit TorchSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// LibTorch in the engine's place, for RunnerOptions::make: runners of TorchSessions, which have no siblings. Errors of
/// their making: those of TorchSession::create.
MakeRunner torch_runner(const TorchSessionOptions& options = {});

}  // namespace poise
