#include "operator_cases.h"

#include <algorithm>
#include <limits>

#include "poise/base/random.h"

namespace poise::conformance {
namespace {

using Attributes = std::map<std::string, Attribute, std::less<>>;
using Ints = std::vector<std::int64_t>;
using Reals = std::vector<float>;

/// An argument of the operator: what runs through it (`in`), what is fixed (`fixed`, `ints`, `reals`), or nothing.
struct Argument {
  enum class Kind { kInput, kConstant, kNone } kind = Kind::kNone;
  Shape shape;
  float low = -2;
  float high = 2;
  std::shared_ptr<const Tensor> tensor;
};

std::shared_ptr<const Tensor> random_tensor(const Shape& shape, std::uint64_t seed, float low, float high) {
  auto tensor = std::make_shared<Tensor>(shape);
  Random random(seed);
  for (float& value : tensor->floats()) value = static_cast<float>(random.uniform(low, high));
  return tensor;
}

Argument in(Shape shape, float low = -2, float high = 2) {
  return {Argument::Kind::kInput, std::move(shape), low, high, nullptr};
}
Argument constant(Tensor tensor) {
  return {Argument::Kind::kConstant, tensor.shape(), 0, 0, std::make_shared<const Tensor>(std::move(tensor))};
}
Argument fixed(const Shape& shape, float low = -1, float high = 1) {
  const auto seed = static_cast<std::uint64_t>(shape.empty() ? 1 : 7 + shape[0]);
  return constant(random_tensor(shape, seed, low, high)->clone());
}
Argument ints(const Ints& values) { return constant(Tensor::from({static_cast<std::int64_t>(values.size())}, values)); }
Argument index(std::int64_t value) { return constant(Tensor::from(Shape{}, Ints{value})); }
Argument reals(const Reals& values) {
  return constant(Tensor::from({static_cast<std::int64_t>(values.size())}, values));
}
Argument real(float value) { return constant(Tensor::from(Shape{}, Reals{value})); }
Argument none() { return {}; }
template <typename T>
Argument typed(const Shape& shape, DType type, const std::vector<T>& values) {
  Tensor tensor(shape, type);
  std::copy(values.begin(), values.end(), tensor.as<T>().begin());
  return constant(std::move(tensor));
}

class Cases {
 public:
  void add(const std::string& op, const std::string& what, float tolerance, const std::vector<Argument>& arguments,
           Attributes attributes = {}, int outputs = 1) {
    OperatorCase one{op, what, tolerance, {}, {}, {}};
    std::vector<ValueId> ids;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Argument& argument = arguments[i];
      const std::string name = "x" + std::to_string(i);
      if (argument.kind == Argument::Kind::kNone) {
        ids.push_back(kNoValue);
      } else if (argument.kind == Argument::Kind::kConstant) {
        ids.push_back(one.graph.add_constant(name, argument.tensor));
      } else {
        ids.push_back(one.graph.add_input(name, argument.shape));
        one.shapes.push_back(argument.shape);
        one.range.emplace_back(argument.low, argument.high);
      }
    }
    one.graph.outputs = {one.graph.add_node(op, "node", std::move(ids), "y0", std::move(attributes))};
    for (int i = 1; i < outputs; ++i) {
      const ValueId id = one.graph.add_value("y" + std::to_string(i));
      one.graph.nodes[0].outputs.push_back(id);
      one.graph.outputs.push_back(id);
    }
    one.graph.validate().value();
    list.push_back(std::move(one));
  }

