#include "poise/weights/tensorflow/tf_operators.h"

namespace poise {
namespace {

using Ints = std::vector<std::int64_t>;

/// The extents as the file has them, whatever way the value lies: nothing is turned for it.
Result<ValueId> extents(TfBuilder& builder, int index) {
  const bool planes = builder.is_planar(index);
  POISE_TRY(const ValueId input, builder.as(index, planes));
  POISE_TRY(const ValueId shape, builder.add("Shape", {input}));
  if (!planes) return shape;
  POISE_TRY(const ValueId order, builder.constant(Ints(std::begin(kPlanarAxis), std::end(kPlanarAxis)), "order"));
  return builder.add("Gather", {shape, order});
}

Translated shape(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  POISE_TRY(const ValueId id, extents(builder, node.inputs[0]));
  return one({id, false});
}

/// The number of elements: the product of the extents, each taken by itself, for there are few.
Translated size(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  POISE_TRY(const ValueId shape, extents(builder, node.inputs[0]));
  POISE_TRY(const std::size_t rank, builder.rank(node.inputs[0]));
  POISE_TRY(ValueId product, builder.constant(Tensor::from({}, Ints{1}), "one"));
  for (std::size_t axis = 0; axis < rank; ++axis) {
    POISE_TRY(const ValueId index, builder.constant(Tensor::from({}, Ints{static_cast<std::int64_t>(axis)}), "axis"));
    POISE_TRY(const ValueId extent, builder.add("Gather", {shape, index}));
    POISE_TRY(product, builder.add("Mul", {product, extent}));
  }
  return one({product, false});
}

Translated rank(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  POISE_TRY(const std::size_t axes, builder.rank(node.inputs[0]));
  POISE_TRY(const ValueId id, builder.constant(Tensor::from({}, Ints{static_cast<std::int64_t>(axes)}), node.name));
  return one({id, false});
}

Translated range(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 3, 3));
  std::vector<ValueId> ids;
  for (const int input : node.inputs) {
    POISE_TRY(const ValueId id, builder.plain(input));
    ids.push_back(id);
  }
  POISE_TRY(const ValueId id, builder.add("Range", std::move(ids)));
  return one({id, false});
}

/// Inputs: the shape, the value.
Translated fill(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  POISE_TRY(const ValueId extents_wanted, builder.plain(node.inputs[0]));
  POISE_TRY(const ValueId value, builder.plain(node.inputs[1]));
  POISE_TRY(const ValueId id, builder.add("Expand", {value, extents_wanted}));
  return one({id, false});
}

/// Of the shape of another: that, compared with nothing but its own numbers, would give NaN for NaN; so it is filled.
Translated filled_like(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  POISE_TRY(const ValueId like, extents(builder, node.inputs[0]));
  POISE_TRY(const DType type, builder.type(node.inputs[0]));
  Tensor number(Shape{}, type);
  if (node.op == "OnesLike" && type == DType::kFloat32) number.floats()[0] = 1;
  if (node.op == "OnesLike" && type == DType::kInt64) number.as<std::int64_t>()[0] = 1;
  POISE_TRY(const ValueId value, builder.constant(std::move(number), node.name + ".value"));
  POISE_TRY(const ValueId id, builder.add("Expand", {value, like}));
  return one({id, false});
}

constexpr TfOperator kShapes[] = {
    {"Shape", shape},          {"Size", size}, {"Rank", rank},
    {"Range", range},          {"Fill", fill}, {"ZerosLike", filled_like},
    {"OnesLike", filled_like},
};

}  // namespace

std::span<const TfOperator> tf_shapes() { return kShapes; }

}  // namespace poise
