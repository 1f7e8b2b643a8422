#include "poise/infer/runner.h"

#include <omp.h>

namespace poise {
namespace {

class EngineRunner : public Runner {
 public:
  explicit EngineRunner(Session session) : session_(std::move(session)) {}
  Status run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs) override {
    return session_.run(inputs, outputs);
  }
  std::unique_ptr<Runner> sibling(int threads) const override {
    return std::make_unique<EngineRunner>(session_.sibling(threads));
  }

 private:
  Session session_;
};

/// What the card vouches for, where this processor has it; integers where the network itself says so.
Precision precision_of(const std::string& card, const Graph& graph, const std::string& backend) {
  if (backend != "onednn") return Precision::kFloat32;
  const bool integers = holds_integers(graph);
  const std::string wanted = integers ? name_of(Precision::kInt8) : card;
  for (const Precision precision : native_precisions()) {
    if (wanted == name_of(precision) && (precision != Precision::kInt8 || integers)) return precision;
  }
  return Precision::kFloat32;
}

}  // namespace

Result<MadeRunner> make_runner(Graph graph, const RunnerOptions& options, const std::string& card_precision) {
  MadeRunner made;
  if (options.make) {
    POISE_TRY(made.runner, options.make(std::move(graph)));
    made.threads = options.threads > 0 ? options.threads : omp_get_max_threads();
    return made;
  }
  made.precision = options.precision.value_or(precision_of(card_precision, graph, options.backend));
  POISE_TRY(Session session, Session::create(std::move(graph), {options.backend, options.threads, made.precision}));
  made.threads = session.threads();
  made.runner = std::make_unique<EngineRunner>(std::move(session));
  return made;
}

Result<Size> picture_input(const Graph& graph, const std::string& what) {
  if (graph.inputs.size() != 1) {
    return unsupported("the network has " + std::to_string(graph.inputs.size()) + " inputs; " + what + " has one");
  }
  const Shape& shape = graph.values.at(graph.inputs[0]).shape;
  if (shape.size() != 4 || (shape[1] > 0 && shape[1] != 3)) {
    return unsupported("the network's input is " + to_string(shape) + "; " + what + " reads (N, 3, H, W)");
  }
  if (shape[2] < 0 || shape[3] < 0) return Size{};
  return Size{static_cast<int>(shape[3]), static_cast<int>(shape[2])};
}

}  // namespace poise
