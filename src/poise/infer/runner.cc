#include "poise/infer/runner.h"

#include <omp.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "poise/engine/session.h"

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

/// Each picture of a batch by itself, in a session of one thread: no sum depends on who else is there.
class EachAlone : public Runner {
 public:
  EachAlone(Session session, int threads) {
    for (int i = 1; i < threads; ++i) sessions_.push_back(session.sibling(1));
    sessions_.push_back(std::move(session));
  }

  Status run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs) override {
    const std::int64_t pictures = inputs.empty() || inputs[0].shape.empty() ? 1 : inputs[0].shape[0];
    if (pictures <= 1 || inputs.size() != 1) return sessions_[0].run(inputs, outputs);
    Shape shape = inputs[0].shape;
    shape[0] = 1;
    const std::int64_t step = element_count(shape).value();
    parts_.resize(static_cast<std::size_t>(pictures));
    std::vector<Status> failed(parts_.size());
    const auto threads = static_cast<int>(sessions_.size());
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (std::int64_t i = 0; i < pictures; ++i) {
      TensorView one = inputs[0];
      one.shape = shape;
      one.data += i * step;
      const auto index = static_cast<std::size_t>(i);
      failed[index] = sessions_[static_cast<std::size_t>(omp_get_thread_num())].run({&one, 1}, parts_[index]);
    }
    for (const Status& status : failed) POISE_RETURN_IF_ERROR(status);
    outputs.resize(parts_[0].size());
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const Tensor& first = parts_[0][k];
      if (first.type() != DType::kFloat32 || first.rank() < 1) {
        return unsupported("the network's outputs cannot be put together picture by picture: run it with batch 1");
      }
      Shape whole = first.shape();
      whole[0] *= pictures;
      if (outputs[k].shape() != whole || outputs[k].type() != DType::kFloat32) outputs[k] = Tensor(whole);
      float* to = outputs[k].floats().data();
      for (const std::vector<Tensor>& part : parts_) to = std::copy_n(part[k].floats().data(), part[k].count(), to);
    }
    return {};
  }

  std::unique_ptr<Runner> sibling(int threads) const override {
    const int wanted = threads > 0 ? threads : static_cast<int>(sessions_.size());
    return std::make_unique<EachAlone>(sessions_[0].sibling(1), wanted);
  }

 private:
  std::vector<Session> sessions_;
  std::vector<std::vector<Tensor>> parts_;  // outputs of each picture, kept from call to call
};

/// What the card vouches for, where this processor has it; integers where the network itself says so.
Precision precision_of(Precision card, const Graph& graph, const std::string& backend) {
  if (backend != "onednn") return Precision::kFloat32;
  const bool integers = holds_integers(graph);
  const Precision wanted = integers ? Precision::kInt8 : card;
  for (const Precision precision : native_precisions()) {
    if (wanted == precision && (precision != Precision::kInt8 || integers)) return precision;
  }
  return Precision::kFloat32;
}

}  // namespace

Result<MadeRunner> make_runner(Graph graph, const RunnerOptions& options, Precision card_precision) {
  MadeRunner made;
  if (options.make) {
    if (options.deterministic || options.precision) {
      return invalid_argument(
          "option \"deterministic\" and option \"precision\" are of the CPU alone: leave them out on other devices");
    }
    POISE_TRY(made.runner, options.make(std::move(graph)));
    made.threads = options.threads > 0 ? options.threads : omp_get_max_threads();
    made.backend = made.runner->name();
    return made;
  }
  made.backend = options.backend;
  made.precision = options.precision.value_or(precision_of(card_precision, graph, options.backend));
  SessionOptions session_options{options.backend, options.threads, made.precision, options.plans, options.max_memory};
  made.threads = options.threads > 0 ? options.threads : omp_get_num_procs();
  if (options.deterministic) {
    session_options.threads = 1;
    session_options.plans.clear();
  }
  const Shape& input = graph.values.at(graph.inputs.at(0)).shape;
  const bool is_fixed = !input.empty() && input[0] > 0;
  POISE_TRY(Session session, Session::create(std::move(graph), session_options));
  if (options.deterministic && !is_fixed) {
    made.runner = std::make_unique<EachAlone>(std::move(session), made.threads);
  } else {
    made.runner = std::make_unique<EngineRunner>(std::move(session));
  }
  return made;
}

}  // namespace poise