  std::vector<OperatorCase> list;
};

const Shape kMap{2, 24, 13, 11};   // odd extents, channels no multiple of 16
const Shape kWide{1, 64, 32, 24};  // as in the middle of a pose network

void add_convolutions(Cases& c) {
  const Attributes padded{{"pads", Ints{1, 1, 1, 1}}};
  c.add("Conv", "3x3", 1e-5F, {in(kWide), fixed({64, 64, 3, 3}), fixed({64})}, padded);
  c.add("Conv", "3x3, Winograd on few pixels", 1e-4F, {in({2, 128, 8, 6}), fixed({96, 128, 3, 3})}, padded);
  c.add("Conv", "1x1", 1e-5F, {in(kWide), fixed({256, 64, 1, 1})});
  c.add("Conv", "strides and uneven pads", 1e-5F, {in(kMap), fixed({20, 24, 3, 3}), fixed({20})},
        {{"strides", Ints{2, 1}}, {"pads", Ints{0, 1, 2, 1}}});
  c.add("Conv", "depthwise", 1e-5F, {in(kMap), fixed({24, 1, 3, 3})},
        {{"pads", Ints{1, 1, 1, 1}}, {"group", std::int64_t{24}}});
  c.add("Conv", "groups", 1e-5F, {in(kMap), fixed({18, 4, 5, 3})}, {{"group", std::int64_t{6}}});
  c.add("Conv", "dilations", 1e-5F, {in(kMap), fixed({8, 24, 3, 3})},
        {{"dilations", Ints{2, 3}}, {"pads", Ints{2, 3, 2, 3}}});
  c.add("Conv", "7x7 stem", 1e-5F, {in({1, 3, 64, 48}), fixed({64, 3, 7, 7})},
        {{"strides", Ints{2, 2}}, {"pads", Ints{3, 3, 3, 3}}});
  c.add("Conv", "computed weight", 1e-5F, {in({1, 4, 5, 5}), in({6, 4, 3, 3})});
  c.add("ConvTranspose", "4x4, stride 2", 1e-5F, {in({1, 64, 16, 12}), fixed({64, 32, 4, 4})},
        {{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}});
  c.add("ConvTranspose", "depthwise", 1e-5F, {in({2, 24, 7, 5}), fixed({24, 1, 4, 4}), fixed({24})},
        {{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}, {"group", std::int64_t{24}}});
  c.add("ConvTranspose", "5x5, stride 3, groups", 1e-5F, {in({2, 24, 7, 5}), fixed({24, 4, 5, 5})},
        {{"strides", Ints{3, 3}}, {"output_padding", Ints{2, 2}}, {"group", std::int64_t{6}}});
  c.add("Gemm", "a classifier", 1e-5F, {in({3, 96}), fixed({40, 96}), fixed({40})}, {{"transB", std::int64_t{1}}});
  c.add("MatMul", "two matrices", 1e-5F, {in({48, 64}), fixed({64, 40})});
  c.add("MatMul", "stacks, broadcast", 1e-5F, {in({2, 3, 7, 16}), in({3, 16, 5})});
  c.add("MatMul", "a matrix and a vector", 1e-5F, {in({7, 16}), in({16})});
}

void add_pools(Cases& c) {
  const Attributes three{{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}};
  c.add("MaxPool", "3x3, stride 2", 0, {in(kMap)}, three);
  c.add("MaxPool", "ceil, dilated", 0, {in(kMap)},
        {{"kernel_shape", Ints{2, 3}},
         {"strides", Ints{2, 2}},
         {"dilations", Ints{2, 1}},
         {"ceil_mode", std::int64_t{1}}});
  c.add("AveragePool", "3x3, stride 2", 1e-6F, {in(kMap)}, three);
  Attributes counted = three;
  counted["count_include_pad"] = std::int64_t{1};
  c.add("AveragePool", "pads counted", 1e-6F, {in(kMap)}, counted);
  c.add("AveragePool", "dilated", 1e-6F, {in(kMap)},
        {{"kernel_shape", Ints{3, 2}},
         {"dilations", Ints{2, 3}},
         {"pads", Ints{1, 1, 2, 1}},
         {"count_include_pad", std::int64_t{1}}});
  c.add("AveragePool", "ceil", 1e-6F, {in(kMap)},
        {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"ceil_mode", std::int64_t{1}}});
  c.add("GlobalAveragePool", "a map", 1e-5F, {in(kMap)});
  c.add("GlobalMaxPool", "a map", 0, {in(kMap)});
}

