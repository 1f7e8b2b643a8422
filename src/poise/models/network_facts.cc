#include "poise/models/network_facts.h"

#include <algorithm>
#include <set>
#include <utility>

#include "poise/base/memory.h"
#include "poise/card/model_card.h"
#include "poise/card/picture_input.h"
#include "poise/card/pose_card.h"
#include "poise/engine/session.h"
#include "poise/graph/known.h"
#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

/// Free extents: one picture, and the size that is given.
Result<Shape> concrete(const Shape& shape, Size input) {
  Shape fixed = shape;
  if (!fixed.empty() && fixed[0] < 0) fixed[0] = 1;
  // (N, C, H, W), or (N, H, W, C) as TensorFlow's files have it.
  const std::size_t height = fixed.size() == 4 && fixed[1] < 0 && fixed[3] > 0 ? 1 : 2;
  if (fixed.size() == 4 && (fixed[height] < 0 || fixed[height + 1] < 0)) {
    if (input.width < 1 || input.height < 1) {
      return invalid_argument("the network leaves its input size open: name one, as in option \"input\" 192x256");
    }
    fixed[height] = input.height;
    fixed[height + 1] = input.width;
  }
  for (const std::int64_t extent : fixed) {
    if (extent < 0)
      return unsupported("the network's input " + to_string(shape) + " is open in more than batch and size");
  }
  return fixed;
}

/// Without making the constants that follow from others: what each value takes, and when.
Status add_up_memory(const Graph& graph, const std::vector<ValueInfo>& infos, std::uint64_t max_memory,
                     NetworkFacts& facts) {
  const std::uint64_t constants = constant_bytes(graph) + folded_bytes(graph);
  std::vector<std::size_t> last_use(graph.values.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].inputs) {
      if (id != kNoValue) last_use[id] = n;
    }
  }
  for (const ValueId id : graph.outputs) last_use[id] = graph.nodes.size();
  for (const ValueId id : graph.inputs) last_use[id] = graph.nodes.size();  // the caller's
  std::vector<char> constant(graph.values.size(), 0);                       // or to become one
  for (std::size_t id = 0; id < graph.values.size(); ++id) constant[id] = graph.values[id].constant != nullptr ? 1 : 0;
  std::uint64_t alive = 0;
  std::uint64_t most = 0;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const bool folds = std::all_of(node.inputs.begin(), node.inputs.end(),
                                   [&constant](ValueId id) { return id == kNoValue || constant[id] != 0; });
    if (folds) {
      for (const ValueId id : node.outputs) constant[id] = 1;
      continue;
    }
    for (const ValueId id : node.outputs) alive += bytes_of(infos.at(id));
    most = std::max(most, alive);
    std::set<ValueId> ended(node.outputs.begin(), node.outputs.end());
    ended.insert(node.inputs.begin(), node.inputs.end());
    for (const ValueId id : ended) {
      if (id != kNoValue && constant[id] == 0 && last_use[id] <= n) alive -= bytes_of(infos.at(id));
    }
  }
  if (constants + most > max_memory) return over_memory("the network takes", constants + most, max_memory);
  facts.weight_bytes = static_cast<std::int64_t>(constants);
  facts.arena_bytes = static_cast<std::int64_t>(most);
  facts.arena_ideal = facts.arena_bytes;
  return {};
}

Status plan_memory(Graph graph, const std::vector<Shape>& shapes, std::uint64_t max_memory, NetworkFacts& facts) {
  POISE_TRY(Session session, Session::create(std::move(graph), {.max_memory = max_memory}));
  POISE_TRY(const PlanInfo plan, session.plan(shapes));
  facts.weight_bytes = static_cast<std::int64_t>(plan.weight_bytes);
  facts.arena_bytes = static_cast<std::int64_t>(plan.arena_bytes);
  facts.arena_ideal = static_cast<std::int64_t>(plan.ideal_bytes);
  return {};
}

Status describe(Graph graph, const FactsOptions& options, NetworkFacts& facts) {
  std::vector<Shape> shapes;
  for (const ValueId id : graph.inputs) {
    const ::poise::Value& value = graph.values.at(id);
    POISE_TRY(Shape shape, concrete(value.shape, options.input));
    shapes.push_back(std::move(shape));
    facts.inputs.push_back({value.name, value.shape});
  }
  POISE_TRY(const std::vector<ValueInfo> infos, infer_shapes(graph, shapes));
  for (const ValueId id : graph.outputs) facts.outputs.push_back({graph.values.at(id).name, infos.at(id).shape});
  for (const Node& node : graph.nodes) ++facts.operators[node.op];
  facts.parameters = graph.parameter_count();
  facts.multiply_adds = multiply_adds(graph, infos);
  const std::uint64_t max_memory = memory_limit(options.max_memory);
  constexpr std::uint64_t kMuch = std::uint64_t{64} << 20U;  // and four times what is there: int8 becomes float32
  if (folded_bytes(graph) > 4 * constant_bytes(graph) + kMuch) return add_up_memory(graph, infos, max_memory, facts);
  return plan_memory(std::move(graph), shapes, max_memory, facts);
}

Json to_json(const std::vector<NetworkFacts::Value>& values) {
  Json list = Json::array();
  for (const NetworkFacts::Value& value : values) {
    Json json = Json::object();
    json.set("name", value.name);
    json.set("shape", to_string(value.shape));
    list.push(std::move(json));
  }
  return list;
}

}  // namespace

Result<NetworkFacts> network_facts(OpenModel model, const FactsOptions& options) {
  NetworkFacts facts;
  facts.file = model.path.empty() ? model.name : model.path.string();
  facts.hash = model.onnx.hash;
  facts.producer = model.onnx.producer;
  facts.opset = model.onnx.opset;
  POISE_TRY(facts.card, gather_card(model.path, model.onnx.metadata, {}));
  if (facts.card.as_object().empty()) {
    Graph planes = model.onnx.graph;
    read_planes(planes);
    const auto told = gather_pose_card(model.path, model.onnx.metadata, planes, {});
    if (told.ok()) facts.card = *told;
  }
  const Status described = describe(std::move(model.onnx.graph), options, facts);
  if (!described.ok()) return described.error().prefixed(facts.file);
  return facts;
}

Json to_json(const NetworkFacts& facts) {
  Json json = Json::object();
  json.set("file", facts.file);
  json.set("sha256", facts.hash);
  json.set("producer", facts.producer);
  json.set("opset", facts.opset);
  json.set("inputs", to_json(facts.inputs));
  json.set("outputs", to_json(facts.outputs));
  Json operators = Json::object();
  for (const auto& [op, count] : facts.operators) operators.set(op, count);
  json.set("operators", std::move(operators));
  json.set("parameters", facts.parameters);
  json.set("multiply_adds", facts.multiply_adds);
  json.set("card", facts.card);
  Json memory = Json::object();
  memory.set("weights", facts.weight_bytes);
  memory.set("arena", facts.arena_bytes);
  memory.set("arena_ideal", facts.arena_ideal);
  json.set("memory_bytes", std::move(memory));
  return json;
}

}  // namespace poise
