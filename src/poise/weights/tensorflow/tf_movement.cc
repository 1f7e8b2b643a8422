#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "poise/weights/tensorflow/tf_operators.h"

namespace poise {
namespace {

using Ints = std::vector<std::int64_t>;

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

Result<Laid> as_it_lies(TfBuilder& builder, int index) {
  const bool planes = builder.is_planar(index);
  POISE_TRY(const ValueId id, builder.as(index, planes));
  return Laid{id, planes};
}

Translated identity(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  POISE_TRY(const Laid laid, as_it_lies(builder, node.inputs[0]));
  return one(laid);
}

/// The shape that is asked for: a constant where it is one.
Result<ValueId> shape_input(TfBuilder& builder, const TfNode& node, std::size_t input) {
  if (builder.is_constant(node.inputs[input]) || builder.are_fixed()) {
    POISE_TRY(Ints shape, builder.integers(node, input));
    return builder.constant(std::move(shape), node.name + ".shape");
  }
  return builder.plain(node.inputs[input]);
}

Translated reshape(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  const int index = node.inputs[0];
  POISE_TRY(const Shape from, builder.shape(index));
  POISE_TRY(const ValueId shape, shape_input(builder, node, 1));
  if (builder.are_fixed() && builder.integers(node, 1).value() == from) {
    POISE_TRY(const Laid laid, as_it_lies(builder, index));
    return one(laid);
  }
  // (N, C, 1, 1) and (N, 1, H, W) lie in memory as in the file's order.
  const bool lies_the_same =
      builder.are_fixed() && from.size() == 4 && (from[3] == 1 || (from[1] == 1 && from[2] == 1));
  POISE_TRY(const ValueId input, builder.as(index, builder.is_planar(index) && lies_the_same));
  POISE_TRY(const ValueId id, builder.add("Reshape", {input, shape}));
  return one({id, false});
}

Result<ValueId> squeezed(TfBuilder& builder, ValueId id, Ints axes) {
  POISE_TRY(const ValueId list, builder.constant(std::move(axes), "axes"));
  return builder.add("Squeeze", {id, list});
}
Result<ValueId> unsqueezed(TfBuilder& builder, ValueId id, Ints axes) {
  POISE_TRY(const ValueId list, builder.constant(std::move(axes), "axes"));
  return builder.add("Unsqueeze", {id, list});
}

Translated squeeze(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  Ints axes = node.integers("squeeze_dims");
  POISE_TRY(const Shape shape, builder.shape(node.inputs[0]));
  for (std::int64_t& axis : axes) {
    POISE_TRY(axis, axis_of(axis, shape.size()));
  }
  if (axes.empty()) {
    if (!builder.are_fixed()) return unsupported("it does not name the axes that it takes away");
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] == 1) axes.push_back(static_cast<std::int64_t>(axis));
    }
  }
  const bool sides = axes == Ints{1, 2} && builder.is_planar(node.inputs[0]);  // as behind a global mean
  POISE_TRY(ValueId id, builder.as(node.inputs[0], sides));
  if (!axes.empty()) {
    POISE_TRY(id, squeezed(builder, id, sides ? Ints{2, 3} : axes));
  }
  return one({id, false});
}

/// What took one axis of extent 1 away, so that putting it back gives its own input: -1 where it did not.
std::int64_t axis_taken(const TfNode* node) {
  if (node == nullptr) return -1;
  if (node->op == "Unpack" && node->outputs.size() == 1) return node->integer("axis", 0);
  const Ints axes = node->integers("squeeze_dims");
  return node->op == "Squeeze" && axes.size() == 1 ? axes[0] : -1;
}

