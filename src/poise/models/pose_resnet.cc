#include "poise/models/pose_resnet.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/random.h"

namespace poise {
namespace {

using Attributes = std::map<std::string, Attribute, std::less<>>;
using Ints = std::vector<std::int64_t>;

struct Trunk {
  int depth;
  bool bottleneck;  // 1x1, 3x3, 1x1 to four times the planes; otherwise two 3x3
  std::array<int, 4> blocks;
};
// He et al., CVPR 2016, table 1.
constexpr std::array<Trunk, 5> kTrunks{{{18, false, {2, 2, 2, 2}},
                                        {34, false, {3, 4, 6, 3}},
                                        {50, true, {3, 4, 6, 3}},
                                        {101, true, {3, 4, 23, 3}},
                                        {152, true, {3, 8, 36, 3}}}};

const Trunk* find_trunk(int depth) {
  const auto* found = std::find_if(kTrunks.begin(), kTrunks.end(), [&](const Trunk& t) { return t.depth == depth; });
  return found == kTrunks.end() ? nullptr : found;
}

std::int64_t scaled(int planes, float width) {
  return std::max<std::int64_t>(8, 8 * std::lround(static_cast<float>(planes) * width / 8.0F));
}

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

struct Window {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t pad = 0;
};

class Builder {
 public:
  explicit Builder(const PoseResNetOptions& options) : options_(options) {
    graph_.name = "pose_resnet" + std::to_string(options.depth);
  }

  Graph build(const Trunk& trunk) {
    ValueId x = graph_.add_input("input", {-1, 3, options_.input.height, options_.input.width});
    std::int64_t channels = scaled(64, options_.width);
    x = relu(norm(conv(x, "conv1", 3, channels, {7, 2, 3}), "bn1", channels), "relu");
    x = graph_.add_node("MaxPool", "maxpool", {x}, "maxpool.out", window_attributes({3, 2, 1}));
    for (int stage = 0; stage < 4; ++stage) {
      const std::int64_t planes = scaled(64 << stage, options_.width);
      for (int i = 0; i < trunk.blocks[static_cast<std::size_t>(stage)]; ++i) {
        const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
        const std::int64_t stride = stage > 0 && i == 0 ? 2 : 1;
        x = block(x, name, channels, planes, stride, trunk.bottleneck);
        channels = trunk.bottleneck ? 4 * planes : planes;
      }
    }
    for (int i = 0; i < options_.deconv_layers; ++i) {
      // One Sequential in the checkpoint: deconvolution, normalisation and ReLU take three numbers.
      x = deconv(x, "deconv_layers." + std::to_string(3 * i), channels);
      channels = options_.deconv_filters;
      x = norm(x, "deconv_layers." + std::to_string(3 * i + 1), channels);
      x = relu(x, "deconv_layers." + std::to_string(3 * i + 2));
    }
    graph_.outputs.push_back(final_layer(x, channels));
    return std::move(graph_);
  }

 private:
  static constexpr double kHeadDeviation = 0.001;  // lib/models/pose_resnet.py, init_weights

  ValueId block(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t planes, std::int64_t stride,
                bool bottleneck) {
    const bool first = options_.style == PoseResNetOptions::Style::kCaffe || !bottleneck;  // who takes the stride
    const std::int64_t outputs = bottleneck ? 4 * planes : planes;
    const Window three{3, first ? 1 : stride, 1};
    ValueId y = kNoValue;
    if (bottleneck) {
      y = relu(norm(conv(x, name + ".conv1", inputs, planes, {1, first ? stride : 1, 0}), name + ".bn1", planes),
               name + ".relu1");
      y = relu(norm(conv(y, name + ".conv2", planes, planes, three), name + ".bn2", planes), name + ".relu2");
      y = norm(conv(y, name + ".conv3", planes, outputs, {}), name + ".bn3", outputs);
    } else {
      y = relu(norm(conv(x, name + ".conv1", inputs, planes, {3, stride, 1}), name + ".bn1", planes), name + ".relu1");
      y = norm(conv(y, name + ".conv2", planes, planes, three), name + ".bn2", planes);
    }
    ValueId shortcut = x;
    if (stride != 1 || inputs != outputs) {
      shortcut = conv(x, name + ".downsample.0", inputs, outputs, {1, stride, 0});
      shortcut = norm(shortcut, name + ".downsample.1", outputs);
    }
    return relu(graph_.add_node("Add", name + ".add", {y, shortcut}, name + ".add.out"), name + ".relu");
  }

  ValueId conv(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs, const Window& window) {
    const auto fan_out = static_cast<double>(outputs * window.kernel * window.kernel);
    const ValueId weight = normal(name + ".weight", {outputs, inputs, window.kernel, window.kernel},
                                  std::sqrt(2.0 / fan_out));  // He et al., ICCV 2015, equation 14
    return graph_.add_node("Conv", name, {x, weight}, name + ".out", conv_attributes(window));
  }

