#include "poise/models/pose_resnet.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "poise/models/config_reader.h"
#include "poise/models/parameters_of.h"
#include "poise/models/resnet_trunk.h"

namespace poise {
namespace {

using Options = PoseResNetOptions;
constexpr const char* kName = "pose_resnet";

Status read_style(const Json& json, Options& options) {
  const std::string style = json.is_string() ? json.as_string() : "";
  if (style != "pytorch" && style != "caffe") return wrong_parameter("style", "pytorch or caffe", json);
  options.style = style == "caffe" ? Options::Style::kCaffe : Options::Style::kPytorch;
  return {};
}

constexpr std::array<Parameter<Options>, 12> kParameters{
    {{"depth", "18 34 50 101 152", &Options::depth},
     {"style", "pytorch or caffe", read_style},
     {"width", "a factor of the trunk's channels", &Options::width},
     {"deconv_layers", "deconvolutions, 0 to 5", &Options::deconv_layers},
     {"deconv_filters", "of each deconvolution", &Options::deconv_filters},
     {"deconv_kernel", "2, 3 or 4", &Options::deconv_kernel},
     {"deconv_bias", "true or false", &Options::deconv_bias},
     {"lateral", "true or false: the trunk's maps join the deconvolutions'", &Options::lateral},
     {"final_kernel", "of the last layer, 1 or 3", &Options::final_kernel},
     {"joints", "heatmaps", &Options::joints},
     {"input", "width and height", &Options::input},
     {"seed", "of the initial weights", &Options::seed}}};

ModelOptions of_depth(int depth) { return {kName, Json::Object{{"depth", depth}}}; }

Result<Graph> build(const Json& parameters) {
  POISE_TRY(const Options options, pose_resnet_options(parameters));
  return pose_resnet(options);
}

Result<ConfiguredNetwork> from_config(const ConfigReader& config) {
  Json values = Json::object();
  POISE_TRY(const int depth, config.integer("MODEL.EXTRA.NUM_LAYERS", 50));
  values.set("depth", depth);
  POISE_TRY(const std::string style, config.text("MODEL.STYLE", "pytorch"));
  if (style != "pytorch" && style != "caffe")
    return ConfigReader::wrong("MODEL.STYLE", "must be pytorch or caffe", style);
  values.set("style", style);
  POISE_TRY(const int layers, config.integer("MODEL.EXTRA.NUM_DECONV_LAYERS", 3));
  values.set("deconv_layers", layers);
  POISE_TRY(const int filters, config.same("MODEL.EXTRA.NUM_DECONV_FILTERS", layers, 256));
  values.set("deconv_filters", filters);
  POISE_TRY(const int kernel, config.same("MODEL.EXTRA.NUM_DECONV_KERNELS", layers, 4));
  values.set("deconv_kernel", kernel);
  POISE_TRY(const bool bias, config.boolean("MODEL.EXTRA.DECONV_WITH_BIAS", false));
  values.set("deconv_bias", bias);
  POISE_TRY(const bool lateral, config.boolean("MODEL.EXTRA.LATERAL", false));
  if (lateral) values.set("lateral", true);
  POISE_TRY(const int final_kernel, config.integer("MODEL.EXTRA.FINAL_CONV_KERNEL", 1));
  values.set("final_kernel", final_kernel);
  POISE_TRY(const double width, config.number("MODEL.EXTRA.WIDTH", 1));
  values.set("width", width);
  return ConfiguredNetwork{std::move(values), 32 >> std::min(layers, 5)};
}

}  // namespace

Result<Graph> pose_resnet(const PoseResNetOptions& options) {
  POISE_RETURN_IF_ERROR(check(options));
  Layers net("pose_resnet" + std::to_string(options.depth), options.seed);
  const std::array<FeatureMap, 4> trunk = add_trunk(net, options);
  FeatureMap x = trunk.back();
  for (int i = 0; i < options.deconv_layers; ++i) {
    x = add_deconv(net, x, i, options);
    if (options.lateral) x = add_lateral(net, x, i, trunk);
    x.value = net.relu(x.value, deconv_name(i, 2));
  }
  const Window window{options.final_kernel, 1, options.final_kernel == 3 ? 1 : 0};
  net.graph.outputs.push_back(
      net.conv_bias(x.value, "final_layer", x.channels, options.joints, window, {"heatmaps", kHeadDeviation}));
  POISE_RETURN_IF_ERROR(net.graph.validate());
  return std::move(net.graph);
}

Result<PoseResNetOptions> pose_resnet_options(const Json& parameters) {
  return options_from(parameters, kName, kParameters);
}

const NetworkFamily& pose_resnet_family() {
  // Depths and input of Simple Baselines, experiments/coco/*/256x192_d256x3_adam_lr1e-3.yaml; 18 and 34 are ours.
  static const NetworkFamily family{
      .name = kName,
      .parameters = names_of(kParameters),
      .entries =
          {{"pose_resnet18", "15.4 M parameters, 2.9 G multiply-adds at 256x192: small, quick to train", of_depth(18)},
           {"pose_resnet34", "25.5 M parameters, 4.7 G multiply-adds at 256x192", of_depth(34)},
           {"pose_resnet50", "34.0 M parameters, 5.4 G multiply-adds at 256x192: the usual choice", of_depth(50)},
           {"pose_resnet101", "53.0 M parameters, 9.1 G multiply-adds at 256x192", of_depth(101)},
           {"pose_resnet152", "68.6 M parameters, 12.7 G multiply-adds at 256x192: the most accurate", of_depth(152)}},
      .config_keys = {},
      .from_config = from_config,
      .build = build};
  return family;
}

}  // namespace poise
