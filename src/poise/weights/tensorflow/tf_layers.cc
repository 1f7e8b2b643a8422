#include <algorithm>
#include <array>

#include "poise/weights/tensorflow/tf_operators.h"

namespace poise {
namespace {

using Ints = std::vector<std::int64_t>;

Result<Ints> pair_of(const TfNode& node, const char* attribute) {
  Ints given = node.integers(attribute);
  if (given.empty()) given = {1, 1};
  if (given.size() != 2) return malformed(std::string(attribute) + " must be two numbers");
  return given;
}

struct Window {
  ValueId input = kNoValue;
  TfAttributes attributes;
};

/// What a Pad by zeros in front of a layer adds, where it adds to height and width alone: top, left, bottom, right.
Result<Ints> zero_pads(TfBuilder& builder, const TfNode& pad) {
  const bool has_value = pad.op == "PadV2";
  if ((pad.op != "Pad" && !has_value) || builder.value(pad.outputs[0]).grid != builder.value(pad.inputs[0]).grid) {
    return Ints{};
  }
  if (!builder.is_constant(pad.inputs[1])) return Ints{};
  if (has_value) {
    POISE_TRY(const auto fill, builder.numbers(pad.inputs[2]));
    if (fill == nullptr || fill->type() != DType::kFloat32 || fill->count() != 1 || fill->floats()[0] != 0) {
      return Ints{};
    }
  }
  POISE_TRY(const Ints pads, builder.integers(pad, 1));
  const bool plain = pads.size() == 8 && pads[0] == 0 && pads[1] == 0 && pads[6] == 0 && pads[7] == 0;
  if (!plain || std::ranges::any_of(pads, [](std::int64_t p) { return p < 0; })) return Ints{};
  return Ints{pads[2], pads[4], pads[3], pads[5]};
}

/// Input, strides, dilations and padding of a layer. A Pad before it becomes part of it where `takes_pads`.
Result<Window> window_of(TfBuilder& builder, const TfNode& node, bool takes_pads) {
  Window window;
  POISE_TRY(Ints strides, pair_of(node, "strides"));
  POISE_TRY(Ints dilations, pair_of(node, "dilations"));
  window.attributes = {{"strides", std::move(strides)}, {"dilations", std::move(dilations)}};
  const std::string padding = node.text("padding", "VALID");
  if (padding == "SAME") {
    window.attributes["auto_pad"] = std::string("SAME_UPPER");
  } else if (padding != "VALID") {
    return unsupported("its padding is " + padding + ", only SAME and VALID are supported");
  }
  const TfNode* const before = builder.producer(node.inputs[0]);
  if (takes_pads && padding == "VALID" && before != nullptr && before->inputs.size() >= 2) {
    POISE_TRY(const Ints pads, zero_pads(builder, *before));
    if (!pads.empty()) {
      window.attributes["pads"] = pads;
      POISE_TRY(window.input, builder.planar(before->inputs[0]));
      return window;
    }
  }
  POISE_TRY(window.input, builder.planar(node.inputs[0]));
  return window;
}

/// The bias as one list, where there is one.
Status add_bias(TfBuilder& builder, const TfNode& node, std::int64_t channels, std::vector<ValueId>& inputs) {
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return {};
  POISE_TRY(const ValueId bias, builder.plain(node.inputs[2]));
  if (builder.info(bias).shape != Shape{channels}) {
    return malformed("its bias is " + to_string(builder.info(bias).shape) + ", it must be " + std::to_string(channels));
  }
  inputs.push_back(bias);
  return {};
}

/// The activation of a convolution; a slope for each channel comes after the bias.
Translated finished(TfBuilder& builder, ValueId made, const TfNode& node) {
  if (node.text("activation", "") != "Prelu") {
    POISE_TRY(const ValueId id, activated(builder, made, node));
    return one({id, true});
  }
  if (node.inputs.size() != 4 || !builder.is_constant(node.inputs[3])) return malformed("its slopes are no constant");
  POISE_TRY(const ValueId slopes, builder.planar(node.inputs[3]));
  POISE_TRY(const ValueId id, builder.add("PRelu", {made, slopes}));
  return one({id, true});
}

Translated conv(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 4));
  POISE_TRY(Window window, window_of(builder, node, true));
  POISE_TRY(const Shape stored, builder.shape(node.inputs[1]));
  if (stored.size() != 4) return malformed("its weight is " + to_string(stored));
  const bool hwio = node.text("filter", "HWIO") == "HWIO";
  const Shape shape =
      hwio ? Shape{stored[3], stored[2], stored[0], stored[1]} : Shape{stored[0], stored[3], stored[1], stored[2]};
  const std::vector<int> axes = hwio ? std::vector<int>{3, 2, 0, 1} : std::vector<int>{0, 3, 1, 2};
  POISE_TRY(const ValueId weight, builder.weight(node.inputs[1], axes, shape, axes[0], 0));
  const std::int64_t channels = builder.info(window.input).shape[1];
  if (shape[1] < 1 || channels % shape[1] != 0) {
    return malformed("its weight is " + to_string(stored) + ", its input has " + std::to_string(channels) +
                     " channels");
  }
  window.attributes["group"] = channels / shape[1];
  std::vector<ValueId> inputs{window.input, weight};
  POISE_RETURN_IF_ERROR(add_bias(builder, node, shape[0], inputs));
  POISE_TRY(const ValueId made, builder.add("Conv", std::move(inputs), std::move(window.attributes)));
  return finished(builder, made, node);
}

