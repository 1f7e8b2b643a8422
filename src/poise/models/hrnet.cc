#include "poise/models/hrnet.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "poise/models/config_reader.h"
#include "poise/models/layers.h"
#include "poise/models/parameters_of.h"

namespace poise {
namespace {

constexpr double kDeviation = 0.001;  // lib/models/pose_hrnet.py, init_weights
constexpr int kBlocks = 4;            // basic blocks a branch; Sun et al., section 3
struct Stage {
  int number;
  int branches;
  int modules;
};
constexpr std::array<Stage, 3> kStages{{{2, 2, 1}, {3, 3, 4}, {4, 4, 3}}};  // experiments/coco/hrnet/*.yaml

std::string dotted(const std::string& name, int i) { return name + "." + std::to_string(i); }

class Builder {
 public:
  explicit Builder(const HrnetOptions& options)
      : options_(options), net_("hrnet_w" + std::to_string(options.width), options.seed, kDeviation) {}

  Graph build() {
    ValueId x = net_.graph.add_input("input", {-1, 3, options_.input.height, options_.input.width});
    x = conv_norm_relu(x, {"conv1", "bn1", "relu1"}, 3, 64, {3, 2, 1});
    x = conv_norm_relu(x, {"conv2", "bn2", "relu2"}, 64, 64, {3, 2, 1});
    for (int i = 0; i < kBlocks; ++i) x = net_.bottleneck(x, dotted("layer1", i), i == 0 ? 64 : 256, 64, 1);

    std::vector<ValueId> branches{x};
    std::vector<std::int64_t> had{256};  // channels of each branch
    for (const Stage& stage : kStages) {
      transition(branches, had, stage);
      for (int i = 0; i < stage.modules; ++i) {
        const bool last = stage.number == 4 && i == stage.modules - 1;  // only the finest is needed after it
        branches = module(branches, dotted("stage" + std::to_string(stage.number), i), last ? 1 : stage.branches);
      }
    }
    const Window window{options_.final_kernel, 1, options_.final_kernel == 3 ? 1 : 0};
    net_.graph.outputs.push_back(
        net_.conv_bias(branches[0], "final_layer", channels(0), options_.joints, window, {"heatmaps"}));
    return std::move(net_.graph);
  }

 private:
  std::int64_t channels(int branch) const { return std::int64_t{options_.width} << branch; }

  // Existing branches get their stage's width, the new one halves the coarsest.
  void transition(std::vector<ValueId>& branches, std::vector<std::int64_t>& had, const Stage& stage) {
    const std::string name = "transition" + std::to_string(stage.number - 1);
    const ValueId coarsest = branches.back();
    for (int i = 0; i < stage.branches; ++i) {
      const std::string entry = dotted(name, i);
      if (i == static_cast<int>(branches.size())) {
        branches.push_back(conv_norm_relu(coarsest, {entry + ".0.0", entry + ".0.1", entry + ".0.2"}, had.back(),
                                          channels(i), {3, 2, 1}));
      } else if (had.at(i) != channels(i)) {
        branches[i] =
            conv_norm_relu(branches[i], {entry + ".0", entry + ".1", entry + ".2"}, had.at(i), channels(i), {3, 1, 1});
      }
    }
    had.clear();
    for (int i = 0; i < stage.branches; ++i) had.push_back(channels(i));
  }

  // Each branch on its own, then each of the finest `outputs` as a sum over all of them.
  std::vector<ValueId> module(std::vector<ValueId> branches, const std::string& name, int outputs) {
    for (int i = 0; i < static_cast<int>(branches.size()); ++i) {
      for (int block = 0; block < kBlocks; ++block) {
        branches[i] =
            net_.basic(branches[i], dotted(dotted(name + ".branches", i), block), channels(i), channels(i), 1);
      }
    }
    std::vector<ValueId> fused;
    for (int i = 0; i < outputs; ++i) {
      const std::string fuse = dotted(name + ".fuse_layers", i);
      ValueId sum = kNoValue;
      for (int j = 0; j < static_cast<int>(branches.size()); ++j) {
        const ValueId term = resampled(branches[j], dotted(fuse, j), j, i);
        sum = j == 0 ? term : net_.add(sum, term, dotted(fuse, j) + ".add");
      }
      fused.push_back(net_.relu(sum, fuse + ".relu"));
    }
    return fused;
  }

  // Branch `from` at the resolution and width of branch `to`.
  ValueId resampled(ValueId x, const std::string& name, int from, int to) {
    if (from > to) {
      x = net_.conv(x, name + ".0", channels(from), channels(to), {});
      x = net_.norm(x, name + ".1", channels(to));
      return net_.upsample(x, name + ".2", 1 << (from - to));
    }
    for (int step = 0; step < to - from; ++step) {
      const std::string part = dotted(name, step);
      const bool last = step == to - from - 1;
      const std::int64_t outputs = channels(last ? to : from);
      x = net_.norm(net_.conv(x, part + ".0", channels(from), outputs, {3, 2, 1}), part + ".1", outputs);
      if (!last) x = net_.relu(x, part + ".2");
    }
    return x;
  }

