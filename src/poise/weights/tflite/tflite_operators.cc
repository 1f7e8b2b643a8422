#include "poise/weights/tflite/tflite_operators.h"

#include <algorithm>
#include <array>

namespace poise {
namespace {

using Ints = std::vector<std::int64_t>;

void put_activation(TfAttributes& attributes, const FlatTable& options, unsigned field) {
  // schema.fbs, ActivationFunctionType
  constexpr std::array<const char*, 6> kNames = {"", "Relu", "Relu_N1_TO_1", "Relu6", "Tanh", "SignBit"};
  const auto activation = options.scalar<std::uint8_t>(field);
  if (activation == 0) return;
  attributes["activation"] =
      activation < kNames.size() ? std::string(kNames[activation]) : "number " + std::to_string(activation);
}

/// padding, stride_w, stride_h in the first three fields.
void put_window(TfAttributes& attributes, const FlatTable& options) {
  attributes["padding"] = std::string(options.scalar<std::uint8_t>(0) == 0 ? "SAME" : "VALID");
  attributes["strides"] = Ints{options.scalar<std::int32_t>(2), options.scalar<std::int32_t>(1)};
}

void put_flag(TfAttributes& attributes, const char* name, const FlatTable& options, unsigned field) {
  attributes[name] = std::int64_t{options.scalar<std::uint8_t>(field) != 0};
}
void put_integer(TfAttributes& attributes, const char* name, const FlatTable& options, unsigned field) {
  attributes[name] = std::int64_t{options.scalar<std::int32_t>(field)};
}

// Each fills in the attributes of one table of options.
using Fill = void (*)(TfAttributes&, const FlatTable&);

void conv(TfAttributes& a, const FlatTable& options) {
  put_window(a, options);
  put_activation(a, options, 3);
  a["dilations"] = Ints{options.scalar<std::int32_t>(5, 1), options.scalar<std::int32_t>(4, 1)};
  a["filter"] = std::string("OHWI");
}
void depthwise(TfAttributes& a, const FlatTable& options) {
  put_window(a, options);
  put_activation(a, options, 4);
  a["dilations"] = Ints{options.scalar<std::int32_t>(6, 1), options.scalar<std::int32_t>(5, 1)};
  a["filter"] = std::string("1HWC");
}
void transposed_conv(TfAttributes& a, const FlatTable& options) {
  put_window(a, options);
  put_activation(a, options, 3);
  a["filter"] = std::string("OHWI");
}
void pool(TfAttributes& a, const FlatTable& options) {
  put_window(a, options);
  a["kernel"] = Ints{options.scalar<std::int32_t>(4), options.scalar<std::int32_t>(3)};
  put_activation(a, options, 5);
}
void fully_connected(TfAttributes& a, const FlatTable& options) {
  put_activation(a, options, 0);
  put_flag(a, "keep_num_dims", options, 2);
}
void activation_alone(TfAttributes& a, const FlatTable& options) { put_activation(a, options, 0); }
void concat(TfAttributes& a, const FlatTable& options) {
  put_integer(a, "axis", options, 0);
  put_activation(a, options, 1);
}
void block(TfAttributes& a, const FlatTable& options) { put_integer(a, "block_size", options, 0); }
void bilinear(TfAttributes& a, const FlatTable& options) {
  put_flag(a, "align_corners", options, 2);
  put_flag(a, "half_pixel_centers", options, 3);
}
void nearest(TfAttributes& a, const FlatTable& options) {
  put_flag(a, "align_corners", options, 0);
  put_flag(a, "half_pixel_centers", options, 1);
}
void softmax(TfAttributes& a, const FlatTable& options) { a["beta"] = options.scalar<float>(0, 1.0F); }
void reducer(TfAttributes& a, const FlatTable& options) { put_flag(a, "keep_dims", options, 0); }
void squeeze(TfAttributes& a, const FlatTable& options) {
  const auto axes = options.vector<std::int32_t>(0);
  Ints list;
  for (std::size_t i = 0; i < std::min<std::size_t>(axes.size(), 64); ++i) list.push_back(axes[i]);
  a["squeeze_dims"] = std::move(list);
}
void strided_slice(TfAttributes& a, const FlatTable& options) {
  constexpr std::array<const char*, 5> kMasks = {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask",
                                                 "shrink_axis_mask"};
  for (unsigned field = 0; field < kMasks.size(); ++field) put_integer(a, kMasks[field], options, field);
}
void pack(TfAttributes& a, const FlatTable& options) { put_integer(a, "axis", options, 1); }
void gather(TfAttributes& a, const FlatTable& options) {
  put_integer(a, "axis", options, 0);
  put_integer(a, "batch_dims", options, 1);
}
void leaky_relu(TfAttributes& a, const FlatTable& options) { a["alpha"] = options.scalar<float>(0); }
void gelu(TfAttributes& a, const FlatTable& options) { put_flag(a, "approximate", options, 0); }
void mirror_pad(TfAttributes& a, const FlatTable& options) {
  a["mode"] = std::string(options.scalar<std::uint8_t>(0) == 0 ? "REFLECT" : "SYMMETRIC");
}
void batch_mat_mul(TfAttributes& a, const FlatTable& options) {
  put_flag(a, "transpose_a", options, 0);
  put_flag(a, "transpose_b", options, 1);
}
/// ONNX's numbers of the types: 1 float, 7 integers, 9 bool.
void cast(TfAttributes& a, const FlatTable& options) {
  constexpr std::uint8_t kFloats[] = {0, 1, 10};
  constexpr std::uint8_t kBool = 6;
  const auto type = options.scalar<std::uint8_t>(1);
  const bool is_float = std::ranges::find(kFloats, type) != std::end(kFloats);
  a["to"] = std::int64_t{is_float ? 1 : type == kBool ? 9 : 7};
}

struct Builtin {
  std::int32_t number;
  const char* name;
  Fill fill = nullptr;
};
constexpr Builtin kBuiltins[] = {
    {0, "AddV2", activation_alone},
    {1, "AvgPool", pool},
    {2, "Concat", concat},
    {3, "Conv2D", conv},
    {4, "DepthwiseConv2dNative", depthwise},
    {5, "DepthToSpace", block},
    {6, "Dequantize"},
    {8, "Floor"},
    {9, "FullyConnected", fully_connected},
    {14, "Sigmoid"},
    {17, "MaxPool", pool},
    {18, "Mul", activation_alone},
    {19, "Relu"},
    {20, "Relu_N1_TO_1"},
    {21, "Relu6"},
    {22, "Reshape"},
    {23, "ResizeBilinear", bilinear},
    {25, "Softmax", softmax},
    {26, "SpaceToDepth", block},
    {28, "Tanh"},
    {34, "Pad"},
    {36, "Gather", gather},
    {39, "Transpose"},
    {40, "Mean", reducer},
    {41, "Sub", activation_alone},
    {42, "RealDiv", activation_alone},
    {43, "Squeeze", squeeze},
    {45, "StridedSlice", strided_slice},
    {47, "Exp"},
    {48, "TopKV2"},
    {49, "Split"},
    {50, "LogSoftmax"},
    {53, "Cast", cast},
    {54, "Prelu"},
    {55, "Maximum"},
    {56, "ArgMax"},
    {57, "Minimum"},
    {58, "Less"},
    {59, "Neg"},
    {60, "PadV2"},
    {61, "Greater"},
    {62, "GreaterEqual"},
    {63, "LessEqual"},
    {64, "Select"},
    {65, "Slice"},
    {67, "Conv2DBackpropInput", transposed_conv},
    {69, "Tile"},
    {70, "ExpandDims"},
    {71, "Equal"},
    {72, "NotEqual"},
    {73, "Log"},
    {74, "Sum", reducer},
    {75, "Sqrt"},
    {76, "Rsqrt"},
    {77, "Shape"},
    {78, "Pow"},
    {79, "ArgMin"},
    {81, "Prod", reducer},
    {82, "Max", reducer},
    {83, "Pack", pack},
    {84, "LogicalOr"},
    {86, "LogicalAnd"},
    {87, "LogicalNot"},
    {88, "Unpack", pack},
    {89, "Min", reducer},
    {90, "FloorDiv"},
    {92, "Square"},
    {93, "ZerosLike"},
    {94, "Fill"},
    {95, "FloorMod"},
    {96, "Range"},
    {97, "ResizeNearestNeighbor", nearest},
    {98, "LeakyRelu", leaky_relu},
    {99, "SquaredDifference"},
    {100, "MirrorPad", mirror_pad},
    {101, "Abs"},
    {102, "SplitV"},
    {104, "Ceil"},
    {106, "AddN"},
    {107, "GatherNd"},
    {110, "Rank"},
    {111, "Elu"},
    {114, "Quantize"},
    {116, "Round"},
    {117, "HardSwish"},
    {123, "SelectV2"},
    {124, "Densify"},
    {126, "BatchMatMul", batch_mat_mul},
    {130, "BroadcastTo"},
    {150, "Gelu", gelu},
};

}  // namespace

std::string tflite_operator(std::int32_t builtin) {
  const auto* const found = std::ranges::find(kBuiltins, builtin, &Builtin::number);
  return found != std::end(kBuiltins) ? found->name : "builtin operator " + std::to_string(builtin);
}

TfAttributes tflite_attributes(std::int32_t builtin, const FlatTable& options) {
  TfAttributes attributes;
  const auto* const found = std::ranges::find(kBuiltins, builtin, &Builtin::number);
  if (found != std::end(kBuiltins) && found->fill != nullptr) found->fill(attributes, options);
  return attributes;
}

}  // namespace poise
