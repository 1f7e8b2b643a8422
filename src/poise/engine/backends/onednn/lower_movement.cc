// What only moves values about: oneDNN's reorders and concatenation, in blocks of channels where they stay whole.

#include <algorithm>

#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/ops/rules.h"

namespace poise::onednn {
namespace {

/// Whether cutting the axis at these extents leaves blocks of channels whole.
bool keeps_blocks(const Builder& builder, const Shape& shape, std::size_t axis, std::span<const std::int64_t> cuts) {
  if (shape.size() != 4) return false;
  return axis != 1 || std::all_of(cuts.begin(), cuts.end(), [&](std::int64_t at) { return at % builder.block == 0; });
}

bool lower_concat(Builder& builder, const Node& node) {
  const Shape& out = builder.shape(node.outputs[0]);
  const auto axis = resolve_axis(node.integer("axis", 0), out.size());
  if (!axis.ok() || node.inputs.size() > 64) return false;
  std::vector<std::int64_t> cuts;
  for (const ValueId id : node.inputs) {
    if (builder.graph.constant(id) != nullptr && builder.type(id) != DType::kFloat32) return false;
    cuts.push_back(builder.shape(id)[*axis]);
  }
  cuts.pop_back();  // the last one may end within a block
  const bool blocked = keeps_blocks(builder, out, *axis, cuts);
  const auto layout = [&](const Shape& shape) { return blocked ? builder.blocked(shape) : Builder::plain(shape); };
  std::vector<Desc> descs;
  for (const ValueId id : node.inputs) descs.push_back(layout(builder.shape(id)));
  const dnnl::concat::primitive_desc planned(layout(out), static_cast<int>(*axis), descs, builder.engine,
                                             user_scratchpad());
  std::unordered_map<int, dnnl::memory> arguments;
  for (std::size_t i = 0; i < descs.size(); ++i) {
    arguments.emplace(DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), builder.read(node.inputs[i], descs[i]));
  }
  arguments.emplace(DNNL_ARG_DST, builder.write(node.outputs[0], layout(out)));
  builder.add_primitive(node, "", planned, std::move(arguments), 0);
  return true;
}

/// Copies the part of the input that starts at `offsets` into the output.
void add_cut(Builder& builder, const Node& node, ValueId output, const Shape& offsets, bool blocked) {
  const Shape& in = builder.shape(node.inputs[0]);
  const Shape& out = builder.shape(output);
  const Desc whole = blocked ? builder.blocked(in) : Builder::plain(in);
  const dnnl::memory from = builder.read(node.inputs[0], whole);
  // A view into memory whose address comes later: bound like the whole, described as the part.
  const dnnl::memory part = builder.view(from, whole.submemory_desc(out, offsets));
  builder.add_reorder(node, part, builder.write(output, blocked ? builder.blocked(out) : Builder::plain(out)));
}

bool lower_split(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  const auto axis = resolve_axis(node.integer("axis", 0), in.size());
  if (!axis.ok() || builder.graph.constant(node.inputs[0]) != nullptr) return false;
  std::vector<std::int64_t> cuts;
  std::int64_t at = 0;
  for (const ValueId id : node.outputs) {
    cuts.push_back(at);
    at += builder.shape(id)[*axis];
  }
  const bool blocked = keeps_blocks(builder, in, *axis, cuts);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    Shape offsets(in.size(), 0);
    offsets[*axis] = cuts[i];
    add_cut(builder, node, node.outputs[i], offsets, blocked);
  }
  return true;
}

