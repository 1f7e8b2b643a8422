// What only moves values about: oneDNN's reorders and concatenation, in blocks of channels where they stay whole.

#include <algorithm>
#include <array>
#include <optional>

#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/ops/rules.h"

namespace poise::onednn {
namespace {

/// Whether cutting the axis at these extents leaves blocks of channels whole.
bool keeps_blocks(const Builder& builder, const Shape& shape, std::size_t axis, std::span<const std::int64_t> cuts) {
  if (shape.size() != 4) return false;
  return axis != 1 || std::all_of(cuts.begin(), cuts.end(), [&](std::int64_t at) { return at % builder.block == 0; });
}

/// Some inputs stand in the output's memory already; the others are copied there.
void finish_joint(Builder& builder, const Node& node, Type type) {
  const ValueId joint = node.outputs[0];
  const dnnl::memory whole = builder.write(joint, builder.blocked(builder.shape(joint), type));
  const std::size_t element = type == Type::f32 ? 4 : 2;
  std::size_t offset = 0;
  for (const ValueId id : node.inputs) {
    const Shape& shape = builder.shape(id);
    const Desc part = builder.blocked(shape, type);
    if (!builder.stands_in(id, joint, offset, part)) {
      const dnnl::memory from = builder.read(id, builder.desc(id));
      builder.add_reorder(node, from, builder.view(whole, part, offset));
    }
    offset += static_cast<std::size_t>(shape[1] * shape[2] * shape[3]) * element;
  }
}

bool lower_concat(Builder& builder, const Node& node) {
  if (const auto type = builder.joint_type(node.outputs[0])) {
    finish_joint(builder, node, *type);
    return true;
  }
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

/// A part of one axis that lies in the input's memory as it would in its own: where the axes before it are 1, and in
/// blocks of channels begins and ends with one.
bool alias_cut(Builder& builder, ValueId output, ValueId input, std::size_t axis, std::int64_t start) {
  const Shape& in = builder.shape(input);
  const Shape& out = builder.shape(output);
  if (!std::all_of(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(axis), [](std::int64_t n) { return n == 1; })) {
    return false;
  }
  const Desc held = builder.desc(input);
  const Type type = type_of(held);
  if ((type != Type::f32 && type != Type::bf16) || builder.held_as_integers(input)) return false;
  std::size_t inner = type == Type::f32 ? 4 : 2;
  for (std::size_t i = axis + 1; i < in.size(); ++i) inner *= static_cast<std::size_t>(in[i]);
  const std::size_t offset = static_cast<std::size_t>(start) * inner;
  if (held == Builder::plain(in, type)) {
    return builder.alias_part(output, input, held, offset, Builder::plain(out, type));
  }
  const bool whole_blocks =
      start % builder.block == 0 && (out[axis] % builder.block == 0 || start + out[axis] == in[axis]);
  if (in.size() != 4 || axis != 1 || !whole_blocks || held != builder.blocked(in, type)) return false;
  return builder.alias_part(output, input, held, offset, builder.blocked(out, type));
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
    if (alias_cut(builder, node.outputs[i], node.inputs[0], *axis, cuts[i])) continue;
    Shape offsets(in.size(), 0);
    offsets[*axis] = cuts[i];
    add_cut(builder, node, node.outputs[i], offsets, blocked);
  }
  return true;
}

struct SliceCut {
  Shape offsets, steps;              // one an axis
  std::vector<std::size_t> changed;  // axes that are cut
};

/// Steps forward only.
std::optional<SliceCut> slice_cut(const Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  const auto list = [&](std::size_t i) -> std::vector<std::int64_t> {
    const auto& tensor = has_input(node, i) ? builder.info(node.inputs[i]).constant : nullptr;
    return tensor == nullptr ? std::vector<std::int64_t>{} : list_of(*tensor);
  };
  const std::vector<std::int64_t> starts = list(1);
  std::vector<std::int64_t> axes = list(3);
  std::vector<std::int64_t> steps = list(4);
  if (starts.empty()) return std::nullopt;
  for (std::size_t i = 0; axes.size() < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  steps.resize(starts.size(), 1);
  SliceCut cut{Shape(in.size(), 0), Shape(in.size(), 1), {}};
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto axis = resolve_axis(axes[i], in.size());
    if (!axis.ok() || steps[i] < 1) return std::nullopt;
    const std::int64_t extent = in[*axis];
    cut.offsets[*axis] = std::clamp<std::int64_t>(starts[i] < 0 ? starts[i] + extent : starts[i], 0, extent - 1);
    cut.steps[*axis] = builder.shape(node.outputs[0])[*axis] == 1 ? 1 : steps[i];
    if (builder.shape(node.outputs[0])[*axis] != extent) cut.changed.push_back(*axis);
  }
  return cut;
}

/// Every n-th element: oneDNN refuses strides that step over parts of a row.
void add_strided_cut(Builder& builder, const Node& node, const SliceCut& cut) {
  const Shape& in = builder.shape(node.inputs[0]);
  const Shape& out = builder.shape(node.outputs[0]);
  Shape steps = Builder::row_steps(in);
  std::int64_t first = 0;
  for (std::size_t axis = 0; axis < in.size(); ++axis) {
    first += cut.offsets[axis] * steps[axis];
    steps[axis] *= cut.steps[axis];
  }
  const dnnl::memory from = builder.read(node.inputs[0], Builder::plain(in));
  const dnnl::memory to = builder.write(node.outputs[0], Builder::plain(out));
  const std::int64_t rows = element_count(out).value() / out.back();
  builder.add_step(node, "strided", 0, [=](dnnl::stream&) {
    const auto* source = static_cast<const float*>(from.get_data_handle()) + first;
    auto* target = static_cast<float*>(to.get_data_handle());
#pragma omp parallel for schedule(static)
    for (std::int64_t row = 0; row < rows; ++row) {
      std::int64_t rest = row;
      std::int64_t offset = 0;
      for (std::size_t axis = out.size() - 1; axis-- > 0; rest /= out[axis]) offset += rest % out[axis] * steps[axis];
      for (std::int64_t i = 0; i < out.back(); ++i) target[row * out.back() + i] = source[offset + i * steps.back()];
    }
  });
}

bool lower_slice(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  const Shape& out = builder.shape(node.outputs[0]);
  if (builder.graph.constant(node.inputs[0]) != nullptr || in.empty()) return false;
  const auto cut = slice_cut(builder, node);
  if (!cut) return false;
  if (std::any_of(cut->steps.begin(), cut->steps.end(), [](std::int64_t step) { return step != 1; })) {
    add_strided_cut(builder, node, *cut);
    return true;
  }
  if (cut->changed.size() == 1 &&
      alias_cut(builder, node.outputs[0], node.inputs[0], cut->changed[0], cut->offsets[cut->changed[0]])) {
    return true;
  }
  bool blocked = in.size() == 4;
  if (blocked) {
    // The part must start on a block, and end on one unless it ends with the input.
    const std::int64_t start = cut->offsets[1];
    const bool whole_end = start + out[1] == in[1] || out[1] % builder.block == 0;
    blocked = start % builder.block == 0 && whole_end;
  }
  add_cut(builder, node, node.outputs[0], cut->offsets, blocked);
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
  const Shape steps = Builder::row_steps(in);
  Shape permuted;
  for (const std::int64_t axis : order) permuted.push_back(steps[static_cast<std::size_t>(axis)]);
  const dnnl::memory from = builder.read(node.inputs[0], Builder::plain(in));
  const dnnl::memory seen = builder.view(from, Desc(out, dnnl::memory::data_type::f32, permuted));
  builder.add_reorder(node, seen, builder.write(node.outputs[0], Builder::plain(out)));
  return true;
}

/// The same row-major elements under another shape: the same memory.
bool lower_reshape(Builder& builder, const Node& node) {
  if (builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const Desc held = Builder::plain(builder.shape(node.inputs[0]));
  builder.read(node.inputs[0], held);  // puts it there where it stands otherwise
  return builder.alias_part(node.outputs[0], node.inputs[0], held, 0, Builder::plain(builder.shape(node.outputs[0])));
}

/// DepthToSpace and SpaceToDepth: six axes of the one in another order.
bool lower_depth(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  if (builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const std::int64_t b = node.integer("blocksize", 1);
  const bool to_space = node.op == "DepthToSpace";
  const bool depth_last = to_space && node.text("mode", "DCR") == "DCR";
  const std::int64_t depth = to_space ? in[1] / (b * b) : in[1];
  Shape seen{in[0], depth, in[2] / b, b, in[3] / b, b};
  std::array<std::size_t, 6> order{0, 3, 5, 1, 2, 4};
  if (to_space) {
    seen = depth_last ? Shape{in[0], b, b, depth, in[2], in[3]} : Shape{in[0], depth, b, b, in[2], in[3]};
    order = depth_last ? std::array<std::size_t, 6>{0, 3, 4, 1, 5, 2} : std::array<std::size_t, 6>{0, 1, 4, 2, 5, 3};
  }
  const Shape steps = Builder::row_steps(seen);
  Shape shape;
  Shape strides;
  for (const std::size_t axis : order) {
    shape.push_back(seen[axis]);
    strides.push_back(steps[axis]);
  }
  const dnnl::memory from = builder.read(node.inputs[0], Builder::plain(in));
  const dnnl::memory to = builder.write(node.outputs[0], Builder::plain(builder.shape(node.outputs[0])));
  builder.add_reorder(node, builder.view(from, Desc(shape, Type::f32, strides)),
                      builder.view(to, Builder::plain(shape)));
  return true;
}

}  // namespace

/// One constant index: the axis goes, or is 1.
bool lower_gather(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  const Shape& out = builder.shape(node.outputs[0]);
  const Tensor* indices = builder.info(node.inputs[1]).constant.get();
  const auto axis = resolve_axis(node.integer("axis", 0), in.size());
  if (indices == nullptr || indices->count() != 1 || indices->rank() > 1 || !axis.ok()) return false;
  if (builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const std::int64_t given = list_of(*indices)[0];
  const std::int64_t index = given < 0 ? given + in[*axis] : given;
  Shape strides = Builder::row_steps(in);
  const std::size_t offset = static_cast<std::size_t>(index * strides[*axis]) * sizeof(float);
  const Desc held = Builder::plain(in);
  const dnnl::memory from = builder.read(node.inputs[0], held);
  const auto before = in.begin() + static_cast<std::ptrdiff_t>(*axis);
  if (std::all_of(in.begin(), before, [](std::int64_t n) { return n == 1; })) {
    return builder.alias_part(node.outputs[0], node.inputs[0], held, offset, Builder::plain(out));
  }
  if (indices->rank() == 0) strides.erase(strides.begin() + static_cast<std::ptrdiff_t>(*axis));
  const dnnl::memory seen = builder.view(from, Desc(out, Type::f32, strides), offset);
  builder.add_reorder(node, seen, builder.write(node.outputs[0], Builder::plain(out)));
  return true;
}

Result<bool> lower_movement(Builder& builder, const Node& node) {
  if (node.op == "Concat") return lower_concat(builder, node);
  if (node.op == "Split") return lower_split(builder, node);
  if (node.op == "Slice") return lower_slice(builder, node);
  if (node.op == "Transpose") return lower_transpose(builder, node);
  if (node.op == "Gather") return lower_gather(builder, node);
  if (node.op == "DepthToSpace" || node.op == "SpaceToDepth") return lower_depth(builder, node);
  if (node.op == "Reshape" || node.op == "Flatten" || node.op == "Squeeze" || node.op == "Unsqueeze") {
    return lower_reshape(builder, node);
  }
  return false;
}

}  // namespace poise::onednn