void add_norms(Cases& c) {
  c.add("BatchNormalization", "alone", 1e-5F, {in(kMap), fixed({24}), fixed({24}), fixed({24}), fixed({24}, 0.5F, 2)},
        {{"epsilon", 1e-3F}});
  c.add("InstanceNormalization", "a map", 1e-4F, {in(kMap), fixed({24}), fixed({24})});
  c.add("LayerNormalization", "the last axis", 1e-5F, {in({2, 7, 24}), fixed({24}), fixed({24})});
  c.add("LayerNormalization", "no bias, from axis 1", 1e-5F, {in({2, 7, 24}), fixed({7, 24})},
        {{"axis", std::int64_t{1}}});
  c.add("RMSNormalization", "the last axis", 1e-5F, {in({2, 7, 24}), fixed({24})});
  c.add("GroupNormalization", "three groups", 1e-4F, {in(kMap), fixed({24}), fixed({24})},
        {{"num_groups", std::int64_t{3}}});
  c.add("LpNormalization", "a vector a pixel", 1e-5F, {in(kMap)}, {{"axis", std::int64_t{1}}});
  c.add("LRN", "five channels", 1e-5F, {in(kMap)},
        {{"size", std::int64_t{5}}, {"alpha", 1e-2F}, {"beta", 0.75F}, {"bias", 2.0F}});
  c.add("Softmax", "channels", 1e-5F, {in(kMap)}, {{"axis", std::int64_t{1}}});
  c.add("Softmax", "last axis", 1e-5F, {in({5, 17})});
  c.add("LogSoftmax", "channels", 1e-5F, {in(kMap)}, {{"axis", std::int64_t{1}}});
}

