#pragma once
// Runs a graph. Weights are immutable and shared; one Session a thread of control; compute threads are OpenMP's. One
// Session of all threads answers soonest; siblings of one thread each do the most work in a given time.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/result.h"
#include "poise/graph/graph.h"
#include "poise/graph/precision.h"

namespace poise {

/// Those this processor computes in, not merely imitates; float32 first.
std::vector<Precision> native_precisions();
/// The graph has layers that Precision::kInt8 would compute in integers.
bool holds_integers(const Graph& graph);

struct SessionOptions {
  std::string backend = "onednn";  // or "reference": plain and slow, the oracle
  int threads = 0;                 // OpenMP threads; 0: as many as the machine grants this process
  Precision precision = Precision::kFloat32;
  /// A folder with what tune() measured on this machine, which plans then follow; empty, or nothing there for this
  /// network: fixed rules say how a layer runs. Results differ by the rounding of sums taken in another order.
  std::filesystem::path plans = {};
  /// Bytes that a network may take: its constants and what is folded into new ones, their forms, and activations,
  /// scratchpads and outputs of this session (siblings have their own). 0: 4 GiB, or half of the machine's memory where
  /// that is less. What wants more is refused before it is allocated.
  std::uint64_t max_memory = 0;
};

struct PlanInfo {
  std::size_t arena_bytes = 0;    // activations, allocated once, by the first run
  std::size_t scratch_bytes = 0;  // the largest scratchpad; they lie in the arena
  std::size_t weight_bytes = 0;   // weights as the backend keeps them
  std::size_t ideal_bytes = 0;    // most bytes of activations alive at one time: no plan can be smaller
};

struct LayerTime {
  std::string name;    // "Conv \"conv1\""
  std::string kernel;  // what runs it: "jit:avx512_core"
  double milliseconds = 0;
  std::int64_t multiply_adds = 0;
};

/// A layer that can run in several ways: the fastest, and all that were measured.
struct LayerChoice {
  std::string name;  // "Conv \"conv1\""
  std::string form;  // "direct", "winograd", "tiles"
  std::vector<std::pair<std::string, double>> milliseconds;
};

class Session {
 public:
  /// Takes the graph; its tensors are shared with copies of it, and let go once the backend has its own form of them.
  /// Errors: kNotFound (backend), kUnsupported (a precision this processor or backend has not, int8 of a network
  /// without integers), kTooLarge (SessionOptions::max_memory), those of validate(), what the backend refuses.
  static Result<Session> create(Graph graph, const SessionOptions& options = {});
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// Inputs are floats whatever the network declares; for one of integers they are rounded, and kept in its range.
  /// Runs; plans first where these input shapes are new (the last few plans are kept). `outputs` is resized and its
  /// tensors are reused where they fit; most are float32, what a network counts (ArgMax, Shape) is int64. What hangs on
  /// how much the picture shows (ValueInfo::open) has the shape that it makes, of no elements where there is nothing.
  /// Errors: those of plan(); where shapes are found on the way, what does not fit then. Not thread-safe: one Session a
  /// thread.
  Status run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs);

  /// Plans for the shapes without running, and without taking memory for activations. Errors: kInvalidArgument (other
  /// shapes than the network wants), kTooLarge (SessionOptions::max_memory), what the backend refuses.
  Result<PlanInfo> plan(std::span<const Shape> input_shapes);
  /// As run, one entry an executed step.
  Result<std::vector<LayerTime>> profile(std::span<const TensorView> inputs);

  /// Measures, in the whole network at these shapes and this session's threads, how each layer that can run in several
  /// ways runs fastest, keeps it in SessionOptions::plans and plans by it from now on, here and in later sessions.
  /// Takes some thirty runs of an otherwise idle machine. Errors: kInvalidArgument (no folder), kUnsupported (backend),
  /// kIo.
  Result<std::vector<LayerChoice>> tune(std::span<const Shape> input_shapes);

  int threads() const;

  /// A Session over the same weights, with activations of its own; threads: 0: as many as this one's. For another
  /// thread of control: siblings plan and run at the same time, and give the same bits. Thread-safe.
  Session sibling(int threads = 0) const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

std::vector<std::string> backend_names();

}  // namespace poise
