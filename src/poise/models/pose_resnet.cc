#include "poise/models/pose_resnet.h"

#include <string>
#include <utility>

#include "poise/models/resnet_trunk.h"

namespace poise {

Result<Graph> pose_resnet(const PoseResNetOptions& options) {
  POISE_RETURN_IF_ERROR(check(options));
  Layers net("pose_resnet" + std::to_string(options.depth), options.seed);
  FeatureMap x = add_trunk(net, options).back();
  for (int i = 0; i < options.deconv_layers; ++i) {
    x = add_deconv(net, x, i, options);
    x.value = net.relu(x.value, deconv_name(i, 2));
  }
  const Window window{options.final_kernel, 1, options.final_kernel == 3 ? 1 : 0};
  net.graph.outputs.push_back(
      net.conv_bias(x.value, "final_layer", x.channels, options.joints, window, "heatmaps", kHeadDeviation));
  POISE_RETURN_IF_ERROR(net.graph.validate());
  return std::move(net.graph);
}

}  // namespace poise