void add_elementwise(Cases& c) {
  for (const char* op : {"Relu", "Abs", "Neg", "Floor", "Ceil", "Round"}) c.add(op, "a map", 0, {in(kMap)});
  for (const char* op :
       {"Sigmoid", "Tanh", "Softplus", "Exp", "HardSwish", "Erf", "Gelu", "Mish", "Swish", "Sin", "Cos", "Softsign"}) {
    c.add(op, "a map", 1e-5F, {in(kMap, -6, 6)});
  }
  for (const char* op : {"Sqrt", "Log", "Reciprocal"}) c.add(op, "a map", 1e-5F, {in(kMap, 0.25F, 4)});
  c.add("Gelu", "by tanh", 1e-5F, {in(kMap, -6, 6)}, {{"approximate", std::string("tanh")}});
  c.add("Swish", "steeper", 1e-5F, {in(kMap, -6, 6)}, {{"alpha", 1.702F}});
  c.add("Celu", "a map", 1e-5F, {in(kMap)}, {{"alpha", 1.5F}});
  c.add("ThresholdedRelu", "a map", 0, {in(kMap)}, {{"alpha", 0.7F}});
  c.add("Sign", "a map", 0, {in(kMap)});
  c.add("LeakyRelu", "a map", 1e-6F, {in(kMap)}, {{"alpha", 0.1F}});
  c.add("Elu", "a map", 1e-5F, {in(kMap)}, {{"alpha", 1.5F}});
  c.add("Selu", "a map", 1e-5F, {in(kMap)});
  c.add("HardSigmoid", "MobileNetV3's", 1e-6F, {in(kMap, -6, 6)}, {{"alpha", 1.0F / 6}, {"beta", 0.5F}});
  c.add("PRelu", "a slope a channel", 1e-6F, {in(kMap), fixed({24, 1, 1})});
  c.add("Clip", "0 to 6", 0, {in(kMap, -8, 8), real(0), real(6)});
  c.add("Clip", "one bound", 0, {in(kMap), none(), real(1)});
  for (const char* op : {"Add", "Sub", "Mul"}) {
    c.add(op, "same shapes", 1e-6F, {in(kMap), in(kMap)});
    c.add(op, "a constant a channel", 1e-6F, {in(kMap), fixed({24, 1, 1})});
    c.add(op, "a computed value a channel", 1e-6F, {in(kMap), in({2, 24, 1, 1})});
    c.add(op, "a scalar first", 1e-6F, {real(2.5F), in(kMap)});
    c.add(op, "both broadcast", 1e-6F, {in({3, 1, 5}), in({4, 1})});
    c.add(op, "a constant of fewer extents", 1e-6F, {in({1, 24, 1, 1}), fixed({24, 1, 1})});
    c.add(op, "a constant on the left", 1e-6F, {fixed({24, 1, 1}), in(kMap)});
    c.add(op, "a constant of the output's shape", 1e-6F, {in({24, 1, 1}), fixed({2, 24, 13, 11})});
  }
  c.add("Div", "same shapes", 1e-6F, {in(kMap), in(kMap, 0.5F, 2)});
  c.add("Div", "a scalar", 1e-6F, {in(kMap), real(3)});
  c.add("Pow", "a square", 1e-5F, {in(kMap), real(2)});
  c.add("Pow", "of computed values", 1e-5F, {in(kMap, 0.5F, 2), in({24, 1, 1})});
  for (const char* op : {"Min", "Max"}) {
    c.add(op, "three", 0, {in(kMap), in(kMap), in({24, 1, 1})});
    c.add(op, "one", 0, {in(kMap)});
  }
  c.add("Pow", "a root", 1e-5F, {in(kMap, 0.5F, 2), real(0.5F)});
  c.add("Sum", "three", 1e-6F, {in(kMap), in({24, 1, 1}), in({13, 1})});
  c.add("Mean", "three", 1e-6F, {in(kMap), in({24, 1, 1}), in({13, 1})});
  c.add("Mod", "floats", 1e-6F, {in(kMap), real(0.7F)}, {{"fmod", std::int64_t{1}}});
  for (const char* op : {"Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"}) {
    c.add(op, "a threshold", 0, {in(kMap), real(0.5F)});
  }
  const auto bits = typed<bool>({4}, DType::kBool, {true, false, true, false});
  c.add("Not", "constants", 0, {bits});
  c.add("And", "constants", 0, {bits, bits});
  c.add("Or", "constants", 0, {bits, bits});
  c.add("Xor", "constants", 0, {bits, bits});
  c.add("Where", "a mask", 0, {typed<bool>({11}, DType::kBool, {1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1}), in(kMap), real(0)});
}

