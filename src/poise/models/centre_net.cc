#include "poise/models/centre_net.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "poise/models/config_reader.h"
#include "poise/models/parameters_of.h"
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

using Options = CentreNetOptions;
constexpr const char* kName = "centre_net";
constexpr std::array<Parameter<Options>, 10> kParameters{
    {{"depth", "18 34 50 101 152", &Options::depth},
     {"width", "a factor of the trunk's channels", &Options::width},
     {"categories", "of objects", &Options::categories},
     {"deconv_layers", "deconvolutions, 1 to 3", &Options::deconv_layers},
     {"deconv_filters", "of each deconvolution", &Options::deconv_filters},
     {"deconv_kernel", "2, 3 or 4", &Options::deconv_kernel},
     {"context", "residual blocks behind the trunk, 0 to 8", &Options::context},
     {"neck", "residual blocks behind the first deconvolution, 0 to 8", &Options::neck},
     {"input", "width and height", &Options::input},
     {"seed", "of the initial weights", &Options::seed}}};

/// ImageNet's mean and deviation of RGB; letterboxed, averaged where pictures shrink, the mean's colour to the right
/// and below.
constexpr const char* kCard = R"({"family": "centre", "colour": "rgb", "mean": [0.485, 0.456, 0.406],
  "std": [0.229, 0.224, 0.225], "fit": "letterbox", "pad_side": "end", "pad_colour": [123.675, 116.28, 103.53],
  "resample": "area", "classes": ["person"]})";

Result<Graph> build(const Json& parameters) {
  POISE_TRY(const Options options, centre_net_options(parameters));
  return centre_net(options);
}

/// Ours, in PoseResNet's words.
Result<ConfiguredNetwork> from_config(const ConfigReader& config) {
  const Options defaults;
  Json values = Json::object();
  POISE_TRY(const int depth, config.integer("MODEL.EXTRA.NUM_LAYERS", defaults.depth));
  values.set("depth", depth);
  POISE_TRY(const int layers, config.integer("MODEL.EXTRA.NUM_DECONV_LAYERS", defaults.deconv_layers));
  values.set("deconv_layers", layers);
  POISE_TRY(const int filters, config.same("MODEL.EXTRA.NUM_DECONV_FILTERS", layers, defaults.deconv_filters));
  values.set("deconv_filters", filters);
  POISE_TRY(const int kernel, config.same("MODEL.EXTRA.NUM_DECONV_KERNELS", layers, defaults.deconv_kernel));
  values.set("deconv_kernel", kernel);
  POISE_TRY(const int context, config.integer("MODEL.EXTRA.CONTEXT", 0));
  if (context != 0) values.set("context", context);
  POISE_TRY(const int neck, config.integer("MODEL.EXTRA.NECK", 0));
  if (neck != 0) values.set("neck", neck);
  POISE_TRY(const double width, config.number("MODEL.EXTRA.WIDTH", static_cast<double>(defaults.width)));
  values.set("width", width);
  return ConfiguredNetwork{std::move(values), 32 >> std::min(layers, 5)};
}

}  // namespace

Result<Graph> centre_net(const CentreNetOptions& options) {
  const PoseResNetOptions relative = relative_of(options);
  POISE_RETURN_IF_ERROR(check(relative));
  POISE_RETURN_IF_ERROR(check_range("deconv_layers", options.deconv_layers, 1, 3));
  POISE_RETURN_IF_ERROR(check_range("context", options.context, 0, 8));
  POISE_RETURN_IF_ERROR(check_range("neck", options.neck, 0, 8));
  POISE_RETURN_IF_ERROR(check_range("categories", options.categories, 1, 1024));
  Layers net("centre_net" + std::to_string(options.depth), options.seed);
  const std::array<FeatureMap, 4> trunk = add_trunk(net, relative);
  FeatureMap x = trunk.back();
  std::vector<std::string> silent;
  const auto add_blocks = [&](const std::string& group, int blocks) {
    for (int i = 0; i < blocks; ++i) {
      const std::string name = group + "." + std::to_string(i);
      x.value = net.basic(x.value, name, x.channels, x.channels, 1);
      silent.push_back(name + ".bn2.weight");
    }
  };
  add_blocks("context", options.context);
  for (int i = 0; i < options.deconv_layers; ++i) {
    x = add_lateral(net, add_deconv(net, x, i, relative), i, trunk);
    x.value = net.relu(x.value, deconv_name(i, 2));
    if (i == 0) add_blocks("neck", options.neck);
  }
  x.value = net.conv(x.value, "head.0", x.channels, x.channels, {3, 1, 1});
  x.value = net.relu(net.norm(x.value, "head.1", x.channels), "head.2");
  const ValueId logits =
      net.conv_bias(x.value, "heatmap_layer", x.channels, options.categories, {}, {{}, kOutputDeviation});
  net.graph.outputs = {net.graph.add_node("Sigmoid", "heatmap_sigmoid", {logits}, "heatmap"),
                       net.conv_bias(x.value, "size_layer", x.channels, 2, {}, {"size", kOutputDeviation}),
                       net.conv_bias(x.value, "offset_layer", x.channels, 2, {}, {"offset", kOutputDeviation})};
  for (const std::string& weight : silent) fill_constant(net.graph, weight, 0);
  fill_constant(net.graph, "heatmap_layer.bias", std::log(kPrior / (1 - kPrior)));
  fill_constant(net.graph, "offset_layer.bias", 0.5F);  // the middle of the cell
  POISE_RETURN_IF_ERROR(net.graph.validate());
  return std::move(net.graph);
}

Result<CentreNetOptions> centre_net_options(const Json& parameters) {
  return options_from(parameters, kName, kParameters);
}

const NetworkFamily& centre_net_family() {
  static const NetworkFamily family{
      .name = kName,
      .parameters = names_of(kParameters),
      .entries = {{"centre_net18",
                   "3.2 M parameters, 1.1 G multiply-adds at 320x320: finds people, in pictures of any size",
                   {kName, Json::Object{{"depth", 18}}}}},
      .config_keys = {"CONTEXT", "NECK"},
      .from_config = from_config,
      .build = build,
      .card = kCard};
  return family;
}

}  // namespace poise
