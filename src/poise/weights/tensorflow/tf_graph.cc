#include <algorithm>
#include <set>

#include "poise/base/printable.h"
#include "poise/weights/tensorflow/tf_operators.h"

namespace poise {
namespace {

const TfOperator* find_tf_operator(std::string_view op) {
  for (const auto& list : {tf_layers(), tf_arithmetic(), tf_movement(), tf_shapes()}) {
    const auto found = std::ranges::find(list, op, &TfOperator::name);
    if (found != list.end()) return &*found;
  }
  return nullptr;
}

Status translate(TfBuilder& builder, const TfNode& node) {
  const TfOperator& op = *find_tf_operator(node.op);
  const int first = node.inputs.empty() ? kNoValue : node.inputs[0];
  const bool is_renamed = node.op == "Identity" || node.op == "Dequantize" || node.op == "Densify";
  if (is_renamed && first != kNoValue && builder.is_constant(first) && node.outputs.size() == 1) {
    builder.alias(node.outputs[0], first);
    return {};
  }
  POISE_TRY(const std::vector<Laid> made, op.translate(builder, node));
  if (made.size() < node.outputs.size()) return malformed("it has more outputs than it gives");
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    const bool is_rounded =
        op.moves && first != kNoValue && builder.value(first).grid == builder.value(node.outputs[i]).grid;
    POISE_RETURN_IF_ERROR(is_rounded ? builder.place(node.outputs[i], made[i]) : builder.set(node.outputs[i], made[i]));
  }
  return {};
}

}  // namespace

Status check_tf_operators(const TfNetwork& network) {
  constexpr std::size_t kMostNamed = 10;
  std::set<std::string> unknown;
  for (const TfNode& node : network.nodes) {
    if (find_tf_operator(node.op) == nullptr) unknown.insert(printable(node.op));
  }
  if (unknown.empty()) return {};
  std::string list;
  std::size_t named = 0;
  for (const std::string& op : unknown) {
    if (++named > kMostNamed) break;
    list += (list.empty() ? "" : ", ") + op;
  }
  if (unknown.size() > kMostNamed) list += ", and " + std::to_string(unknown.size() - kMostNamed) + " more";
  return unsupported("it has operators that are not supported: " + list);
}

Status expect_inputs(const TfNode& node, std::size_t least, std::size_t most) {
  if (node.inputs.size() >= least && node.inputs.size() <= most &&
      std::all_of(node.inputs.begin(), node.inputs.begin() + static_cast<std::ptrdiff_t>(least),
                  [](int input) { return input != kNoValue; })) {
    return {};
  }
  return malformed("it has " + std::to_string(node.inputs.size()) + " inputs, which are not what it takes");
}

Result<std::int64_t> axis_of(std::int64_t axis, std::size_t rank) {
  const auto axes = static_cast<std::int64_t>(rank);
  if (axis < -axes || axis >= axes) {
    return malformed("the axis " + std::to_string(axis) + " is none of " + std::to_string(axes));
  }
  return axis < 0 ? axis + axes : axis;
}

Result<Graph> graph_of(TfNetwork network, ReadingBudget& budget) {
  POISE_RETURN_IF_ERROR(check_tf_operators(network));
  TfBuilder builder(network, budget);
  POISE_RETURN_IF_ERROR(builder.add_inputs());
  for (const TfNode& node : network.nodes) {
    builder.begin(node);
    if (const Status status = translate(builder, node); !status.ok()) {
      return status.error().prefixed(node.op + " " + printable(node.name));
    }
  }
  return builder.finish();
}

}  // namespace poise