void add_shapes(Cases& c) {
  c.add("Reshape", "flat", 0, {in(kMap), ints({2, -1})});
  c.add("Flatten", "from axis 2", 0, {in(kMap)}, {{"axis", std::int64_t{2}}});
  c.add("Identity", "a map", 0, {in(kMap)});
  c.add("Dropout", "in use", 0, {in(kMap)});
  c.add("Constant", "a list", 0, {}, {{"value_floats", Reals{1, 2, 3}}});
  c.add("ConstantOfShape", "zeros", 0, {ints({2, 3})});
  c.add("Range", "a grid line", 0, {real(0), real(6), real(1.5F)});
  c.add("Shape", "of a map", 0, {in(kMap)});
  c.add("Cast", "to integers", 0, {in(kMap, -9, 9)}, {{"to", std::int64_t{7}}});
  c.add("CastLike", "of a constant", 0, {ints({3, -4}), in({1})});
  c.add("Size", "of a map", 0, {in(kMap)});
  c.add("NonZero", "of a constant", 0, {typed<bool>({2, 2}, DType::kBool, {true, false, true, true})});
  c.add("NonZero", "of a picture", 0, {in({3, 4, 5}, -2, 2)});
  c.add("NonMaxSuppression", "corners, two classes", 0,
        {in({2, 30, 4}, 0, 4), in({2, 2, 30}, 0, 1), ints({20}), reals({0.2F}), reals({0.1F})});
  c.add("NonMaxSuppression", "centres, whatever they score", 0,
        {in({1, 40, 4}, 1, 3), in({1, 1, 40}), ints({1000}), reals({0.4F})}, {{"center_point_box", std::int64_t{1}}});
  c.add("RoiAlign", "samples as they come", 1e-5F, {in(kMap), in({6, 4}, 0, 20), ints({0, 1, 1, 0, 1, 0})},
        {{"output_height", std::int64_t{3}}, {"output_width", std::int64_t{4}}, {"spatial_scale", 0.5F}});
  c.add("RoiAlign", "the largest", 1e-5F, {in(kMap), in({2, 4}, 0, 12), ints({1, 0})},
        {{"mode", std::string("max")},
         {"output_height", std::int64_t{2}},
         {"output_width", std::int64_t{2}},
         {"sampling_ratio", std::int64_t{2}},
         {"coordinate_transformation_mode", std::string("output_half_pixel")}});
  c.add("Transpose", "to channels last", 0, {in(kMap)}, {{"perm", Ints{0, 2, 3, 1}}});
  c.add("Transpose", "shuffle", 0, {in({1, 2, 12, 7, 5})}, {{"perm", Ints{0, 2, 1, 3, 4}}});
  c.add("Squeeze", "the batch", 0, {in({1, 24, 13, 11}), ints({0})});
  c.add("Unsqueeze", "two axes", 0, {in({24, 13}), ints({0, 3})});
  c.add("Expand", "a row", 0, {in({24, 1, 1}), ints({2, 24, 3, 5})});
  c.add("Tile", "twice", 0, {in(kMap), ints({1, 1, 2, 2})});
  c.add("Concat", "whole blocks of channels", 0, {in({2, 32, 5, 4}), in({2, 16, 5, 4})}, {{"axis", std::int64_t{1}}});
  c.add("Concat", "odd channels", 0, {in({2, 3, 5, 4}), in({2, 10, 5, 4}), fixed({2, 4, 5, 4})},
        {{"axis", std::int64_t{1}}});
  c.add("Concat", "rows", 0, {in(kMap), in({2, 24, 2, 11})}, {{"axis", std::int64_t{2}}});
  c.add("Split", "two halves of the channels", 0, {in(kWide)}, {{"axis", std::int64_t{1}}}, 2);
  c.add("Split", "a smaller last part", 0, {in(kMap)}, {{"axis", std::int64_t{1}}, {"num_outputs", std::int64_t{5}}},
        5);
  c.add("Split", "uneven", 0, {in(kMap), ints({5, 12, 7})}, {{"axis", std::int64_t{1}}}, 3);
  c.add("Slice", "every second pixel", 0, {in(kMap), ints({0, 1}), ints({99, 99}), ints({2, 3}), ints({2, 2})});
  c.add("Slice", "channels", 0, {in(kWide), ints({16}), ints({48}), ints({1})});
  c.add("Slice", "backwards", 0, {in(kMap), ints({-1}), ints({-99}), ints({3}), ints({-1})});
  c.add("Gather", "channels", 0, {in(kMap), ints({3, -1, 0})}, {{"axis", std::int64_t{1}}});
  c.add("GatherElements", "along a row", 0,
        {in({2, 3, 4}), typed<std::int64_t>({2, 3, 2}, DType::kInt64, {0, 3, 1, 1, 2, -1, 3, 3, 0, 0, 2, 1})},
        {{"axis", std::int64_t{2}}});
  c.add("GatherND", "rows", 0, {in({2, 3, 4}), typed<std::int64_t>({3, 2}, DType::kInt64, {0, 1, 1, -1, 0, 0})});
  c.add("GatherND", "in a batch", 0, {in({2, 3, 4}), typed<std::int64_t>({2, 1}, DType::kInt64, {2, 0})},
        {{"batch_dims", std::int64_t{1}}});
  c.add("ScatterElements", "added", 1e-6F,
        {in({2, 4}), typed<std::int64_t>({2, 2}, DType::kInt64, {1, 1, -1, 0}), in({2, 2})},
        {{"axis", std::int64_t{1}}, {"reduction", std::string("add")}});
  c.add("ScatterND", "rows", 0, {in({4, 3}), typed<std::int64_t>({2, 1}, DType::kInt64, {3, 1}), in({2, 3})});
  c.add("TopK", "the largest", 0, {in({2, 3, 40}), ints({5})}, {}, 2);
  c.add("TopK", "the smallest columns", 0, {in({2, 30, 7}), ints({4})},
        {{"axis", std::int64_t{1}}, {"largest", std::int64_t{0}}}, 2);
  c.add("CumSum", "backwards", 1e-5F, {in(kMap), index(2)},
        {{"reverse", std::int64_t{1}}, {"exclusive", std::int64_t{1}}});
  c.add("Trilu", "below", 0, {in({2, 5, 6}), index(1)}, {{"upper", std::int64_t{0}}});
  c.add("Einsum", "attention", 1e-5F, {in({2, 3, 5, 8}), in({2, 3, 7, 8})},
        {{"equation", std::string("bhqd,bhkd->bhqk")}});
  c.add("Einsum", "a matrix under an ellipsis", 1e-5F, {in({2, 3, 5}), fixed({5, 4})},
        {{"equation", std::string("...c,cd->...d")}});
  c.add("Einsum", "a diagonal's sum", 1e-5F, {in({3, 5, 5})}, {{"equation", std::string("bii->b")}});
  c.add("Gather", "one row", 0, {in(kMap), index(2)}, {{"axis", std::int64_t{2}}});
  c.add("Pad", "constant", 0, {in(kMap), ints({0, 0, 1, 2, 0, 0, 3, 4}), real(0.5F)});
  c.add("Pad", "reflect", 0, {in(kMap), ints({0, 0, 1, 2, 0, 0, 3, 4})}, {{"mode", std::string("reflect")}});
  c.add("Pad", "edge", 0, {in(kMap), ints({0, 0, 1, 2, 0, 0, 3, 4})}, {{"mode", std::string("edge")}});
  c.add("Pad", "two axes named", 0, {in(kMap), ints({1, 2, 3, 0}), none(), ints({3, -2})});
  c.add("Pad", "wrap", 0, {in(kMap), ints({0, 0, 1, 2, 0, 0, 3, 4})}, {{"mode", std::string("wrap")}});
  c.add("DepthToSpace", "DCR", 0, {in({1, 36, 4, 5})}, {{"blocksize", std::int64_t{3}}});
  c.add("DepthToSpace", "CRD", 0, {in({1, 36, 4, 5})}, {{"blocksize", std::int64_t{3}}, {"mode", std::string("CRD")}});
  c.add("SpaceToDepth", "2", 0, {in({1, 3, 8, 10})}, {{"blocksize", std::int64_t{2}}});
}