Translated expand_dims(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  POISE_TRY(const std::size_t rank, builder.rank(node.inputs[0]));
  POISE_TRY(std::int64_t axis, builder.integer(node, 1));
  POISE_TRY(axis, axis_of(axis, rank + 1));
  const TfNode* const before = builder.producer(node.inputs[0]);
  if (axis_taken(before) == axis) {
    POISE_TRY(const Laid laid, as_it_lies(builder, before->inputs[0]));
    return one(laid);
  }
  POISE_TRY(const ValueId input, builder.plain(node.inputs[0]));
  POISE_TRY(const ValueId id, unsqueezed(builder, input, {axis}));
  return one({id, false});
}

Translated transpose(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  POISE_TRY(Ints perm, builder.integers(node, 1));
  POISE_TRY(const std::size_t rank, builder.rank(node.inputs[0]));
  if (perm.size() != rank) return malformed("perm must name each of the " + std::to_string(rank) + " axes once");
  for (std::int64_t& axis : perm) {
    POISE_TRY(axis, axis_of(axis, rank));
  }
  const bool planes = builder.is_planar(node.inputs[0]);
  POISE_TRY(const ValueId input, builder.as(node.inputs[0], planes));
  if (!planes && perm == Ints{0, 2, 3, 1}) return one({input, true});  // it was (N, C, H, W) in the file
  if (planes) {
    for (std::int64_t& axis : perm) axis = kPlanarAxis[axis];
  }
  if (std::ranges::is_sorted(perm)) return one({input, false});
  POISE_TRY(const ValueId id, builder.add("Transpose", {input}, {{"perm", std::move(perm)}}));
  return one({id, false});
}

/// The axis is an attribute, or the last input.
Translated concat(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 4096));
  const bool has_axis = node.attributes.contains("axis");
  const std::size_t parts = node.inputs.size() - (has_axis ? 0 : 1);
  if (parts == 0) return malformed("it has nothing to put together");
  std::int64_t axis = node.integer("axis", 0);
  if (!has_axis) {
    POISE_TRY(axis, builder.integer(node, parts));
  }
  POISE_TRY(const std::size_t rank, builder.rank(node.inputs[0]));
  POISE_TRY(axis, axis_of(axis, rank));
  bool planes = false;
  for (std::size_t i = 0; i < parts; ++i) planes = planes || builder.is_planar(node.inputs[i]);
  std::vector<ValueId> ids;
  for (std::size_t i = 0; i < parts; ++i) {
    POISE_TRY(const ValueId id, builder.as(node.inputs[i], planes));
    ids.push_back(id);
  }
  POISE_TRY(ValueId id, builder.add("Concat", std::move(ids), {{"axis", planes ? kPlanarAxis[axis] : axis}}));
  POISE_TRY(id, activated(builder, id, node));
  return one({id, planes});
}

Translated pack(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 4096));
  POISE_TRY(const std::size_t rank, builder.rank(node.inputs[0]));
  POISE_TRY(const std::int64_t axis, axis_of(node.integer("axis", 0), rank + 1));
  std::vector<ValueId> ids;
  for (const int input : node.inputs) {
    POISE_TRY(const ValueId id, builder.plain(input));
    POISE_TRY(const ValueId deeper, unsqueezed(builder, id, {axis}));
    ids.push_back(deeper);
  }
  if (ids.size() == 1) return one({ids[0], false});
  POISE_TRY(const ValueId id, builder.add("Concat", std::move(ids), {{"axis", axis}}));
  return one({id, false});
}

Translated unpack(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  POISE_TRY(const std::size_t rank, builder.rank(node.inputs[0]));
  POISE_TRY(const std::int64_t axis, axis_of(node.integer("axis", 0), rank));
  POISE_TRY(const ValueId input, builder.plain(node.inputs[0]));
  std::vector<ValueId> parts{input};
  if (node.outputs.size() > 1) {
    POISE_TRY(parts, builder.add("Split", {input}, node.outputs.size(), {{"axis", axis}}));
  }
  std::vector<Laid> made;
  for (const ValueId part : parts) {
    POISE_TRY(const ValueId id, squeezed(builder, part, {axis}));
    made.push_back({id, false});
  }
  return made;
}

