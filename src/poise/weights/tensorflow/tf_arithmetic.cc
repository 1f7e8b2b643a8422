#include <algorithm>
#include <array>

#include "poise/weights/tensorflow/tf_operators.h"

namespace poise {
namespace {

using Ints = std::vector<std::int64_t>;

/// TensorFlow's name of an operator, and ours.
struct Named {
  std::string_view theirs;
  const char* ours;
};

template <std::size_t N>
const char* find_named(const std::array<Named, N>& names, std::string_view theirs) {
  const auto found = std::ranges::find(names, theirs, &Named::theirs);
  return found == names.end() ? nullptr : found->ours;
}

constexpr std::array kUnary = {
    Named{"Relu", "Relu"},
    Named{"Sigmoid", "Sigmoid"},
    Named{"Tanh", "Tanh"},
    Named{"Exp", "Exp"},
    Named{"Log", "Log"},
    Named{"Sqrt", "Sqrt"},
    Named{"Neg", "Neg"},
    Named{"Abs", "Abs"},
    Named{"Floor", "Floor"},
    Named{"Ceil", "Ceil"},
    Named{"Rint", "Round"},
    Named{"Round", "Round"},
    Named{"Erf", "Erf"},
    Named{"Elu", "Elu"},
    Named{"Selu", "Selu"},
    Named{"Softplus", "Softplus"},
    Named{"Reciprocal", "Reciprocal"},
    Named{"Inv", "Reciprocal"},
    Named{"LogicalNot", "Not"},
    Named{"HardSwish", "HardSwish"},
};

Result<ValueId> clip(TfBuilder& builder, ValueId id, float low, float high) {
  return builder.add("Clip", {id, builder.number(low), builder.number(high)});
}

/// One operator or two of one input, of any shape.
Result<ValueId> mapped(TfBuilder& builder, ValueId id, std::string_view op, const TfNode& node) {
  if (const char* ours = find_named(kUnary, op)) return builder.add(ours, {id});
  if (op == "Relu6") return clip(builder, id, 0.0F, 6.0F);
  if (op == "Relu_N1_TO_1") return clip(builder, id, -1.0F, 1.0F);
  if (op == "LeakyRelu") return builder.add("LeakyRelu", {id}, {{"alpha", node.real("alpha", 0.2F)}});
  if (op == "Square") return builder.add("Mul", {id, id});
  if (op == "Rsqrt") {
    POISE_TRY(const ValueId root, builder.add("Sqrt", {id}));
    return builder.add("Reciprocal", {root});
  }
  if (op == "Gelu") {
    const bool approximate = node.integer("approximate", 0) != 0;
    return builder.add("Gelu", {id}, {{"approximate", std::string(approximate ? "tanh" : "none")}});
  }
  return unsupported("the activation " + std::string(op) + " is not supported");
}

Translated unary(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  const bool planes = builder.is_planar(node.inputs[0]);
  POISE_TRY(const ValueId input, builder.as(node.inputs[0], planes));
  POISE_TRY(const ValueId id, mapped(builder, input, node.op, node));
  return one({id, planes});
}

/// "to" is ONNX's number of a type. Integers are int64 here, and what a picture holds is float32 already.
Translated cast(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  const bool planes = builder.is_planar(node.inputs[0]);
  POISE_TRY(const ValueId input, builder.as(node.inputs[0], planes));
  const std::int64_t to = node.integer("to", 1);
  const DType type = to == 1 ? DType::kFloat32 : to == 9 ? DType::kBool : DType::kInt64;
  if (builder.info(input).type == type) return one({input, planes});
  POISE_TRY(const ValueId id, builder.add("Cast", {input}, {{"to", std::int64_t{to == 1 || to == 9 ? to : 7}}}));
  return one({id, planes});
}

/// Whether what is broadcast together is best worked out as (N, C, H, W): one of them lies so, and the others are
/// constants, or need no more than another look.
Result<bool> are_planes(TfBuilder& builder, const TfNode& node) {
  bool any = false;
  for (const int index : node.inputs) {
    POISE_TRY(const Shape shape, builder.shape(index));
    any = any || builder.is_planar(index);
    if (shape.size() > 4) return false;
    const bool turns = builder.is_constant(index) || shape.size() == 4 || shape.size() <= 1;
    if (!turns) return false;
  }
  return any;
}

/// What is broadcast, as it must lie.
Result<ValueId> operand(TfBuilder& builder, int index, bool planes) {
  if (!planes) return builder.plain(index);
  POISE_TRY(const Shape shape, builder.shape(index));
  POISE_TRY(const std::int64_t count, element_count(shape));
  if (count == 1 && shape.size() < 4) return builder.plain(index);
  if (shape.size() == 4 || builder.is_constant(index)) return builder.planar(index);
  POISE_TRY(const ValueId list, builder.plain(index));  // one number a channel
  POISE_TRY(const ValueId column, builder.constant(Ints{-1, 1, 1}, "column"));
  return builder.add("Reshape", {list, column});
}

/// All operands, of one type: integers beside floats, as where a picture was of integers, become floats.
Result<std::vector<ValueId>> operands(TfBuilder& builder, const TfNode& node, bool planes, std::size_t from = 0) {
  std::vector<ValueId> ids;
  bool floats = false, integers = false;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    POISE_TRY(const ValueId id, operand(builder, node.inputs[i], planes));
    ids.push_back(id);
    if (i < from) continue;
    floats = floats || builder.info(id).type == DType::kFloat32;
    integers = integers || builder.info(id).type == DType::kInt64;
  }
  if (!floats || !integers) return ids;
  for (std::size_t i = from; i < ids.size(); ++i) {
    if (builder.info(ids[i]).type != DType::kInt64) continue;
    POISE_TRY(ids[i], builder.add("Cast", {ids[i]}, {{"to", std::int64_t{1}}}));
  }
  return ids;
}

constexpr std::array kBinary = {
    Named{"Add", "Add"},
    Named{"AddV2", "Add"},
    Named{"BiasAdd", "Add"},
    Named{"Sub", "Sub"},
    Named{"Mul", "Mul"},
    Named{"RealDiv", "Div"},
    Named{"Div", "Div"},
    Named{"Maximum", "Max"},
    Named{"Minimum", "Min"},
    Named{"Pow", "Pow"},
    Named{"Equal", "Equal"},
    Named{"Less", "Less"},
    Named{"LessEqual", "LessOrEqual"},
    Named{"Greater", "Greater"},
    Named{"GreaterEqual", "GreaterOrEqual"},
    Named{"LogicalAnd", "And"},
    Named{"LogicalOr", "Or"},
    Named{"Prelu", "PRelu"},
};

/// Division and remainder that go down, as Python's: tensorflow/core/kernels/cwise_ops.h, floor_div and floor_fmod.
Result<ValueId> floored(TfBuilder& builder, ValueId a, ValueId b, bool remainder) {
  if (builder.info(a).type == DType::kFloat32) {
    POISE_TRY(const ValueId quotient, builder.add("Div", {a, b}));
    POISE_TRY(const ValueId whole, builder.add("Floor", {quotient}));
    if (!remainder) return whole;
    POISE_TRY(const ValueId product, builder.add("Mul", {whole, b}));
    return builder.add("Sub", {a, product});
  }
  POISE_TRY(const ValueId rest, builder.add("Mod", {a, b}));
  if (remainder) return rest;
  POISE_TRY(const ValueId product, builder.add("Sub", {a, rest}));
  return builder.add("Div", {product, b});
}

Translated binary(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  POISE_TRY(const bool planes, are_planes(builder, node));
  POISE_TRY(const std::vector<ValueId> ids, operands(builder, node, planes));
  ValueId id = kNoValue;
  if (node.op == "SquaredDifference") {
    POISE_TRY(const ValueId difference, builder.add("Sub", {ids[0], ids[1]}));
    POISE_TRY(id, builder.add("Mul", {difference, difference}));
  } else if (node.op == "NotEqual") {
    POISE_TRY(const ValueId equal, builder.add("Equal", {ids[0], ids[1]}));
    POISE_TRY(id, builder.add("Not", {equal}));
  } else if (node.op == "FloorDiv" || node.op == "FloorMod") {
    POISE_TRY(id, floored(builder, ids[0], ids[1], node.op == "FloorMod"));
  } else {
    POISE_TRY(id, builder.add(find_named(kBinary, node.op), {ids[0], ids[1]}));
  }
  POISE_TRY(id, activated(builder, id, node));
  return one({id, planes});
}

Translated add_n(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 4096));
  POISE_TRY(const bool planes, are_planes(builder, node));
  POISE_TRY(const std::vector<ValueId> ids, operands(builder, node, planes));
  ValueId sum = ids[0];
  for (std::size_t i = 1; i < ids.size(); ++i) {
    POISE_TRY(sum, builder.add("Add", {sum, ids[i]}));
  }
  return one({sum, planes});
}