  struct Names {
    std::string conv, norm, relu;
  };
  ValueId conv_norm_relu(ValueId x, const Names& names, std::int64_t inputs, std::int64_t outputs,
                         const Window& window) {
    return net_.relu(net_.norm(net_.conv(x, names.conv, inputs, outputs, window), names.norm, outputs), names.relu);
  }

  const HrnetOptions& options_;
  Layers net_;
};

using Options = HrnetOptions;
constexpr const char* kName = "pose_hrnet";
constexpr std::array<Parameter<Options>, 5> kParameters{
    {{"width", "channels of the finest branch", &Options::width},
     {"final_kernel", "of the last layer, 1 or 3", &Options::final_kernel},
     {"joints", "heatmaps", &Options::joints},
     {"input", "width and height", &Options::input},
     {"seed", "of the initial weights", &Options::seed}}};

ModelOptions of_width(int width) { return {kName, Json::Object{{"width", width}}}; }

Result<Graph> build(const Json& parameters) {
  POISE_TRY(const Options options, hrnet_options(parameters));
  return hrnet(options);
}

/// experiments/*/hrnet/*.yaml: all have these modules, branches and blocks; only the widths differ.
Status check_stages(const ConfigReader& config, int width) {
  for (const Stage& stage : kStages) {
    const std::string section = "MODEL.EXTRA.STAGE" + std::to_string(stage.number) + ".";
    Json channels = Json::array();
    Json blocks = Json::array();
    for (int i = 0; i < stage.branches; ++i) {
      channels.push(width << i);
      blocks.push(kBlocks);
    }
    POISE_RETURN_IF_ERROR(config.must_be(section + "NUM_MODULES", stage.modules));
    POISE_RETURN_IF_ERROR(config.must_be(section + "NUM_BRANCHES", stage.branches));
    POISE_RETURN_IF_ERROR(config.must_be(section + "BLOCK", "BASIC"));
    POISE_RETURN_IF_ERROR(config.must_be(section + "NUM_BLOCKS", blocks));
    POISE_RETURN_IF_ERROR(config.must_be(section + "NUM_CHANNELS", channels));
    POISE_RETURN_IF_ERROR(config.must_be(section + "FUSE_METHOD", "SUM"));
  }
  return {};
}

Result<ConfiguredNetwork> from_config(const ConfigReader& config) {
  const Json* widths = config.find("MODEL.EXTRA.STAGE4.NUM_CHANNELS");
  if (widths == nullptr || !widths->is_array() || widths->as_array().empty()) {
    return invalid_argument(
        "MODEL.EXTRA.STAGE4.NUM_CHANNELS is missing: give the four widths, as in [32, 64, 128, 256]");
  }
  const Json& finest = widths->as_array()[0];
  constexpr std::int64_t kWidest = 128;
  if (!finest.is_integer() || finest.as_integer() < 1 || finest.as_integer() > kWidest) {
    return ConfigReader::wrong("MODEL.EXTRA.STAGE4.NUM_CHANNELS", "must start with a width of 1 to 128", *widths);
  }
  POISE_RETURN_IF_ERROR(check_stages(config, static_cast<int>(finest.as_integer())));
  POISE_TRY(const int final_kernel, config.integer("MODEL.EXTRA.FINAL_CONV_KERNEL", 1));
  ConfiguredNetwork network;
  network.parameters = Json::Object{{"width", finest}, {"final_kernel", final_kernel}};
  return network;
}

}  // namespace

Result<Graph> hrnet(const HrnetOptions& options) {
  POISE_RETURN_IF_ERROR(check_range("width", options.width, 1, 128));
  POISE_RETURN_IF_ERROR(check_input(options.input, 32));
  POISE_RETURN_IF_ERROR(check_range("joints", options.joints, 1, 1024));
  if (options.final_kernel != 1 && options.final_kernel != 3) {
    return invalid_argument("final_kernel is " + std::to_string(options.final_kernel) + ": give 1 or 3");
  }
  Graph graph = Builder(options).build();
  POISE_RETURN_IF_ERROR(graph.validate());
  return graph;
}

Result<HrnetOptions> hrnet_options(const Json& parameters) { return options_from(parameters, kName, kParameters); }

const NetworkFamily& hrnet_family() {
  // Sun et al., section 4.
  static const NetworkFamily family{
      .name = kName,
      .parameters = names_of(kParameters),
      .entries = {{"hrnet_w32", "28.5 M parameters, 7.6 G multiply-adds at 256x192: finer than any PoseResNet",
                   of_width(32)},
                  {"hrnet_w48", "63.6 M parameters, 15.7 G multiply-adds at 256x192", of_width(48)}},
      .config_keys = {},
      .from_config = from_config,
      .build = build};
  return family;
}

}  // namespace poise