Translated split_along(TfBuilder& builder, const TfNode& node, int index, std::int64_t axis, const Ints& sizes) {
  POISE_TRY(const std::size_t rank, builder.rank(index));
  POISE_TRY(axis, axis_of(axis, rank));
  const bool planes = builder.is_planar(index);
  POISE_TRY(const ValueId input, builder.as(index, planes));
  if (node.outputs.size() == 1) return one({input, planes});
  std::vector<ValueId> inputs{input};
  if (!sizes.empty()) {
    POISE_TRY(const ValueId list, builder.constant(sizes, node.name + ".sizes"));
    inputs.push_back(list);
  }
  POISE_TRY(const std::vector<ValueId> parts, builder.add("Split", std::move(inputs), node.outputs.size(),
                                                          {{"axis", planes ? kPlanarAxis[axis] : axis}}));
  std::vector<Laid> made;
  for (const ValueId part : parts) made.push_back({part, planes});
  return made;
}

Translated split(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  POISE_TRY(const std::int64_t axis, builder.integer(node, 0));
  return split_along(builder, node, node.inputs[1], axis, {});
}

Translated split_v(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 3, 3));
  POISE_TRY(Ints sizes, builder.integers(node, 1));
  POISE_TRY(std::int64_t axis, builder.integer(node, 2));
  POISE_TRY(const Shape shape, builder.shape(node.inputs[0]));
  POISE_TRY(axis, axis_of(axis, shape.size()));
  if (const auto rest = std::ranges::find(sizes, -1); rest != sizes.end()) {
    *rest = 0;
    std::int64_t taken = 0;
    for (const std::int64_t size : sizes) {
      if (size < 0 || size > shape[static_cast<std::size_t>(axis)]) return malformed("its sizes make no sense");
      taken += size;
    }
    *rest = shape[static_cast<std::size_t>(axis)] - taken;
  }
  return split_along(builder, node, node.inputs[0], axis, sizes);
}

/// What is cut out of some axes.
struct Cut {
  Ints starts, ends, axes, steps;
};

Result<ValueId> cut_out(TfBuilder& builder, ValueId id, const Cut& cut) {
  if (cut.axes.empty()) return id;
  std::vector<ValueId> inputs{id};
  for (const Ints* list : {&cut.starts, &cut.ends, &cut.axes, &cut.steps}) {
    POISE_TRY(const ValueId each, builder.constant(*list, "slice"));
    inputs.push_back(each);
  }
  return builder.add("Slice", std::move(inputs));
}

/// The axes that the specification names, after "...", new ones and those that vanish are sorted out. Source:
/// tensorflow/core/util/strided_slice_op.cc.
struct SliceSpecification {
  Cut cut;
  Ints dropped;   // axes of the input
  Ints inserted;  // axes of the output
};

