#include "poise/models/network_facts.h"

#include <utility>

#include "poise/card/model_card.h"
#include "poise/engine/session.h"

namespace poise {
namespace {

/// Free extents: one picture, and the size that is given.
Result<Shape> concrete(const Shape& shape, Size input) {
  Shape fixed = shape;
  if (!fixed.empty() && fixed[0] < 0) fixed[0] = 1;
  if (fixed.size() == 4 && (fixed[2] < 0 || fixed[3] < 0)) {
    if (input.width < 1 || input.height < 1) {
      return invalid_argument("the network leaves its input size open: name one, as in option \"input\" 192x256");
    }
    fixed[2] = input.height;
    fixed[3] = input.width;
  }
  for (const std::int64_t extent : fixed) {
    if (extent < 0)
      return unsupported("the network's input " + to_string(shape) + " is open in more than batch and size");
  }
  return fixed;
}

Status plan_memory(Graph graph, const std::vector<Shape>& shapes, NetworkFacts& facts) {
  POISE_TRY(Session session, Session::create(std::move(graph)));
  POISE_TRY(const PlanInfo plan, session.plan(shapes));
  facts.weight_bytes = static_cast<std::int64_t>(plan.weight_bytes);
  facts.arena_bytes = static_cast<std::int64_t>(plan.arena_bytes);
  facts.arena_ideal = static_cast<std::int64_t>(plan.ideal_bytes);
  return {};
}

Status describe(Graph graph, Size input, NetworkFacts& facts) {
  std::vector<Shape> shapes;
  for (const ValueId id : graph.inputs) {
    const ::poise::Value& value = graph.values.at(id);
    POISE_TRY(Shape shape, concrete(value.shape, input));
    shapes.push_back(std::move(shape));
    facts.inputs.push_back({value.name, value.shape});
  }
  POISE_TRY(const std::vector<ValueInfo> infos, infer_shapes(graph, shapes));
  for (const ValueId id : graph.outputs) facts.outputs.push_back({graph.values.at(id).name, infos.at(id).shape});
  for (const Node& node : graph.nodes) ++facts.operators[node.op];
  facts.parameters = graph.parameter_count();
  facts.multiply_adds = multiply_adds(graph, infos);
  return plan_memory(std::move(graph), shapes, facts);
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

Result<NetworkFacts> network_facts(OpenModel model, Size input) {
  NetworkFacts facts;
  facts.file = model.path.empty() ? model.name : model.path.string();
  facts.hash = model.onnx.hash;
  facts.producer = model.onnx.producer;
  facts.opset = model.onnx.opset;
  POISE_TRY(facts.card, gather_card(model.path, model.onnx.metadata, {}));
  const Status described = describe(std::move(model.onnx.graph), input, facts);
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
