#include "poise/models/hourglass.h"

#include <array>
#include <string>
#include <utility>

#include "poise/models/config_reader.h"
#include "poise/models/layers.h"
#include "poise/models/parameters_of.h"

namespace poise {
namespace {

class Builder {
 public:
  explicit Builder(const HourglassOptions& options)
      : options_(options),
        features_(options.features),
        net_("hourglass" + std::to_string(options.stacks), options.seed) {}

  Graph build() {
    ValueId x = stem();
    for (int stack = 0; stack < options_.stacks; ++stack) {
      const std::string number = "." + std::to_string(stack);
      const bool last = stack == options_.stacks - 1;
      ValueId y = hourglass(x, "hg" + number + ".hg.", options_.depth);
      y = residual(y, "res" + number + ".0", features_, features_);
      y = net_.conv_bias(y, "fc" + number + ".0", features_, features_, {});
      y = net_.relu(net_.norm(y, "fc" + number + ".1", features_), "fc" + number + ".2");
      const ValueId score = net_.conv_bias(y, "score" + number, features_, options_.joints, {},
                                           {last ? "heatmaps" : "heatmaps" + number});
      net_.graph.outputs.push_back(score);
      if (last) break;
      x = net_.add(x, net_.conv_bias(y, "fc_" + number, features_, features_, {}), "merge" + number);
      x = net_.add(x, net_.conv_bias(score, "score_" + number, options_.joints, features_, {}), "remerge" + number);
    }
    return std::move(net_.graph);
  }

 private:
  // To a quarter of the input. The second residual already has the stacks' width, where the paper has half of it.
  ValueId stem() {
    ValueId x = net_.graph.add_input("input", {-1, 3, options_.input.height, options_.input.width});
    x = net_.conv_bias(x, "conv1", 3, features_ / 4, {7, 2, 3});
    x = net_.relu(net_.norm(x, "bn1", features_ / 4), "relu");
    x = residual(x, "layer1.0", features_ / 4, features_ / 2);
    x = net_.max_pool(x, "maxpool", {2, 2, 0});
    x = residual(x, "layer2.0", features_ / 2, features_);
    return residual(x, "layer3.0", features_, features_);
  }

  // hg.N holds the level that can still halve N more times: .0 the branch that keeps the resolution, .1 and .2 before
  // and after the levels below, .3 what stands in their place at the bottom.
  ValueId hourglass(ValueId x, const std::string& name, int level) {
    const std::string here = name + std::to_string(level - 1) + ".";
    const ValueId up = residual(x, here + "0.0", features_, features_);
    ValueId low = net_.max_pool(x, here + "pool", {2, 2, 0});
    low = residual(low, here + "1.0", features_, features_);
    low = level > 1 ? hourglass(low, name, level - 1) : residual(low, here + "3.0", features_, features_);
    low = residual(low, here + "2.0", features_, features_);
    return net_.add(up, net_.upsample(low, here + "up", 2), here + "add");
  }

  // Normalisation and ReLU before each convolution (He et al., ECCV 2016), half the outputs in between.
  ValueId residual(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs) {
    const std::int64_t planes = outputs / 2;
    ValueId y = net_.relu(net_.norm(x, name + ".bn1", inputs), name + ".relu1");
    y = net_.conv_bias(y, name + ".conv1", inputs, planes, {});
    y = net_.relu(net_.norm(y, name + ".bn2", planes), name + ".relu2");
    y = net_.conv_bias(y, name + ".conv2", planes, planes, {3, 1, 1});
    y = net_.relu(net_.norm(y, name + ".bn3", planes), name + ".relu3");
    y = net_.conv_bias(y, name + ".conv3", planes, outputs, {});
    if (inputs != outputs) x = net_.conv_bias(x, name + ".downsample.0", inputs, outputs, {});
    return net_.add(y, x, name + ".add");
  }

  const HourglassOptions& options_;
  std::int64_t features_;
  Layers net_;
};

using Options = HourglassOptions;
constexpr const char* kName = "hourglass";
constexpr std::array<Parameter<Options>, 6> kParameters{{{"stacks", "how many", &Options::stacks},
                                                         {"features", "channels", &Options::features},
                                                         {"levels", "times each stack halves", &Options::depth},
                                                         {"joints", "heatmaps", &Options::joints},
                                                         {"input", "width and height", &Options::input},
                                                         {"seed", "of the initial weights", &Options::seed}}};

ModelOptions stacks(int count) { return {kName, Json::Object{{"stacks", count}}}; }

Result<Graph> build(const Json& parameters) {
  POISE_TRY(const Options options, hourglass_options(parameters));
  return hourglass(options);
}

/// Ours: the authors set their networks up on the command line.
Result<ConfiguredNetwork> from_config(const ConfigReader& config) {
  const Options defaults;
  ConfiguredNetwork network;
  POISE_TRY(const int count, config.integer("MODEL.EXTRA.NUM_STACKS", defaults.stacks));
  POISE_TRY(const int features, config.integer("MODEL.EXTRA.NUM_FEATURES", defaults.features));
  POISE_TRY(const int levels, config.integer("MODEL.EXTRA.NUM_LEVELS", defaults.depth));
  network.parameters = Json::Object{{"stacks", count}, {"features", features}, {"levels", levels}};
  return network;
}

}  // namespace

Result<Graph> hourglass(const HourglassOptions& options) {
  POISE_RETURN_IF_ERROR(check_range("stacks", options.stacks, 1, 16));
  POISE_RETURN_IF_ERROR(check_range("features", options.features, 4, 2048));
  if (options.features % 4 != 0) {
    return invalid_argument("features is " + std::to_string(options.features) + ": give a multiple of 4");
  }
  POISE_RETURN_IF_ERROR(check_range("depth", options.depth, 1, 8));
  POISE_RETURN_IF_ERROR(check_input(options.input, 4 << options.depth));
  POISE_RETURN_IF_ERROR(check_range("joints", options.joints, 1, 1024));
  Graph graph = Builder(options).build();
  POISE_RETURN_IF_ERROR(graph.validate());
  return graph;
}

Result<HourglassOptions> hourglass_options(const Json& parameters) {
  return options_from(parameters, kName, kParameters);
}

const NetworkFamily& hourglass_family() {
  // The checkpoints of bearpaw/pytorch-pose.
  static const NetworkFamily family{
      .name = kName,
      .parameters = names_of(kParameters),
      .entries = {{"hourglass1", "3.6 M parameters, 5.8 G multiply-adds at 256x256: the smallest", stacks(1)},
                  {"hourglass2", "6.7 M parameters, 9.0 G multiply-adds at 256x256", stacks(2)},
                  {"hourglass8", "25.6 M parameters, 28.1 G multiply-adds at 256x256: as published", stacks(8)}},
      .config_keys = {"NUM_STACKS", "NUM_FEATURES", "NUM_LEVELS"},
      .from_config = from_config,
      .build = build};
  return family;
}

}  // namespace poise
