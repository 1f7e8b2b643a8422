#include "poise/models/resnet_trunk.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "poise/base/check.h"
#include "poise/weights/resnets.h"

namespace poise {
namespace {

const ResNet* find_trunk(int depth) {
  const auto* found = std::find_if(kResNets.begin(), kResNets.end(), [&](const ResNet& r) { return r.depth == depth; });
  return found == kResNets.end() ? nullptr : found;
}

std::int64_t scaled(int planes, float width) {
  return std::max<std::int64_t>(8, 8 * std::lround(static_cast<float>(planes) * width / 8.0F));
}

// The default of torch.nn.Conv2d is near this for 64 channels; N(0, 0.001) of the heads of heatmaps starts slowly.
constexpr double kLateralDeviation = 0.02;

}  // namespace

Status check(const PoseResNetOptions& options) {
  const ResNet* trunk = find_trunk(options.depth);
  if (trunk == nullptr) {
    return invalid_argument("depth is " + std::to_string(options.depth) + ": give 18, 34, 50, 101 or 152");
  }
  if (options.style == PoseResNetOptions::Style::kCaffe && !trunk->bottleneck) {
    return invalid_argument("style caffe has no meaning at depth " + std::to_string(options.depth) +
                            ": its blocks have no 1x1 to stride; give style pytorch, or depth 50, 101 or 152");
  }
  POISE_RETURN_IF_ERROR(check_input(options.input, 32));
  POISE_RETURN_IF_ERROR(check_range("joints", options.joints, 1, 1024));
  POISE_RETURN_IF_ERROR(check_range("deconv_layers", options.deconv_layers, 0, 5));
  POISE_RETURN_IF_ERROR(check_range("deconv_filters", options.deconv_filters, 1, 2048));
  POISE_RETURN_IF_ERROR(check_range("deconv_kernel", options.deconv_kernel, 2, 4));
  if (options.final_kernel != 1 && options.final_kernel != 3) {
    return invalid_argument("final_kernel is " + std::to_string(options.final_kernel) + ": give 1 or 3");
  }
  if (options.lateral && options.deconv_layers > 3) {
    return invalid_argument("lateral needs at most 3 deconvolutions: the trunk has no map larger than a quarter");
  }
  if (!(options.width > 0 && options.width <= 4)) {
    return invalid_argument("width is " + std::to_string(options.width) + ": give a factor above 0, at most 4");
  }
  return {};
}

std::array<FeatureMap, 4> add_trunk(Layers& net, const PoseResNetOptions& options) {
  const ResNet* trunk = find_trunk(options.depth);
  POISE_CHECK(trunk != nullptr);
  const bool caffe = options.style == PoseResNetOptions::Style::kCaffe;
  std::array<FeatureMap, 4> maps;
  ValueId x = net.graph.add_input("input", {-1, 3, options.input.height, options.input.width});
  std::int64_t channels = scaled(64, options.width);
  x = net.conv(x, "conv1", 3, channels, {7, 2, 3});
  x = net.relu(net.norm(x, "bn1", channels), "relu");
  x = net.max_pool(x, "maxpool", {3, 2, 1});
  for (int stage = 0; stage < 4; ++stage) {
    const auto at = static_cast<std::size_t>(stage);
    const std::int64_t planes = scaled(64 << stage, options.width);
    for (int i = 0; i < trunk->blocks[at]; ++i) {
      const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
      const std::int64_t stride = stage > 0 && i == 0 ? 2 : 1;
      x = trunk->bottleneck ? net.bottleneck(x, name, channels, planes, stride, caffe)
                            : net.basic(x, name, channels, planes, stride);
      channels = trunk->bottleneck ? 4 * planes : planes;
    }
    maps[at] = {x, channels};
  }
  return maps;
}

std::string deconv_name(int i, int part) { return "deconv_layers." + std::to_string(3 * i + part); }

FeatureMap add_deconv(Layers& net, const FeatureMap& x, int i, const PoseResNetOptions& options) {
  const ValueId y = net.deconv(x.value, deconv_name(i, 0), x.channels, options.deconv_filters,
                               {options.deconv_kernel, options.deconv_bias, kHeadDeviation});
  return {net.norm(y, deconv_name(i, 1), options.deconv_filters), options.deconv_filters};
}

FeatureMap add_lateral(Layers& net, const FeatureMap& x, int i, const std::array<FeatureMap, 4>& trunk) {
  const FeatureMap& same_size = trunk.at(static_cast<std::size_t>(2 - i));
  const std::string name = "lateral_layers." + std::to_string(i);
  const ValueId lateral =
      net.conv_bias(same_size.value, name, same_size.channels, x.channels, {}, {{}, kLateralDeviation});
  return {net.add(x.value, lateral, name + ".add"), x.channels};
}

}  // namespace poise