/// A condition of one axis chooses along the first axis of what it chooses from (TensorFlow's Select, not SelectV2).
Translated select(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 3, 3));
  POISE_TRY(const std::size_t condition, builder.rank(node.inputs[0]));
  POISE_TRY(const std::size_t rank, builder.rank(node.inputs[1]));
  const bool chooses_rows = node.op == "Select" && condition == 1 && rank > 1;
  bool planes = false;
  if (!chooses_rows) {
    POISE_TRY(planes, are_planes(builder, node));
  }
  POISE_TRY(std::vector<ValueId> ids, operands(builder, node, planes, 1));
  if (chooses_rows) {
    Ints column(rank, 1);
    column[0] = -1;
    POISE_TRY(const ValueId shape, builder.constant(std::move(column), node.name + ".column"));
    POISE_TRY(ids[0], builder.add("Reshape", {ids[0], shape}));
  }
  POISE_TRY(const ValueId id, builder.add("Where", ids));
  return one({id, planes});
}

/// Where an operator that takes these axes away, or leaves 1 of them, reads its input, and which axes they are there.
struct Reduced {
  ValueId input = kNoValue;
  Ints axes;
  bool planes = false;  // of the output
};

Result<Reduced> reduced(TfBuilder& builder, int index, Ints axes, bool keeps) {
  POISE_TRY(const std::size_t rank, builder.rank(index));
  std::array<char, 4> gone{};
  for (std::int64_t& axis : axes) {
    POISE_TRY(axis, axis_of(axis, rank));
    if (rank == 4) gone[static_cast<std::size_t>(axis)] = 1;
  }
  // What is left of (N, C, H, W) is in the file's order but where C and a side are.
  const bool in_order = gone[3] != 0 || (gone[1] != 0 && gone[2] != 0);
  Reduced found;
  if (builder.is_planar(index) && (keeps || in_order)) {
    POISE_TRY(found.input, builder.planar(index));
    for (std::int64_t& axis : axes) axis = kPlanarAxis[axis];
    found.planes = keeps;
  } else {
    POISE_TRY(found.input, builder.plain(index));
  }
  std::ranges::sort(axes);
  found.axes = std::move(axes);
  return found;
}

