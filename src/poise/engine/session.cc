#include "poise/engine/session.h"

#include <omp.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "poise/base/counted.h"
#include "poise/base/memory.h"
#include "poise/engine/backend.h"
#include "poise/engine/open_tail.h"
#include "poise/graph/open_part.h"
#include "poise/graph/ops/cast_number.h"
#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

struct BackendEntry {
  const char* name;
  Result<std::unique_ptr<Program>> (*make)(Graph graph, const SessionOptions& options);
};
constexpr BackendEntry kBackends[] = {{"onednn", make_onednn_program}, {"reference", make_reference_program}};

constexpr std::size_t kPlansKept = 4;

/// OpenMP's thread count is a property of the calling thread: ours for the call, the caller's again afterwards.
class ThreadScope {
 public:
  explicit ThreadScope(int threads) : before_(omp_get_max_threads()) { omp_set_num_threads(threads); }
  ~ThreadScope() { omp_set_num_threads(before_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

/// Floats come in, whatever the network takes: they are rounded to what it wants.
void take_floats(Graph& graph) {
  for (ValueId& id : graph.inputs) {
    const DType type = graph.values.at(id).type;
    if (type == DType::kFloat32) continue;
    const std::string name = graph.values[id].name;
    const ValueId given = graph.add_value(name);
    graph.values[given].shape = std::exchange(graph.values[id].shape, {});
    const ValueId rounded = graph.add_node("Round", name + ".rounded", {given}, name + ".rounded");
    Node cast;
    cast.op = "Cast";
    cast.name = name + ".cast";
    cast.inputs = {rounded};
    cast.outputs = {id};
    cast.attributes["to"] = cast_number(type);
    graph.nodes.push_back(std::move(cast));
    id = given;
  }
}

}  // namespace

struct Session::State {
  struct Cached {
    std::vector<Shape> shapes;
    std::unique_ptr<Plan> plan;
  };
  std::shared_ptr<Program> program;
  std::shared_ptr<const OpenTail> tail;  // what follows the program; none where that is all
  std::vector<Tensor> handed_on;         // what it is given
  std::vector<std::string> input_names;
  std::vector<Shape> input_shapes;  // as the graph declares them
  int threads = 1;
  std::vector<Cached> plans;  // most recently used last

  Status check(std::span<const Shape> shapes) const {
    if (shapes.size() != input_shapes.size()) {
      return invalid_argument("the network has " + counted(input_shapes.size(), "input") + ", " +
                              std::to_string(shapes.size()) + " were given");
    }
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const Shape& want = input_shapes[i];
      bool fits = want.size() == shapes[i].size();
      for (std::size_t d = 0; fits && d < want.size(); ++d) {
        fits = shapes[i][d] > 0 && (want[d] < 0 || want[d] == shapes[i][d]);
      }
      if (!fits) {
        return invalid_argument("input \"" + input_names[i] + "\" is " + to_string(shapes[i]) + ", the network wants " +
                                to_string(want));
      }
    }
    return {};
  }

  Result<Plan*> find_plan(std::span<const Shape> shapes) {
    const auto found = std::find_if(plans.begin(), plans.end(), [&](const Cached& cached) {
      return std::equal(cached.shapes.begin(), cached.shapes.end(), shapes.begin(), shapes.end());
    });
    if (found != plans.end()) {
      std::rotate(found, found + 1, plans.end());
      return plans.back().plan.get();
    }
    POISE_RETURN_IF_ERROR(check(shapes));
    if (plans.size() == kPlansKept) plans.erase(plans.begin());
    std::uint64_t taken = 0;
    for (const Cached& cached : plans) taken += cached.plan->bytes();
    auto plan = program->plan(shapes, taken);
    if (!plan.ok() && plan.error().code == ErrorCode::kTooLarge && !plans.empty()) {
      plans.clear();
      plan = program->plan(shapes, 0);
    }
    if (!plan.ok()) return plan.error();
    plans.push_back({std::vector<Shape>(shapes.begin(), shapes.end()), std::move(*plan)});
    return plans.back().plan.get();
  }

  Status run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs, std::vector<LayerTime>* times) {
    const ThreadScope scope(threads);
    if (tail == nullptr) return run_program(inputs, outputs, times);
    POISE_RETURN_IF_ERROR(run_program(inputs, handed_on, times));
    return tail->run(handed_on, outputs, times);
  }

