#include <cstdio>
#include <map>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "model_store.h"
#include "poise/base/json.h"
#include "poise/card/model_card.h"
#include "poise/engine/session.h"
#include "poise/weights/network_file.h"

namespace poise::app {
namespace {

struct Options {
  std::string model, input;
  bool json = false;
};

Json value_json(const Graph& graph, ValueId id, const Shape& shape) {
  Json json = Json::object();
  json.set("name", graph.values.at(id).name);
  json.set("shape", to_string(shape));
  return json;
}

/// Free extents: one picture, and the size the user named.
Result<Shape> concrete(const Shape& shape, const std::string& input) {
  Shape fixed = shape;
  if (!fixed.empty() && fixed[0] < 0) fixed[0] = 1;
  int width = 0;
  int height = 0;
  if (fixed.size() == 4 && (fixed[2] < 0 || fixed[3] < 0)) {
    if (std::sscanf(input.c_str(), "%dx%d", &width, &height) != 2 || width < 1 || height < 1) {
      return invalid_argument("the network leaves its input size open: name one, as in --input 192x256");
    }
    fixed[2] = height;
    fixed[3] = width;
  }
  for (const std::int64_t extent : fixed) {
    if (extent < 0)
      return unsupported("the network's input " + to_string(shape) + " is open in more than batch and size");
  }
  return fixed;
}

Result<Json> describe(const Options& o) {
  POISE_TRY(OpenModel opened, open_model(o.model));
  NetworkFile& model = opened.onnx;
  const Graph& graph = model.graph;
  Json json = Json::object();
  json.set("file", opened.path.empty() ? opened.name : opened.path.string());
  json.set("sha256", model.hash);
  json.set("producer", model.producer);
  json.set("opset", model.opset);
  std::vector<Shape> shapes;
  for (const ValueId id : graph.inputs) {
    auto shape = concrete(graph.values.at(id).shape, o.input);
    if (!shape.ok()) return shape.error().prefixed(o.model);
    shapes.push_back(std::move(*shape));
  }
  auto infos = infer_shapes(graph, shapes);
  if (!infos.ok()) return infos.error().prefixed(o.model);
  Json inputs = Json::array();
  for (const ValueId id : graph.inputs) inputs.push(value_json(graph, id, graph.values.at(id).shape));
  json.set("inputs", std::move(inputs));
  Json outputs = Json::array();
  for (const ValueId id : graph.outputs) outputs.push(value_json(graph, id, (*infos)[id].shape));
  json.set("outputs", std::move(outputs));
  std::map<std::string, int> counts;
  for (const Node& node : graph.nodes) ++counts[node.op];
  Json operators = Json::object();
  for (const auto& [op, count] : counts) operators.set(op, count);
  json.set("operators", std::move(operators));
  json.set("parameters", graph.parameter_count());
  json.set("multiply_adds", multiply_adds(graph, *infos));
  POISE_TRY(const Json card, gather_card(opened.path, model.metadata, {}));
  json.set("card", card);
  auto session = Session::create(std::move(model.graph));
  if (!session.ok()) return session.error().prefixed(o.model);
  auto plan = session->plan(shapes);
  if (!plan.ok()) return plan.error().prefixed(o.model);
  Json memory = Json::object();
  memory.set("weights", static_cast<std::int64_t>(plan->weight_bytes));
  memory.set("arena", static_cast<std::int64_t>(plan->arena_bytes));
  memory.set("arena_ideal", static_cast<std::int64_t>(plan->ideal_bytes));
  json.set("memory_bytes", std::move(memory));
  return json;
}

void print(const Json& json) {
  const auto text = [&](const char* name) { return json.string(name).value(); };
  const auto integer = [](const Json& from, const char* name) {
    return static_cast<double>(from.integer(name).value());
  };
  std::printf("%s\n  sha256      %s\n  producer    %s, opset %d\n", text("file").c_str(), text("sha256").c_str(),
              text("producer").c_str(), static_cast<int>(integer(json, "opset")));
  for (const char* kind : {"inputs", "outputs"}) {
    for (const Json& value : json.find(kind)->as_array()) {
      std::printf("  %-11s %s %s\n", kind, value.string("name").value().c_str(), value.string("shape").value().c_str());
    }
  }
  std::printf("  operators  ");
  for (const auto& [op, count] : json.find("operators")->as_object()) {
    std::printf(" %s:%lld", op.c_str(), static_cast<long long>(count.as_integer()));
  }
  std::printf("\n  parameters  %lld\n", static_cast<long long>(integer(json, "parameters")));
  std::printf("  work        %.3f G multiply-adds a picture\n", integer(json, "multiply_adds") * 1e-9);
  const Json& memory = *json.find("memory_bytes");
  constexpr double kMegabyte = 1e6;
  std::printf("  memory      %.1f MB weights, %.1f MB arena (%.1f MB at least)\n",
              integer(memory, "weights") / kMegabyte, integer(memory, "arena") / kMegabyte,
              integer(memory, "arena_ideal") / kMegabyte);
  const Json& card = *json.find("card");
  if (card.as_object().empty()) {
    std::printf("  card        none: give --preset or a card beside the file (docs/model-cards.md)\n");
  } else {
    std::printf("  card        %s\n", card.dump(1).c_str());
  }
}

}  // namespace

Action make_info(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("model", o->model, "an ONNX file, or a stored model's name")->required()->type_name("FILE");
  command.add_option("--input", o->input, "input size where the network leaves it open")->type_name("WxH");
  command.add_flag("--json", o->json, "as JSON");
  command.footer("Examples:\n  poise info pose.onnx\n  poise info pose.onnx --json");
  return [o] {
    const Result<Json> json = describe(*o);
    if (!json.ok()) {
      Console(false).error(json.error().message);
      return 1;
    }
    if (o->json) {
      std::printf("%s\n", json->dump(1).c_str());
    } else {
      print(*json);
    }
    return 0;
  };
}

}  // namespace poise::app
