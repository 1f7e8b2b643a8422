#include "poise/models/layers.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <utility>

#include "poise/base/random.h"

namespace poise {
namespace {

using Attributes = std::map<std::string, Attribute, std::less<>>;
using Ints = std::vector<std::int64_t>;

// Normal numbers in pairs (Box and Muller), in single precision: 68 million of them are a network of depth 152.
void fill_normal(std::span<float> values, double deviation, std::uint64_t seed, std::uint64_t ordinal) {
  Random random(seed, ordinal);
  const auto scale = static_cast<float>(deviation);
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const std::uint64_t bits = random.next();
    const float radius_uniform = static_cast<float>((bits >> 40U) + 1) * 0x1.0p-24F;  // in (0, 1]
    const float angle = static_cast<float>(bits & 0xffffffU) * (0x1.0p-23F * std::numbers::pi_v<float>);
    const float radius = scale * std::sqrt(-2.0F * std::log(radius_uniform));
    values[i] = radius * std::cos(angle);
    if (i + 1 < values.size()) values[i + 1] = radius * std::sin(angle);
  }
}

Attributes window_attributes(const Window& window) {
  return {{"kernel_shape", Ints{window.kernel, window.kernel}},
          {"strides", Ints{window.stride, window.stride}},
          {"pads", Ints{window.pad, window.pad, window.pad, window.pad}}};
}

Attributes conv_attributes(const Window& window) {
  Attributes attributes = window_attributes(window);
  attributes["dilations"] = Ints{1, 1};
  attributes["group"] = std::int64_t{1};
  return attributes;
}

}  // namespace

Layers::Layers(std::string name, std::uint64_t seed, std::optional<double> deviation)
    : seed_(seed), deviation_(deviation) {
  graph.name = std::move(name);
}

ValueId Layers::conv(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                     const Window& window) {
  const ValueId weight = conv_weight(name, inputs, outputs, window.kernel, {});
  return graph.add_node("Conv", name, {x, weight}, name + ".out", conv_attributes(window));
}

ValueId Layers::conv_bias(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                          const Window& window, const BiasedOptions& options) {
  const ValueId weight = conv_weight(name, inputs, outputs, window.kernel, options.deviation);
  const ValueId bias = filled(name + ".bias", outputs, 0);
  return graph.add_node("Conv", name, {x, weight, bias}, options.output.empty() ? name + ".out" : options.output,
                        conv_attributes(window));
}

ValueId Layers::conv_time(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                          const TimeWindow& window) {
  const double deviation = std::sqrt(2.0 / static_cast<double>(outputs * window.kernel));
  const ValueId weight = normal(name + ".weight", {outputs, inputs, window.kernel, 1}, deviation);
  Attributes attributes{{"kernel_shape", Ints{window.kernel, 1}},
                        {"strides", Ints{1, 1}},
                        {"pads", Ints{0, 0, 0, 0}},
                        {"dilations", Ints{window.dilation, 1}},
                        {"group", std::int64_t{1}}};
  return graph.add_node("Conv", name, {x, weight}, name + ".out", std::move(attributes));
}

ValueId Layers::linear(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                       const std::string& output) {
  const double deviation = std::sqrt(2.0 / static_cast<double>(inputs));
  const ValueId weight = normal(name + ".weight", {outputs, inputs}, deviation);
  const ValueId bias = normal(name + ".bias", {outputs}, std::sqrt(2.0 / static_cast<double>(outputs)));
  return graph.add_node("Gemm", name, {x, weight, bias}, output.empty() ? name + ".out" : output,
                        {{"transB", std::int64_t{1}}});
}

ValueId Layers::slice(ValueId x, const std::string& name, const SliceRange& range) {
  const auto number = [&](const char* what, std::int64_t value) {
    return graph.add_constant(name + "." + what,
                              std::make_shared<Tensor>(Tensor::from({1}, std::vector<std::int64_t>{value})));
  };
  const ValueId begin = number("starts", range.begin), end = number("ends", range.end),
                axis = number("axes", range.axis);
  return graph.add_node("Slice", name, {x, begin, end, axis}, name + ".out");
}

ValueId Layers::deconv(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                       const DeconvOptions& options) {
  const std::int64_t kernel = options.kernel;
  // Each kernel's padding is the one that doubles the map (lib/models/pose_resnet.py, _get_deconv_cfg).
  const std::int64_t pad = kernel == 2 ? 0 : 1;
  const std::int64_t output_padding = kernel == 3 ? 1 : 0;
  std::vector<ValueId> inputs_of_node{x,
                                      normal(name + ".weight", {inputs, outputs, kernel, kernel}, options.deviation)};
  if (options.bias) inputs_of_node.push_back(filled(name + ".bias", outputs, 0));
  Attributes attributes = conv_attributes({kernel, 2, pad});
  attributes["output_padding"] = Ints{output_padding, output_padding};
  return graph.add_node("ConvTranspose", name, std::move(inputs_of_node), name + ".out", std::move(attributes));
}