void add_resizes(Cases& c) {
  const Attributes up{{"mode", std::string("nearest")},
                      {"coordinate_transformation_mode", std::string("asymmetric")},
                      {"nearest_mode", std::string("floor")}};
  c.add("Resize", "nearest, twice", 0, {in(kMap), none(), reals({1, 1, 2, 2})}, up);
  c.add("Resize", "nearest, odd factor", 0, {in(kMap), none(), reals({1, 1, 1.5F, 2.25F})}, up);
  c.add("Resize", "nearest, smaller, by centres", 0, {in(kMap), none(), none(), ints({2, 24, 6, 7})});
  const auto linear = [](const char* mode) -> Attributes {
    return {{"mode", std::string("linear")}, {"coordinate_transformation_mode", std::string(mode)}};
  };
  c.add("Resize", "linear, by centres", 1e-5F, {in(kMap), none(), reals({1, 1, 2, 2})}, linear("half_pixel"));
  c.add("Resize", "linear, PyTorch's", 1e-5F, {in(kMap), none(), none(), ints({2, 24, 20, 30})},
        linear("pytorch_half_pixel"));
  c.add("Resize", "linear, corners", 1e-5F, {in(kMap), none(), none(), ints({2, 24, 26, 22})}, linear("align_corners"));
  Attributes antialiased = linear("half_pixel");
  antialiased["antialias"] = std::int64_t{1};
  antialiased["axes"] = Ints{2, 3};
  c.add("Resize", "linear, antialiased", 1e-5F, {in(kMap), none(), none(), ints({5, 30})}, antialiased);
  const auto points = fixed({2, 6, 5, 2}, -1.2F, 1.2F);
  for (const char* mode : {"nearest", "linear", "cubic"}) {
    for (const char* padding : {"zeros", "border", "reflection"}) {
      c.add("GridSample", std::string(mode) + ", " + padding, 1e-5F, {in(kMap), points},
            {{"mode", std::string(mode)}, {"padding_mode", std::string(padding)}});
    }
  }
  c.add("Resize", "linear, asymmetric", 1e-5F, {in(kMap), none(), reals({1, 1, 2, 3})}, linear("asymmetric"));
}