Result<SliceSpecification> slice_specification(TfBuilder& builder, const TfNode& node, std::size_t rank) {
  POISE_TRY(const Ints begin, builder.integers(node, 1));
  POISE_TRY(const Ints end, builder.integers(node, 2));
  POISE_TRY(const Ints steps, builder.integers(node, 3));
  constexpr std::size_t kMost = 32;  // bits of a mask
  if (begin.size() > kMost || end.size() != begin.size() || steps.size() != begin.size()) {
    return malformed("begin, end and strides must be lists of one length, 32 at most");
  }
  const auto has = [&node](const char* mask, std::size_t i) {
    return ((static_cast<std::uint64_t>(node.integer(mask, 0)) >> i) & 1U) != 0;
  };
  std::size_t named = 0;
  for (std::size_t i = 0; i < begin.size(); ++i) {
    if (!has("new_axis_mask", i) && !has("ellipsis_mask", i)) ++named;
  }
  if (named > rank) return malformed("it names more axes than the " + std::to_string(rank) + " of its input");
  SliceSpecification found;
  std::int64_t axis = 0, output = 0;
  bool seen = false;
  for (std::size_t i = 0; i < begin.size(); ++i) {
    if (has("ellipsis_mask", i)) {
      if (seen) return malformed("it has two ellipses");
      seen = true;
      axis += static_cast<std::int64_t>(rank - named);
      output += static_cast<std::int64_t>(rank - named);
      continue;
    }
    if (has("new_axis_mask", i)) {
      found.inserted.push_back(output++);
      continue;
    }
    const bool drops = has("shrink_axis_mask", i);
    if (steps[i] == 0) return malformed("it steps by 0");
    const bool forwards = drops || steps[i] > 0;
    const std::int64_t first = has("begin_mask", i) && !drops ? (forwards ? 0 : kEnd) : begin[i];
    std::int64_t last = has("end_mask", i) ? (forwards ? kEnd : std::numeric_limits<std::int64_t>::min()) : end[i];
    if (drops) last = first == -1 || first == kEnd ? kEnd : first + 1;
    if (!(first == 0 && last == kEnd && steps[i] == 1)) {
      found.cut.starts.push_back(first);
      found.cut.ends.push_back(last);
      found.cut.axes.push_back(axis);
      found.cut.steps.push_back(drops ? 1 : steps[i]);
    }
    if (drops) {
      found.dropped.push_back(axis);
    } else {
      ++output;
    }
    ++axis;
  }
  return found;
}

Translated strided_slice(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 4, 4));
  POISE_TRY(const std::size_t rank, builder.rank(node.inputs[0]));
  POISE_TRY(SliceSpecification wanted, slice_specification(builder, node, rank));
  const bool planes = builder.is_planar(node.inputs[0]) && wanted.dropped.empty() && wanted.inserted.empty();
  if (planes) {
    for (std::int64_t& axis : wanted.cut.axes) axis = kPlanarAxis[axis];
  }
  POISE_TRY(ValueId id, builder.as(node.inputs[0], planes));
  POISE_TRY(id, cut_out(builder, id, wanted.cut));
  if (!wanted.dropped.empty()) {
    POISE_TRY(id, squeezed(builder, id, wanted.dropped));
  }
  if (!wanted.inserted.empty()) {
    POISE_TRY(id, unsqueezed(builder, id, wanted.inserted));
  }
  return one({id, planes});
}

Translated slice(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 3, 3));
  POISE_TRY(const Ints begin, builder.integers(node, 1));
  POISE_TRY(const Ints size, builder.integers(node, 2));
  POISE_TRY(const std::size_t rank, builder.rank(node.inputs[0]));
  if (begin.size() != rank || size.size() != rank) return malformed("begin and size must name all axes");
  const bool planes = builder.is_planar(node.inputs[0]);
  Cut cut;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (begin[axis] == 0 && size[axis] == -1) continue;
    if (begin[axis] < 0 || size[axis] < -1 || size[axis] > kEnd - begin[axis])
      return malformed("begin and size make no sense");
    cut.starts.push_back(begin[axis]);
    cut.ends.push_back(size[axis] == -1 ? kEnd : begin[axis] + size[axis]);
    cut.axes.push_back(planes ? kPlanarAxis[axis] : static_cast<std::int64_t>(axis));
    cut.steps.push_back(1);
  }
  POISE_TRY(const ValueId input, builder.as(node.inputs[0], planes));
  POISE_TRY(const ValueId id, cut_out(builder, input, cut));
  return one({id, planes});
}