ValueId Layers::norm(ValueId x, const std::string& name, std::int64_t channels) {
  std::vector<ValueId> inputs{x, filled(name + ".weight", channels, 1), filled(name + ".bias", channels, 0),
                              filled(name + ".running_mean", channels, 0), filled(name + ".running_var", channels, 1)};
  return graph.add_node("BatchNormalization", name, std::move(inputs), name + ".out", {{"epsilon", 1e-5F}});
}

ValueId Layers::relu(ValueId x, const std::string& name) { return graph.add_node("Relu", name, {x}, name + ".out"); }

ValueId Layers::add(ValueId a, ValueId b, const std::string& name) {
  return graph.add_node("Add", name, {a, b}, name + ".out");
}

ValueId Layers::max_pool(ValueId x, const std::string& name, const Window& window) {
  return graph.add_node("MaxPool", name, {x}, name + ".out", window_attributes(window));
}

ValueId Layers::upsample(ValueId x, const std::string& name, int factor) {
  const auto [found, is_new] = upsamples_.emplace(factor, kNoValue);
  if (is_new) {
    const auto side = static_cast<float>(factor);
    found->second =
        graph.add_constant("upsample" + std::to_string(factor) + ".scales",
                           std::make_shared<Tensor>(Tensor::from({4}, std::vector<float>{1, 1, side, side})));
  }
  return graph.add_node("Resize", name, {x, kNoValue, found->second}, name + ".out",
                        {{"coordinate_transformation_mode", std::string("asymmetric")},
                         {"mode", std::string("nearest")},
                         {"nearest_mode", std::string("floor")}});
}

ValueId Layers::basic(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t planes,
                      std::int64_t stride) {
  ValueId y = conv(x, name + ".conv1", inputs, planes, {3, stride, 1});
  y = relu(norm(y, name + ".bn1", planes), name + ".relu1");
  y = norm(conv(y, name + ".conv2", planes, planes, {3, 1, 1}), name + ".bn2", planes);
  return shortcut(x, y, name, inputs, planes, stride);
}

ValueId Layers::bottleneck(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t planes,
                           std::int64_t stride, bool caffe) {
  const std::int64_t outputs = 4 * planes;
  ValueId y = conv(x, name + ".conv1", inputs, planes, {1, caffe ? stride : 1, 0});
  y = relu(norm(y, name + ".bn1", planes), name + ".relu1");
  y = conv(y, name + ".conv2", planes, planes, {3, caffe ? 1 : stride, 1});
  y = relu(norm(y, name + ".bn2", planes), name + ".relu2");
  y = norm(conv(y, name + ".conv3", planes, outputs, {}), name + ".bn3", outputs);
  return shortcut(x, y, name, inputs, outputs, stride);
}

ValueId Layers::shortcut(ValueId x, ValueId y, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                         std::int64_t stride) {
  if (stride != 1 || inputs != outputs) {
    x = norm(conv(x, name + ".downsample.0", inputs, outputs, {1, stride, 0}), name + ".downsample.1", outputs);
  }
  return relu(add(y, x, name + ".add"), name + ".relu");
}

ValueId Layers::conv_weight(const std::string& name, std::int64_t inputs, std::int64_t outputs, std::int64_t kernel,
                            std::optional<double> deviation) {
  const auto fan_out = static_cast<double>(outputs * kernel * kernel);
  if (!deviation) deviation = deviation_;
  return normal(name + ".weight", {outputs, inputs, kernel, kernel}, deviation.value_or(std::sqrt(2.0 / fan_out)));
}

ValueId Layers::normal(std::string name, Shape shape, double deviation) {
  auto tensor = std::make_shared<Tensor>(std::move(shape));
  fill_normal(tensor->floats(), deviation, seed_, ordinal_++);
  return graph.add_constant(std::move(name), std::move(tensor));
}

ValueId Layers::filled(std::string name, std::int64_t channels, float value) {
  auto tensor = std::make_shared<Tensor>(Shape{channels});
  std::fill(tensor->floats().begin(), tensor->floats().end(), value);
  return graph.add_constant(std::move(name), std::move(tensor));
}

Status check_range(const char* option, int value, int low, int high) {
  if (value >= low && value <= high) return {};
  return invalid_argument(std::string(option) + " is " + std::to_string(value) + ": give " + std::to_string(low) +
                          " to " + std::to_string(high));
}

Status check_input(Size input, int unit) {
  constexpr int kLargest = 8192;
  const auto side = [unit](const char* name, int value) -> Status {
    if (value >= unit && value <= kLargest && value % unit == 0) return {};
    return invalid_argument(std::string("input.") + name + " is " + std::to_string(value) + ": give a multiple of " +
                            std::to_string(unit) + " from " + std::to_string(unit) + " to " + std::to_string(kLargest));
  };
  POISE_RETURN_IF_ERROR(side("width", input.width));
  return side("height", input.height);
}

}  // namespace poise