void add_reductions(Cases& c) {
  for (const char* op : {"ReduceMean", "ReduceMax", "ReduceMin"}) {
    const float tolerance = std::string(op) == "ReduceMean" ? 1e-5F : 0.0F;
    c.add(op, "the picture", tolerance, {in(kMap)}, {{"axes", Ints{2, 3}}});
    c.add(op, "channels, dropped", tolerance, {in(kMap)}, {{"axes", Ints{-3}}, {"keepdims", std::int64_t{0}}});
    c.add(op, "all", tolerance, {in(kMap)});
  }
  for (const char* op : {"ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp", "ReduceProd"}) {
    c.add(op, "channels", 1e-5F, {in(kMap, 0.5F, 2), ints({1})});
  }
  c.add("ReduceMean", "axes as an input", 1e-5F, {in(kMap), ints({-1, -2})}, {{"keepdims", std::int64_t{0}}});
  c.add("ReduceMax", "no axes, nothing done", 0, {in(kMap), ints({})}, {{"noop_with_empty_axes", std::int64_t{1}}});
  c.add("ReduceSum", "the picture", 1e-5F, {in(kMap), ints({2, 3})});
  for (const char* op : {"ArgMax", "ArgMin"}) {
    c.add(op, "of a heatmap", 0, {in({2, 17, 60})}, {{"axis", std::int64_t{2}}, {"keepdims", std::int64_t{0}}});
  }
}

void add_quantisation(Cases& c) {
  const auto zero = typed<std::uint8_t>({}, DType::kUint8, {12});
  c.add("QuantizeLinear", "a list of one scale, one zero point", 0, {in(kMap), reals({0.05F}), zero});
  c.add("DequantizeLinear", "one scale, a list of one zero point", 0,
        {typed<std::int8_t>({3}, DType::kInt8, {1, -2, 3}), real(0.5F), typed<std::int8_t>({1}, DType::kInt8, {2})});
  c.add("QuantizeLinear", "one scale", 0, {in(kMap), real(0.05F), zero});
  c.add("DequantizeLinear", "a scale a channel", 1e-6F,
        {typed<std::int8_t>({3, 2}, DType::kInt8, {1, -2, 3, 127, -128, 0}), reals({0.5F, 0.25F, 2}),
         typed<std::int8_t>({3}, DType::kInt8, {0, 1, -3})},
        {{"axis", std::int64_t{0}}});
}

}  // namespace

std::vector<OperatorCase> operator_cases() {
  Cases cases;
  add_convolutions(cases);
  add_pools(cases);
  add_norms(cases);
  add_elementwise(cases);
  add_shapes(cases);
  add_resizes(cases);
  add_reductions(cases);
  add_quantisation(cases);
  return std::move(cases.list);
}

float tolerance_of(const std::vector<OperatorCase>& cases, const std::string& op) {
  float most = 0;
  for (const OperatorCase& one : cases) {
    if (one.op == op) most = std::max(most, one.tolerance);
  }
  return most;
}

}  // namespace poise::conformance
