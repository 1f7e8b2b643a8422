#include "poise/card/picture_input.h"

#include <algorithm>
#include <vector>

#include "poise/card/card_common.h"
#include "poise/graph/ops/cast_number.h"

namespace poise {
namespace {

constexpr std::int64_t kPlanes = 3;

bool is_whole_numbers(DType type) {
  return type == DType::kUint8 || type == DType::kInt8 || type == DType::kInt32 || type == DType::kInt64;
}

}  // namespace

void read_planes(Graph& graph) {
  if (graph.inputs.size() != 1) return;
  const ValueId own = graph.inputs[0];
  const Value input = graph.values.at(own);
  const Shape& shape = input.shape;
  const bool last = shape.size() == 4 && shape[1] != kPlanes && shape[3] == kPlanes;
  const bool whole = is_whole_numbers(input.type);
  if (!last && !whole) return;
  const Shape planes = last ? Shape{shape[0], kPlanes, shape[1], shape[2]} : shape;
  ValueId value = graph.add_input(input.name + "/planes", planes);
  graph.inputs = {value};
  // The file's own input becomes what these nodes give.
  graph.values.at(own).shape.clear();
  graph.values.at(own).type = DType::kFloat32;
  std::vector<std::string> steps;
  if (whole) steps.emplace_back("Cast");
  if (last) steps.emplace_back("Transpose");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool final = i + 1 == steps.size();
    Node node;
    node.op = steps[i];
    node.name = input.name + "/" + steps[i];
    node.inputs = {value};
    value = final ? own : graph.add_value(input.name + "/" + steps[i] + "_output");
    node.outputs = {value};
    if (steps[i] == "Cast") node.attributes["to"] = cast_number(input.type);
    if (steps[i] == "Transpose") node.attributes["perm"] = std::vector<std::int64_t>{0, 2, 3, 1};
    graph.nodes.insert(graph.nodes.begin() + static_cast<std::ptrdiff_t>(i), std::move(node));
  }
}

Result<Size> picture_input(const Graph& graph, const std::string& what) {
  if (graph.inputs.size() != 1) {
    return unsupported("the network has " + std::to_string(graph.inputs.size()) + " inputs; " + what + " has one");
  }
  const Shape& shape = graph.values.at(graph.inputs[0]).shape;
  if (shape.size() != 4 || (shape[1] > 0 && shape[1] != kPlanes)) {
    return unsupported("the network's input is " + to_string(shape) + "; " + what + " reads (N, 3, H, W)");
  }
  if (shape[2] < 0 || shape[3] < 0) return Size{};
  if (std::max(shape[2], shape[3]) > kLargestInputSide) {
    return unsupported("the network's input is " + to_string(shape) + "; " + what + " has sides of at most " +
                       std::to_string(kLargestInputSide));
  }
  return Size{static_cast<int>(shape[3]), static_cast<int>(shape[2])};
}

}  // namespace poise