Translated depthwise(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 4));
  POISE_TRY(Window window, window_of(builder, node, true));
  POISE_TRY(const Shape stored, builder.shape(node.inputs[1]));
  if (stored.size() != 4) return malformed("its weight is " + to_string(stored));
  const bool hwcm = node.text("filter", "HWCM") == "HWCM";
  const std::int64_t height = stored[hwcm ? 0 : 1], width = stored[hwcm ? 1 : 2];
  POISE_TRY(const std::int64_t all, element_count(stored));
  if (height < 1 || width < 1) return malformed("its weight is " + to_string(stored));
  const std::int64_t outputs = all / (height * width);
  const std::vector<int> axes = hwcm ? std::vector<int>{2, 3, 0, 1} : std::vector<int>{0, 3, 1, 2};
  POISE_TRY(const ValueId weight, builder.weight(node.inputs[1], axes, Shape{outputs, 1, height, width}, 3, 0));
  window.attributes["group"] = builder.info(window.input).shape[1];
  std::vector<ValueId> inputs{window.input, weight};
  POISE_RETURN_IF_ERROR(add_bias(builder, node, outputs, inputs));
  POISE_TRY(const ValueId made, builder.add("Conv", std::move(inputs), std::move(window.attributes)));
  return finished(builder, made, node);
}

/// Inputs: the output's shape, the weight (O, H, W, I), the picture, maybe a bias.
Translated transposed_conv(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 3, 4));
  POISE_TRY(const Ints wanted, builder.integers(node, 0));
  POISE_TRY(const Shape stored, builder.shape(node.inputs[1]));
  if (stored.size() != 4 || wanted.size() != 4)
    return malformed("its weight or its output's shape has not four extents");
  const bool hwoi = node.text("filter", "HWOI") == "HWOI";
  const Shape shape =
      hwoi ? Shape{stored[3], stored[2], stored[0], stored[1]} : Shape{stored[3], stored[0], stored[1], stored[2]};
  const std::vector<int> axes = hwoi ? std::vector<int>{3, 2, 0, 1} : std::vector<int>{3, 0, 1, 2};
  POISE_TRY(const ValueId weight, builder.weight(node.inputs[1], axes, shape, axes[1], 1));
  POISE_TRY(const ValueId input, builder.planar(node.inputs[2]));
  POISE_TRY(Ints strides, pair_of(node, "strides"));
  TfAttributes attributes{{"strides", std::move(strides)}, {"output_shape", Ints{wanted[1], wanted[2]}}};
  attributes["auto_pad"] = std::string("SAME_UPPER");
  std::vector<ValueId> inputs{input, weight};
  if (node.inputs.size() > 3 && node.inputs[3] != kNoValue) {
    POISE_TRY(const ValueId bias, builder.plain(node.inputs[3]));
    inputs.push_back(bias);
  }
  POISE_TRY(const ValueId made, builder.add("ConvTranspose", std::move(inputs), std::move(attributes)));
  POISE_TRY(const ValueId id, activated(builder, made, node));
  return one({id, true});
}