  Status run_program(std::span<const TensorView> inputs, std::vector<Tensor>& outputs, std::vector<LayerTime>* times) {
    std::vector<Shape> shapes;
    shapes.reserve(inputs.size());
    for (const TensorView& input : inputs) shapes.push_back(input.shape);
    POISE_TRY(Plan * plan, find_plan(shapes));
    const std::vector<OutputInfo>& wanted = plan->outputs();
    outputs.resize(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto& [shape, type] = wanted[i];
      const Tensor& given = outputs[i];
      if (given.shape() != shape || given.type() != type || given.data() == nullptr) outputs[i] = Tensor(shape, type);
    }
    return plan->run(inputs, outputs, times);
  }
};

Result<Session> Session::create(Graph graph, const SessionOptions& options) {
  POISE_RETURN_IF_ERROR(graph.validate());
  take_floats(graph);
  POISE_RETURN_IF_ERROR(graph.validate());
  auto state = std::make_unique<State>();
  if (options.threads < 0 || options.threads > 1024) {
    return invalid_argument("threads must be 0 (all) to 1024, not " + std::to_string(options.threads));
  }
  state->threads = options.threads > 0 ? options.threads : omp_get_num_procs();
  for (const ValueId id : graph.inputs) {
    const Value& value = graph.values.at(id);
    state->input_names.push_back(value.name);
    state->input_shapes.push_back(value.shape);
  }
  POISE_TRY(std::optional<OpenCut> cut, cut_open_part(graph));
  if (cut) {
    graph = std::move(cut->head);
    state->tail = std::make_shared<const OpenTail>(std::move(cut->tail), memory_limit(options.max_memory));
  }
  std::string known;
  for (const BackendEntry& entry : kBackends) {
    known += std::string(known.empty() ? "" : ", ") + entry.name;
    if (options.backend != entry.name) continue;
    const ThreadScope scope(state->threads);
    POISE_TRY(std::unique_ptr<Program> program, entry.make(std::move(graph), options));
    state->program = std::move(program);
    return Session(std::move(state));
  }
  return not_found("there is no backend \"" + options.backend + "\"; there are " + known);
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Status Session::run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs) {
  return state_->run(inputs, outputs, nullptr);
}

Result<PlanInfo> Session::plan(std::span<const Shape> input_shapes) {
  const ThreadScope scope(state_->threads);
  POISE_TRY(Plan * plan, state_->find_plan(input_shapes));
  return plan->info();
}

Result<std::vector<LayerTime>> Session::profile(std::span<const TensorView> inputs) {
  std::vector<LayerTime> times;
  std::vector<Tensor> outputs;
  POISE_RETURN_IF_ERROR(state_->run(inputs, outputs, &times));
  return times;
}

Result<std::vector<LayerChoice>> Session::tune(std::span<const Shape> input_shapes) {
  const ThreadScope scope(state_->threads);
  POISE_RETURN_IF_ERROR(state_->check(input_shapes));
  POISE_TRY(std::vector<LayerChoice> choices, state_->program->tune(input_shapes));
  state_->plans.clear();
  return choices;
}

int Session::threads() const { return state_->threads; }

Session Session::sibling(int threads) const {
  POISE_CHECK(threads >= 0);
  auto state = std::make_unique<State>();
  state->program = state_->program;
  state->tail = state_->tail;
  state->input_names = state_->input_names;
  state->input_shapes = state_->input_shapes;
  state->threads = threads > 0 ? threads : state_->threads;
  return Session(std::move(state));
}

std::uint64_t bytes_of(const std::vector<OutputInfo>& outputs) {
  std::uint64_t bytes = 0;
  for (const OutputInfo& output : outputs) {
    bytes += static_cast<std::uint64_t>(element_count(output.shape).value()) * size_of(output.type);
  }
  return bytes;
}

bool holds_integers(const Graph& graph) {
  Graph noted = graph;  // shares the tensors
  note_weight_scales(noted);
  return has_integer_layers(noted);
}

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const BackendEntry& entry : kBackends) names.emplace_back(entry.name);
  return names;
}

}  // namespace poise