constexpr std::array kReductions = {
    Named{"Mean", "ReduceMean"}, Named{"Sum", "ReduceSum"},   Named{"Max", "ReduceMax"},
    Named{"Min", "ReduceMin"},   Named{"Prod", "ReduceProd"},
};

Translated reduce(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  const bool keeps = node.integer("keep_dims", 0) != 0;
  POISE_TRY(Ints axes, builder.integers(node, 1));
  POISE_TRY(Reduced from, reduced(builder, node.inputs[0], std::move(axes), keeps));
  if (from.axes.empty()) return one({from.input, from.planes});
  if (node.op == "Mean" && from.planes && from.axes == Ints{2, 3}) {
    POISE_TRY(const ValueId id, builder.add("GlobalAveragePool", {from.input}));
    return one({id, true});
  }
  const char* ours = find_named(kReductions, node.op);
  TfAttributes attributes{{"keepdims", std::int64_t{keeps}}};
  std::vector<ValueId> inputs{from.input};
  if (node.op == "Sum") {
    POISE_TRY(const ValueId list, builder.constant(std::move(from.axes), node.name + ".axes"));
    inputs.push_back(list);
  } else {
    attributes["axes"] = std::move(from.axes);
  }
  POISE_TRY(const ValueId id, builder.add(ours, std::move(inputs), std::move(attributes)));
  return one({id, from.planes});
}

