#pragma once
// Networks in QDQ form for tests: float layers between QuantizeLinear and DequantizeLinear, weights as int8.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "kit/graphs.h"
#include "poise/graph/passes/passes.h"

namespace poise::kit {

class QdqNetwork {
 public:
  explicit QdqNetwork(std::uint64_t seed) : random(seed) { graph.opset = 13; }

  ValueId input(Shape shape) { return graph.add_input("x", std::move(shape)); }

  /// x -> QuantizeLinear -> DequantizeLinear.
  ValueId round(ValueId from, const Grid& grid) { return add_rounding(graph, from, grid, fresh("value")); }

  /// int8 weights of a scale each output channel (axis 0; a transposed one's axis 1), behind a DequantizeLinear.
  ValueId weight(const Shape& shape, std::size_t axis, float largest) {
    Tensor values(shape, DType::kInt8);
    for (std::int8_t& v : values.as<std::int8_t>()) v = static_cast<std::int8_t>(random.uniform(-127, 127));
    Tensor scales(Shape{shape[axis]});
    for (float& s : scales.floats()) s = static_cast<float>(random.uniform(0.5, 1.0) * largest / 127);
    const ValueId held = graph.add_constant(fresh("weight"), shared(std::move(values)));
    const ValueId steps = graph.add_constant(fresh("steps"), shared(std::move(scales)));
    return graph.add_node("DequantizeLinear", fresh("dw"), {held, steps}, fresh("weights"),
                          {{"axis", static_cast<std::int64_t>(axis)}});
  }
  ValueId vector(std::int64_t size) {
    return graph.add_constant(fresh("bias"), shared(random_tensor({size}, random, -0.5, 0.5)));
  }

  ValueId conv(ValueId from, const Shape& shape, std::int64_t stride = 1, std::int64_t group = 1) {
    const std::int64_t pad = shape[2] / 2;
    // Sums of many products stay about as large as their inputs.
    const auto largest = static_cast<float>(2.0 / std::sqrt(static_cast<double>(shape[1] * shape[2] * shape[3])));
    return graph.add_node("Conv", fresh("conv"), {from, weight(shape, 0, largest), vector(shape[0])}, fresh("y"),
                          {{"pads", std::vector<std::int64_t>{pad, pad, pad, pad}},
                           {"strides", std::vector<std::int64_t>{stride, stride}},
                           {"group", group}});
  }
  ValueId deconv(ValueId from, std::int64_t in, std::int64_t out) {
    const auto largest = static_cast<float>(2.0 / std::sqrt(static_cast<double>(4 * in)));
    return graph.add_node(
        "ConvTranspose", fresh("deconv"), {from, weight({in, out, 4, 4}, 1, largest), vector(out)}, fresh("y"),
        {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}, {"strides", std::vector<std::int64_t>{2, 2}}});
  }
  ValueId apply(const std::string& op, std::vector<ValueId> inputs,
                std::map<std::string, Attribute, std::less<>> attributes = {}) {
    return graph.add_node(op, fresh(op), std::move(inputs), fresh("y"), std::move(attributes));
  }

  Graph graph;
  Random random;

 private:
  std::string fresh(const std::string& stem) { return stem + "_" + std::to_string(counter_++); }
  int counter_ = 0;
};

/// Stem, pooling, a block whose branch has a convolution of its own, one whose branch is its input, a deconvolution
/// and a last layer: PoseResNet's shape, small. `before_sum`: what the sums read is rounded first, as some tools do;
/// `branch_rounded`: so is the branch's convolution, which comes first.
inline Graph small_pose_net(std::uint64_t seed, const Grid& picture, const Grid& positive, const Grid& either,
                            bool before_sum, bool branch_rounded = true) {
  QdqNetwork net(seed);
  const auto sum = [&](ValueId main, ValueId branch) {
    if (before_sum) main = net.round(main, either);
    return net.round(net.apply("Relu", {net.apply("Add", {main, branch})}), positive);
  };
  ValueId x = net.round(net.input({2, 3, 32, 24}), picture);
  x = net.round(net.apply("Relu", {net.conv(x, {32, 3, 7, 7}, 2)}), positive);
  x = net.apply("MaxPool", {x},
                {{"kernel_shape", std::vector<std::int64_t>{3, 3}},
                 {"strides", std::vector<std::int64_t>{2, 2}},
                 {"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
  x = net.round(x, positive);
  ValueId branch = net.conv(x, {64, 32, 1, 1});
  if (branch_rounded) branch = net.round(branch, either);
  ValueId y = net.round(net.apply("Relu", {net.conv(x, {32, 32, 3, 3})}), positive);
  x = sum(net.conv(y, {64, 32, 1, 1}), branch);
  y = net.round(net.apply("Clip", {net.conv(x, {64, 1, 3, 3}, 1, 64),
                                   net.graph.add_constant("low", shared(Tensor::from({}, std::vector<float>{0}))),
                                   net.graph.add_constant("high", shared(Tensor::from({}, std::vector<float>{6})))}),
                positive);
  x = sum(net.conv(y, {64, 64, 1, 1}), x);
  x = net.round(net.apply("Relu", {net.deconv(x, 64, 32)}), positive);
  net.graph.outputs = {net.conv(x, {17, 32, 1, 1})};
  net.graph.validate().value();
  return std::move(net.graph);
}

}  // namespace poise::kit