Translated pad(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 3));
  POISE_TRY(const Ints pairs, builder.integers(node, 1));
  POISE_TRY(const std::size_t rank, builder.rank(node.inputs[0]));
  if (pairs.size() != 2 * rank) {
    return malformed("there are " + std::to_string(pairs.size()) + " pads for " + std::to_string(rank) + " axes");
  }
  const bool planes = builder.is_planar(node.inputs[0]);
  Ints pads(2 * rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const auto from = planes ? static_cast<std::size_t>(kFileAxis[i]) : i;
    pads[i] = pairs[2 * from];
    pads[rank + i] = pairs[2 * from + 1];
  }
  POISE_TRY(const ValueId input, builder.as(node.inputs[0], planes));
  POISE_TRY(const ValueId list, builder.constant(std::move(pads), node.name + ".pads"));
  std::vector<ValueId> inputs{input, list};
  if (node.inputs.size() > 2) {
    POISE_TRY(const ValueId fill, builder.plain(node.inputs[2]));
    inputs.push_back(fill);
  }
  TfAttributes attributes;
  if (node.op == "MirrorPad") {
    if (node.text("mode", "REFLECT") != "REFLECT") return unsupported("its mode is not REFLECT");
    attributes["mode"] = std::string("reflect");
  }
  POISE_TRY(const ValueId id, builder.add("Pad", std::move(inputs), std::move(attributes)));
  return one({id, planes});
}

/// The axis is an attribute, or the third input.
Translated gather(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 3));
  if (node.integer("batch_dims", 0) != 0) return unsupported("its batch_dims is not 0");
  std::int64_t axis = node.integer("axis", 0);
  if (node.inputs.size() == 3) {
    POISE_TRY(axis, builder.integer(node, 2));
  }
  POISE_TRY(const ValueId input, builder.plain(node.inputs[0]));
  POISE_TRY(const ValueId indices, builder.plain(node.inputs[1]));
  POISE_TRY(const ValueId id, builder.add("Gather", {input, indices}, {{"axis", axis}}));
  return one({id, false});
}

Translated gather_nd(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  POISE_TRY(const ValueId input, builder.plain(node.inputs[0]));
  POISE_TRY(const ValueId indices, builder.plain(node.inputs[1]));
  POISE_TRY(const ValueId id, builder.add("GatherND", {input, indices}));
  return one({id, false});
}

Translated repeated(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  POISE_TRY(const ValueId input, builder.plain(node.inputs[0]));
  POISE_TRY(const ValueId counts, shape_input(builder, node, 1));
  POISE_TRY(const ValueId id, builder.add(node.op == "Tile" ? "Tile" : "Expand", {input, counts}));
  return one({id, false});
}

/// TensorFlow's order of the channels is that of ONNX's DCR: tensorflow/core/kernels/depthtospace_op.cc.
Translated blocks(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  POISE_TRY(const ValueId input, builder.planar(node.inputs[0]));
  TfAttributes attributes{{"blocksize", node.integer("block_size", 2)}};
  const bool deep = node.op == "DepthToSpace";
  if (deep) attributes["mode"] = std::string("DCR");
  POISE_TRY(const ValueId id, builder.add(deep ? "DepthToSpace" : "SpaceToDepth", {input}, std::move(attributes)));
  return one({id, true});
}

constexpr TfOperator kMovement[] = {
    {"Identity", identity},
    {"StopGradient", identity},
    {"PreventGradient", identity},
    {"Snapshot", identity},
    {"Quantize", identity},
    {"Dequantize", identity},
    {"Densify", identity, true},
    {"Reshape", reshape, true},
    {"Squeeze", squeeze, true},
    {"ExpandDims", expand_dims, true},
    {"Transpose", transpose, true},
    {"Concat", concat},
    {"ConcatV2", concat},
    {"Pack", pack},
    {"Unpack", unpack, true},
    {"Split", split},
    {"SplitV", split_v, true},
    {"StridedSlice", strided_slice, true},
    {"Slice", slice, true},
    {"Pad", pad},
    {"PadV2", pad},
    {"MirrorPad", pad, true},
    {"GatherV2", gather, true},
    {"Gather", gather, true},
    {"GatherNd", gather_nd, true},
    {"Tile", repeated, true},
    {"BroadcastTo", repeated, true},
    {"DepthToSpace", blocks, true},
    {"SpaceToDepth", blocks, true},
};

}  // namespace

std::span<const TfOperator> tf_movement() { return kMovement; }

}  // namespace poise