Translated arg(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  POISE_TRY(const std::int64_t axis, builder.integer(node, 1));
  POISE_TRY(const Reduced from, reduced(builder, node.inputs[0], {axis}, false));
  POISE_TRY(const ValueId id, builder.add(node.op == "ArgMax" ? "ArgMax" : "ArgMin", {from.input},
                                          {{"axis", from.axes[0]}, {"keepdims", std::int64_t{0}}}));
  return one({id, false});
}

Translated top_k(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  POISE_TRY(const std::int64_t most, builder.integer(node, 1));
  POISE_TRY(const ValueId input, builder.plain(node.inputs[0]));
  POISE_TRY(const ValueId count, builder.constant(Ints{most}, node.name + ".k"));
  POISE_TRY(const std::vector<ValueId> made, builder.add("TopK", {input, count}, 2, {}));
  return std::vector<Laid>{{made[0], false}, {made[1], false}};
}

constexpr TfOperator kArithmetic[] = {
    {"Relu", unary},
    {"Relu6", unary},
    {"Relu_N1_TO_1", unary},
    {"Sigmoid", unary},
    {"Tanh", unary},
    {"Exp", unary},
    {"Log", unary},
    {"Sqrt", unary},
    {"Rsqrt", unary},
    {"Square", unary},
    {"Neg", unary},
    {"Abs", unary},
    {"Floor", unary},
    {"Ceil", unary},
    {"Rint", unary},
    {"Round", unary},
    {"Erf", unary},
    {"Elu", unary},
    {"Selu", unary},
    {"Softplus", unary},
    {"Reciprocal", unary},
    {"Inv", unary},
    {"LogicalNot", unary},
    {"HardSwish", unary},
    {"LeakyRelu", unary},
    {"Gelu", unary},
    {"Cast", cast},
    {"Add", binary},
    {"AddV2", binary},
    {"BiasAdd", binary},
    {"Sub", binary},
    {"Mul", binary},
    {"RealDiv", binary},
    {"Div", binary},
    {"Maximum", binary},
    {"Minimum", binary},
    {"Pow", binary},
    {"Equal", binary},
    {"NotEqual", binary},
    {"Less", binary},
    {"LessEqual", binary},
    {"Greater", binary},
    {"GreaterEqual", binary},
    {"LogicalAnd", binary},
    {"LogicalOr", binary},
    {"Prelu", binary},
    {"SquaredDifference", binary},
    {"FloorDiv", binary},
    {"FloorMod", binary},
    {"AddN", add_n},
    {"Select", select},
    {"SelectV2", select},
    {"Mean", reduce},
    {"Sum", reduce},
    {"Max", reduce},
    {"Min", reduce},
    {"Prod", reduce},
    {"ArgMax", arg},
    {"ArgMin", arg},
    {"TopKV2", top_k},
};

}  // namespace

Result<ValueId> activated(TfBuilder& builder, ValueId id, const TfNode& node) {
  const std::string activation = node.text("activation", "");
  return activation.empty() ? Result(id) : mapped(builder, id, activation, node);
}

std::span<const TfOperator> tf_arithmetic() { return kArithmetic; }

}  // namespace poise