Translated pool(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  POISE_TRY(Window window, window_of(builder, node, false));
  window.attributes.erase("dilations");
  window.attributes["kernel_shape"] = node.integers("kernel");
  POISE_TRY(const ValueId made, builder.add(node.op == "MaxPool" ? "MaxPool" : "AveragePool", {window.input},
                                            std::move(window.attributes)));
  POISE_TRY(const ValueId id, activated(builder, made, node));
  return one({id, true});
}

/// (N, C) of the input, and the height and width that are asked for.
Result<ValueId> resized_shape(TfBuilder& builder, const TfNode& node, ValueId input) {
  POISE_TRY(const Shape asked, builder.shape(node.inputs[1]));
  if (asked != Shape{2}) return malformed("the size is " + to_string(asked) + ", it must be two numbers");
  if (builder.are_fixed()) {
    POISE_TRY(const Ints size, builder.integers(node, 1));
    const Shape& shape = builder.info(input).shape;
    return builder.constant(Ints{shape[0], shape[1], size[0], size[1]}, node.name + ".size");
  }
  POISE_TRY(const ValueId size, builder.plain(node.inputs[1]));
  POISE_TRY(const ValueId shape, builder.add("Shape", {input}));
  POISE_TRY(const ValueId first, builder.constant(Ints{0}, node.name + ".first"));
  POISE_TRY(const ValueId second, builder.constant(Ints{2}, node.name + ".second"));
  POISE_TRY(const ValueId head, builder.add("Slice", {shape, first, second}));
  return builder.add("Concat", {head, size}, {{"axis", std::int64_t{0}}});
}

/// Where an output pixel looks. Source: tensorflow/core/kernels/image/image_resizer_state.h; nearest:
/// resize_nearest_neighbor_op.cc.
Translated resize(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 2));
  const bool corners = node.integer("align_corners", 0) != 0;
  const bool centres = node.integer("half_pixel_centers", 0) != 0;
  const bool nearest = node.op == "ResizeNearestNeighbor";
  const char* places = corners ? "align_corners" : "asymmetric";
  if (centres && !corners) places = nearest ? "tf_half_pixel_for_nn" : "half_pixel";
  POISE_TRY(const ValueId input, builder.planar(node.inputs[0]));
  POISE_TRY(const ValueId size, resized_shape(builder, node, input));
  TfAttributes attributes{{"mode", std::string(nearest ? "nearest" : "linear")},
                          {"coordinate_transformation_mode", std::string(places)}};
  if (nearest) attributes["nearest_mode"] = std::string(corners ? "round_prefer_ceil" : "floor");
  POISE_TRY(const ValueId id, builder.add("Resize", {input, kNoValue, kNoValue, size}, std::move(attributes)));
  return one({id, true});
}

Translated batch_norm(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 5, 5));
  POISE_TRY(const ValueId input, builder.planar(node.inputs[0]));
  std::vector<ValueId> inputs{input};
  for (std::size_t i = 1; i < 5; ++i) {
    POISE_TRY(const ValueId list, builder.plain(node.inputs[i]));
    inputs.push_back(list);
  }
  POISE_TRY(const ValueId id,
            builder.add("BatchNormalization", std::move(inputs), {{"epsilon", node.real("epsilon", 1e-4F)}}));
  return std::vector<Laid>(1, {id, true});
}

Translated softmax(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 1, 1));
  const bool planes = builder.is_planar(node.inputs[0]);
  POISE_TRY(ValueId id, builder.as(node.inputs[0], planes));
  if (const float beta = node.real("beta", 1.0F); beta != 1.0F) {
    POISE_TRY(id, builder.add("Mul", {id, builder.number(beta)}));
  }
  const char* op = node.op == "Softmax" ? "Softmax" : "LogSoftmax";
  POISE_TRY(id, builder.add(op, {id}, {{"axis", std::int64_t{planes ? 1 : -1}}}));
  return one({id, planes});
}