  ValueId deconv(ValueId x, const std::string& name, std::int64_t inputs) {
    const std::int64_t kernel = options_.deconv_kernel;
    const std::int64_t filters = options_.deconv_filters;
    // Each kernel's padding is the one that doubles the map (lib/models/pose_resnet.py, _get_deconv_cfg).
    const std::int64_t pad = kernel == 2 ? 0 : 1;
    const std::int64_t output_padding = kernel == 3 ? 1 : 0;
    std::vector<ValueId> inputs_of_node{x, normal(name + ".weight", {inputs, filters, kernel, kernel}, kHeadDeviation)};
    if (options_.deconv_bias) inputs_of_node.push_back(constant(name + ".bias", filters, 0));
    Attributes attributes = conv_attributes({kernel, 2, pad});
    attributes["output_padding"] = Ints{output_padding, output_padding};
    return graph_.add_node("ConvTranspose", name, std::move(inputs_of_node), name + ".out", std::move(attributes));
  }

  ValueId final_layer(ValueId x, std::int64_t inputs) {
    const std::int64_t kernel = options_.final_kernel;
    const ValueId weight = normal("final_layer.weight", {options_.joints, inputs, kernel, kernel}, kHeadDeviation);
    const ValueId bias = constant("final_layer.bias", options_.joints, 0);
    return graph_.add_node("Conv", "final_layer", {x, weight, bias}, "heatmaps",
                           conv_attributes({kernel, 1, kernel == 3 ? 1 : 0}));
  }

  ValueId norm(ValueId x, const std::string& name, std::int64_t channels) {
    std::vector<ValueId> inputs{x, constant(name + ".weight", channels, 1), constant(name + ".bias", channels, 0),
                                constant(name + ".running_mean", channels, 0),
                                constant(name + ".running_var", channels, 1)};
    return graph_.add_node("BatchNormalization", name, std::move(inputs), name + ".out", {{"epsilon", 1e-5F}});
  }

  ValueId relu(ValueId x, const std::string& name) { return graph_.add_node("Relu", name, {x}, name + ".out"); }

  static Attributes window_attributes(const Window& window) {
    return {{"kernel_shape", Ints{window.kernel, window.kernel}},
            {"strides", Ints{window.stride, window.stride}},
            {"pads", Ints{window.pad, window.pad, window.pad, window.pad}}};
  }

  static Attributes conv_attributes(const Window& window) {
    Attributes attributes = window_attributes(window);
    attributes["dilations"] = Ints{1, 1};
    attributes["group"] = std::int64_t{1};
    return attributes;
  }

  ValueId normal(std::string name, Shape shape, double deviation) {
    auto tensor = std::make_shared<Tensor>(std::move(shape));
    fill_normal(tensor->floats(), deviation, options_.seed, ordinal_++);
    return graph_.add_constant(std::move(name), std::move(tensor));
  }

  ValueId constant(std::string name, std::int64_t channels, float value) {
    auto tensor = std::make_shared<Tensor>(Shape{channels});
    std::fill(tensor->floats().begin(), tensor->floats().end(), value);
    return graph_.add_constant(std::move(name), std::move(tensor));
  }

  const PoseResNetOptions& options_;
  Graph graph_;
  std::uint64_t ordinal_ = 0;  // of the random tensors: each has its own stream
};

Status in_range(const char* option, int value, int low, int high) {
  if (value >= low && value <= high) return {};
  return invalid_argument(std::string(option) + " is " + std::to_string(value) + ": give " + std::to_string(low) +
                          " to " + std::to_string(high));
}

Status check_side(const char* option, int side) {
  constexpr int kLargest = 8192;
  if (side >= 32 && side <= kLargest && side % 32 == 0) return {};
  return invalid_argument(std::string(option) + " is " + std::to_string(side) + ": give a multiple of 32 from 32 to " +
                          std::to_string(kLargest));
}

Status check(const PoseResNetOptions& options) {
  const Trunk* trunk = find_trunk(options.depth);
  if (trunk == nullptr) {
    return invalid_argument("depth is " + std::to_string(options.depth) + ": give 18, 34, 50, 101 or 152");
  }
  if (options.style == PoseResNetOptions::Style::kCaffe && !trunk->bottleneck) {
    return invalid_argument("style caffe has no meaning at depth " + std::to_string(options.depth) +
                            ": its blocks have no 1x1 to stride; give style pytorch, or depth 50, 101 or 152");
  }
  POISE_RETURN_IF_ERROR(check_side("input.width", options.input.width));
  POISE_RETURN_IF_ERROR(check_side("input.height", options.input.height));
  POISE_RETURN_IF_ERROR(in_range("joints", options.joints, 1, 1024));
  POISE_RETURN_IF_ERROR(in_range("deconv_layers", options.deconv_layers, 0, 5));
  POISE_RETURN_IF_ERROR(in_range("deconv_filters", options.deconv_filters, 1, 2048));
  POISE_RETURN_IF_ERROR(in_range("deconv_kernel", options.deconv_kernel, 2, 4));
  if (options.final_kernel != 1 && options.final_kernel != 3) {
    return invalid_argument("final_kernel is " + std::to_string(options.final_kernel) + ": give 1 or 3");
  }
  if (!(options.width > 0 && options.width <= 4)) {
    return invalid_argument("width is " + std::to_string(options.width) + ": give a factor above 0, at most 4");
  }
  return {};
}

}  // namespace

Result<Graph> pose_resnet(const PoseResNetOptions& options) {
  POISE_RETURN_IF_ERROR(check(options));
  Graph graph = Builder(options).build(*find_trunk(options.depth));
  POISE_RETURN_IF_ERROR(graph.validate());
  return graph;
}

}  // namespace poise