/// Steps of one only.
bool lower_slice(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  const Shape& out = builder.shape(node.outputs[0]);
  if (builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const auto list = [&](std::size_t i) -> std::vector<std::int64_t> {
    if (!has_input(node, i)) return {};
    const auto& tensor = builder.info(node.inputs[i]).constant;
    if (tensor == nullptr || tensor->type() != DType::kInt64) return {};
    return {tensor->ints().begin(), tensor->ints().end()};
  };
  const std::vector<std::int64_t> starts = list(1);
  std::vector<std::int64_t> axes = list(3);
  const std::vector<std::int64_t> steps = list(4);
  if (starts.empty() || (has_input(node, 3) && axes.empty()) || (has_input(node, 4) && steps.empty())) return false;
  for (std::size_t i = 0; axes.size() < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (std::any_of(steps.begin(), steps.end(), [](std::int64_t step) { return step != 1; })) return false;
  Shape offsets(in.size(), 0);
  bool blocked = in.size() == 4;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto axis = resolve_axis(axes[i], in.size());
    if (!axis.ok()) return false;
    const std::int64_t extent = in[*axis];
    const std::int64_t start = std::clamp<std::int64_t>(starts[i] < 0 ? starts[i] + extent : starts[i], 0, extent - 1);
    offsets[*axis] = start;
    // The part must start on a block, and end on one unless it ends with the input.
    const bool whole_end = start + out[*axis] == extent || out[*axis] % builder.block == 0;
    if (*axis == 1 && (start % builder.block != 0 || !whole_end)) blocked = false;
  }
  add_cut(builder, node, node.outputs[0], offsets, blocked);
  return true;
}

bool lower_transpose(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  const Shape& out = builder.shape(node.outputs[0]);
  if (in.empty() || builder.graph.constant(node.inputs[0]) != nullptr) return false;
  std::vector<std::int64_t> order = node.integers("perm");
  if (order.empty()) {
    for (std::size_t i = in.size(); i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
  }
  Shape steps(in.size(), 1);
  for (std::size_t i = in.size() - 1; i > 0; --i) steps[i - 1] = steps[i] * in[i];
  Shape permuted;
  for (const std::int64_t axis : order) permuted.push_back(steps[static_cast<std::size_t>(axis)]);
  const dnnl::memory from = builder.read(node.inputs[0], Builder::plain(in));
  const dnnl::memory seen = builder.view(from, Desc(out, dnnl::memory::data_type::f32, permuted));
  builder.add_reorder(node, seen, builder.write(node.outputs[0], Builder::plain(out)));
  return true;
}

/// The same row-major elements under another shape.
bool lower_reshape(Builder& builder, const Node& node) {
  if (builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const Shape flat{element_count(builder.shape(node.inputs[0])).value()};
  const dnnl::memory from = builder.read(node.inputs[0], Builder::plain(builder.shape(node.inputs[0])));
  const dnnl::memory to = builder.write(node.outputs[0], Builder::plain(builder.shape(node.outputs[0])));
  builder.add_reorder(node, builder.view(from, Builder::plain(flat)), builder.view(to, Builder::plain(flat)));
  return true;
}

bool lower_softmax(Builder& builder, const Node& node) {
  const Shape& shape = builder.shape(node.inputs[0]);
  const auto axis = resolve_axis(node.integer("axis", -1), shape.size());
  if (!axis.ok() || builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const Desc layout = Builder::plain(shape);
  const dnnl::softmax_forward::desc desc(kInference, layout, static_cast<int>(*axis));
  const dnnl::softmax_forward::primitive_desc planned(desc, user_scratchpad(), builder.engine, true);
  if (!is_fast(planned)) return false;
  const dnnl::memory from = builder.read(node.inputs[0], layout);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  builder.add_primitive(node, "", planned, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}}, 0);
  return true;
}

}  // namespace

Result<bool> lower_movement(Builder& builder, const Node& node) {
  if (node.op == "Concat") return lower_concat(builder, node);
  if (node.op == "Split") return lower_split(builder, node);
  if (node.op == "Slice") return lower_slice(builder, node);
  if (node.op == "Transpose") return lower_transpose(builder, node);
  if (node.op == "Softmax") return lower_softmax(builder, node);
  if (node.op == "Reshape" || node.op == "Flatten" || node.op == "Squeeze" || node.op == "Unsqueeze") {
    return lower_reshape(builder, node);
  }
  return false;
}

}  // namespace poise::onednn
