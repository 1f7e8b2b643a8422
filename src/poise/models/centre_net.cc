#include "poise/models/centre_net.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "poise/models/resnet_trunk.h"

namespace poise {
namespace {

// Most cells are no centre: they start believed to be one with this probability (Lin et al., Focal Loss, ICCV 2017,
// section 4.1, as the authors of objects as points set it: lib/models/networks, -2.19).
constexpr float kPrior = 0.1F;
// The default of torch.nn.Conv2d is near this for 64 channels; N(0, 0.001) of the heads of heatmaps starts slowly.
constexpr double kOutputDeviation = 0.02;

PoseResNetOptions relative_of(const CentreNetOptions& o) {
  return {.depth = o.depth,
          .input = o.input,
          .deconv_layers = o.deconv_layers,
          .deconv_filters = o.deconv_filters,
          .deconv_kernel = o.deconv_kernel,
          .width = o.width,
          .seed = o.seed};
}

void fill_constant(Graph& graph, const std::string& name, float value) {
  Value& constant = graph.values.at(static_cast<std::size_t>(graph.find_value(name)));
  auto filled = std::make_shared<Tensor>(constant.shape);
  std::ranges::fill(filled->floats(), value);
  constant.constant = std::move(filled);
}

}  // namespace

Result<Graph> centre_net(const CentreNetOptions& options) {
  const PoseResNetOptions relative = relative_of(options);
  POISE_RETURN_IF_ERROR(check(relative));
  POISE_RETURN_IF_ERROR(check_range("deconv_layers", options.deconv_layers, 1, 3));
  POISE_RETURN_IF_ERROR(check_range("categories", options.categories, 1, 1024));
  Layers net("centre_net" + std::to_string(options.depth), options.seed);
  const std::array<FeatureMap, 4> trunk = add_trunk(net, relative);
  FeatureMap x = trunk.back();
  for (int i = 0; i < options.deconv_layers; ++i) {
    x = add_deconv(net, x, i, relative);
    const FeatureMap& same_size = trunk.at(static_cast<std::size_t>(2 - i));
    const std::string name = "lateral_layers." + std::to_string(i);
    const ValueId lateral =
        net.conv_bias(same_size.value, name, same_size.channels, x.channels, {}, {}, kOutputDeviation);
    x.value = net.relu(net.add(x.value, lateral, name + ".add"), deconv_name(i, 2));
  }
  x.value = net.conv(x.value, "head.0", x.channels, x.channels, {3, 1, 1});
  x.value = net.relu(net.norm(x.value, "head.1", x.channels), "head.2");
  const ValueId logits =
      net.conv_bias(x.value, "heatmap_layer", x.channels, options.categories, {}, {}, kOutputDeviation);
  net.graph.outputs = {net.graph.add_node("Sigmoid", "heatmap_sigmoid", {logits}, "heatmap"),
                       net.conv_bias(x.value, "size_layer", x.channels, 2, {}, "size", kOutputDeviation),
                       net.conv_bias(x.value, "offset_layer", x.channels, 2, {}, "offset", kOutputDeviation)};
  fill_constant(net.graph, "heatmap_layer.bias", std::log(kPrior / (1 - kPrior)));
  fill_constant(net.graph, "offset_layer.bias", 0.5F);  // the middle of the cell
  POISE_RETURN_IF_ERROR(net.graph.validate());
  return std::move(net.graph);
}

}  // namespace poise
