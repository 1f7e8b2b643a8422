#include "poise/models/pose_resnet.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "poise/models/layers.h"

namespace poise {
namespace {

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

class Builder {
 public:
  explicit Builder(const PoseResNetOptions& options)
      : options_(options), net_("pose_resnet" + std::to_string(options.depth), options.seed) {}

  Graph build(const Trunk& trunk) {
    ValueId x = net_.graph.add_input("input", {-1, 3, options_.input.height, options_.input.width});
    std::int64_t channels = scaled(64, options_.width);
    x = net_.conv(x, "conv1", 3, channels, {7, 2, 3});
    x = net_.relu(net_.norm(x, "bn1", channels), "relu");
    x = net_.max_pool(x, "maxpool", {3, 2, 1});
    for (int stage = 0; stage < 4; ++stage) {
      const std::int64_t planes = scaled(64 << stage, options_.width);
      for (int i = 0; i < trunk.blocks[static_cast<std::size_t>(stage)]; ++i) {
        const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
        x = block(x, name, channels, planes, stage > 0 && i == 0 ? 2 : 1, trunk.bottleneck);
        channels = trunk.bottleneck ? 4 * planes : planes;
      }
    }
    for (int i = 0; i < options_.deconv_layers; ++i) {
      // One Sequential in the checkpoint: deconvolution, normalisation and ReLU take three numbers.
      x = net_.deconv(x, "deconv_layers." + std::to_string(3 * i), channels, options_.deconv_filters,
                      options_.deconv_kernel, options_.deconv_bias, kHeadDeviation);
      channels = options_.deconv_filters;
      x = net_.norm(x, "deconv_layers." + std::to_string(3 * i + 1), channels);
      x = net_.relu(x, "deconv_layers." + std::to_string(3 * i + 2));
    }
    const Window window{options_.final_kernel, 1, options_.final_kernel == 3 ? 1 : 0};
    net_.graph.outputs.push_back(
        net_.conv_bias(x, "final_layer", channels, options_.joints, window, "heatmaps", kHeadDeviation));
    return std::move(net_.graph);
  }

 private:
  static constexpr double kHeadDeviation = 0.001;  // lib/models/pose_resnet.py, init_weights

  ValueId block(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t planes, std::int64_t stride,
                bool bottleneck) {
    const bool caffe = options_.style == PoseResNetOptions::Style::kCaffe;
    return bottleneck ? net_.bottleneck(x, name, inputs, planes, stride, caffe)
                      : net_.basic(x, name, inputs, planes, stride);
  }

  const PoseResNetOptions& options_;
  Layers net_;
};

Status check(const PoseResNetOptions& options) {
  const Trunk* trunk = find_trunk(options.depth);
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