/// y = x W^T + b, W (O, I); x is flattened to rows of I, unless its other extents are to be kept.
Translated fully_connected(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 3));
  POISE_TRY(const Shape stored, builder.shape(node.inputs[1]));
  if (stored.size() != 2 || stored[1] < 1) return malformed("its weight is " + to_string(stored));
  POISE_TRY(ValueId input, builder.plain(node.inputs[0]));
  const bool keeps = node.integer("keep_num_dims", 0) != 0;
  if (!keeps && builder.info(input).shape.size() != 2) {
    POISE_TRY(const ValueId rows, builder.constant(Ints{-1, stored[1]}, node.name + ".rows"));
    POISE_TRY(input, builder.add("Reshape", {input, rows}));
  }
  std::vector<ValueId> inputs;
  if (keeps) {
    POISE_TRY(const ValueId weight, builder.weight(node.inputs[1], {1, 0}, Shape{stored[1], stored[0]}, 0, 1));
    POISE_TRY(ValueId id, builder.add("MatMul", {input, weight}));
    POISE_RETURN_IF_ERROR(add_bias(builder, node, stored[0], inputs));
    if (!inputs.empty()) {
      POISE_TRY(id, builder.add("Add", {id, inputs[0]}));
    }
    POISE_TRY(id, activated(builder, id, node));
    return one({id, false});
  }
  POISE_TRY(const ValueId weight, builder.weight(node.inputs[1], {0, 1}, stored, 0, 0));
  inputs = {input, weight};
  POISE_RETURN_IF_ERROR(add_bias(builder, node, stored[0], inputs));
  POISE_TRY(ValueId id, builder.add("Gemm", std::move(inputs), {{"transB", std::int64_t{1}}}));
  POISE_TRY(id, activated(builder, id, node));
  return one({id, false});
}

/// MatMul and BatchMatMul, either side maybe transposed; _FusedMatMul has a bias and an activation.
Translated mat_mul(TfBuilder& builder, const TfNode& node) {
  POISE_RETURN_IF_ERROR(expect_inputs(node, 2, 3));
  std::array<ValueId, 2> sides{};
  for (std::size_t i = 0; i < 2; ++i) {
    POISE_TRY(sides[i], builder.plain(node.inputs[i]));
    if (node.integer(i == 0 ? "transpose_a" : "transpose_b", 0) == 0) continue;
    Ints perm(builder.info(sides[i]).shape.size());
    if (perm.size() < 2) return malformed("a matrix has two axes or more");
    for (std::size_t axis = 0; axis < perm.size(); ++axis) perm[axis] = static_cast<std::int64_t>(axis);
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    POISE_TRY(sides[i], builder.add("Transpose", {sides[i]}, {{"perm", std::move(perm)}}));
  }
  POISE_TRY(ValueId id, builder.add("MatMul", {sides[0], sides[1]}));
  if (node.inputs.size() > 2) {
    POISE_TRY(const ValueId bias, builder.plain(node.inputs[2]));
    POISE_TRY(id, builder.add("Add", {id, bias}));
  }
  POISE_TRY(id, activated(builder, id, node));
  return one({id, false});
}

constexpr TfOperator kLayers[] = {
    {"Conv2D", conv},
    {"_FusedConv2D", conv},
    {"DepthwiseConv2dNative", depthwise},
    {"FusedDepthwiseConv2dNative", depthwise},
    {"Conv2DBackpropInput", transposed_conv},
    {"MaxPool", pool},
    {"AvgPool", pool},
    {"ResizeBilinear", resize},
    {"ResizeNearestNeighbor", resize},
    {"FusedBatchNorm", batch_norm},
    {"FusedBatchNormV3", batch_norm},
    {"Softmax", softmax},
    {"LogSoftmax", softmax},
    {"FullyConnected", fully_connected},
    {"MatMul", mat_mul},
    {"_FusedMatMul", mat_mul},
    {"BatchMatMul", mat_mul},
    {"BatchMatMulV2", mat_mul},
};

}  // namespace

std::span<const TfOperator> tf_layers() { return kLayers; }

}  // namespace poise
