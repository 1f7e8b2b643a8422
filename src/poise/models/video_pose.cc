#include "poise/models/video_pose.h"

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
  explicit Builder(const VideoPoseOptions& options) : options_(options), net_("video_pose", options.seed) {}

  Graph build() {
    const std::int64_t width = options_.width;
    ValueId x = net_.graph.add_input("poses", {-1, std::int64_t{options_.joints_in} * 2, -1, 1});
    x = unit(x, "expand_conv", "expand_bn", std::int64_t{options_.joints_in} * 2, {.kernel = 3});
    std::int64_t dilation = 3;
    for (int level = 0; level + 1 < options_.levels; ++level, dilation *= 3) {
      const auto name = [](const char* kind, int number) {
        return std::string("layers_") + kind + "." + std::to_string(number);
      };
      // The frames in the middle of what the convolution saw.
      const ValueId middle = net_.slice(x, name("conv", 2 * level) + ".middle", {2, dilation, -dilation});
      ValueId y = unit(x, name("conv", 2 * level), name("bn", 2 * level), width, {.kernel = 3, .dilation = dilation});
      y = unit(y, name("conv", 2 * level + 1), name("bn", 2 * level + 1), width, {.kernel = 1});
      x = net_.add(middle, y, name("conv", 2 * level) + ".add");
    }
    net_.graph.outputs = {net_.conv_bias(x, "shrink", width, std::int64_t{options_.joints_out} * 3, {}, {"joints"})};
    return std::move(net_.graph);
  }

 private:
  ValueId unit(ValueId x, const std::string& name, const std::string& norm, std::int64_t inputs,
               const TimeWindow& window) {
    x = net_.conv_time(x, name, inputs, options_.width, window);
    return net_.relu(net_.norm(x, norm, options_.width), norm + ".relu");
  }

  const VideoPoseOptions& options_;
  Layers net_;
};

using Options = VideoPoseOptions;
constexpr const char* kName = "video_pose";
constexpr std::array<Parameter<Options>, 5> kParameters{{{"levels", "27 frames with 3, 81 with 4", &Options::levels},
                                                         {"width", "channels", &Options::width},
                                                         {"joints_in", "joints of the pictures", &Options::joints_in},
                                                         {"joints_out", "joints in space", &Options::joints_out},
                                                         {"seed", "of the initial weights", &Options::seed}}};

ModelOptions levels(int count) { return {kName, Json::Object{{"levels", count}}}; }

Result<Graph> build(const Json& parameters) {
  POISE_TRY(const Options options, options_from(parameters, kName, kParameters));
  return video_pose(options);
}

Result<ConfiguredNetwork> from_config(const ConfigReader& config) {
  const Options defaults;
  ConfiguredNetwork network;
  POISE_TRY(const int joints, config.integer("MODEL.NUM_JOINTS", 17));
  POISE_TRY(const int count, config.integer("MODEL.EXTRA.NUM_LEVELS", defaults.levels));
  POISE_TRY(const int width, config.integer("MODEL.EXTRA.NUM_FEATURES", defaults.width));
  network.parameters = Json::Object{{"levels", count}, {"width", width}, {"joints_in", joints}, {"joints_out", joints}};
  return network;
}

}  // namespace

int receptive_field(const VideoPoseOptions& options) {
  int frames = 1;
  for (int level = 0; level < options.levels; ++level) frames *= 3;
  return frames;
}

Result<Graph> video_pose(const VideoPoseOptions& options) {
  POISE_RETURN_IF_ERROR(check_range("levels", options.levels, 1, 8));
  POISE_RETURN_IF_ERROR(check_range("width", options.width, 1, 8192));
  POISE_RETURN_IF_ERROR(check_range("joints_in", options.joints_in, 1, 1024));
  POISE_RETURN_IF_ERROR(check_range("joints_out", options.joints_out, 1, 1024));
  Graph graph = Builder(options).build();
  POISE_RETURN_IF_ERROR(graph.validate());
  return graph;
}

const NetworkFamily& video_pose_family() {
  static const NetworkFamily family{
      .name = kName,
      .parameters = names_of(kParameters),
      .entries = {{"video_pose27", "8.6 M parameters: 27 frames, 17 joints, as published", levels(3)},
                  {"video_pose81", "12.8 M parameters: 81 frames, 17 joints, as published", levels(4)},
                  {"video_pose243", "17.0 M parameters: 243 frames, 17 joints, as published", levels(5)}},
      .config_keys = {"NUM_LEVELS", "NUM_FEATURES"},
      .from_config = from_config,
      .build = build,
      .card = R"({"lifts": "coco17"})",
      .takes_pictures = false};
  return family;
}

}  // namespace poise
