#include "poise/models/martinez.h"

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
  explicit Builder(const MartinezOptions& options) : options_(options), net_("martinez", options.seed) {}

  Graph build() {
    const std::int64_t inputs = std::int64_t{options_.joints_in} * options_.values;
    ValueId x = net_.graph.add_input("pose", {-1, inputs});
    x = layer(x, "w1", "batch_norm1", inputs);
    for (int block = 0; block < options_.blocks; ++block) {
      const std::string name = "linear_stages." + std::to_string(block) + ".";
      ValueId y = layer(x, name + "w1", name + "batch_norm1", options_.width);
      y = layer(y, name + "w2", name + "batch_norm2", options_.width);
      x = net_.add(x, y, name + "add");
    }
    net_.graph.outputs = {net_.linear(x, "w2", options_.width, std::int64_t{options_.joints_out} * 3, "joints")};
    return std::move(net_.graph);
  }

 private:
  ValueId layer(ValueId x, const std::string& name, const std::string& norm, std::int64_t inputs) {
    return net_.relu(net_.norm(net_.linear(x, name, inputs, options_.width), norm, options_.width), norm + ".relu");
  }

  const MartinezOptions& options_;
  Layers net_;
};

using Options = MartinezOptions;
constexpr const char* kName = "martinez";
constexpr std::array<Parameter<Options>, 6> kParameters{
    {{"joints_in", "joints of the picture", &Options::joints_in},
     {"values", "numbers of each of these: 2, or 3 with whether it is known", &Options::values},
     {"joints_out", "joints in space", &Options::joints_out},
     {"width", "of the linear layers", &Options::width},
     {"blocks", "shortcuts, round two layers each", &Options::blocks},
     {"seed", "of the initial weights", &Options::seed}}};

Result<Graph> build(const Json& parameters) {
  POISE_TRY(const Options options, options_from(parameters, kName, kParameters));
  return martinez(options);
}

/// Ours: the authors set their network up on the command line.
Result<ConfiguredNetwork> from_config(const ConfigReader& config) {
  const Options defaults;
  ConfiguredNetwork network;
  POISE_TRY(const int joints, config.integer("MODEL.NUM_JOINTS", 17));
  POISE_TRY(const int values, config.integer("MODEL.EXTRA.NUM_VALUES", 3));
  POISE_TRY(const int width, config.integer("MODEL.EXTRA.NUM_FEATURES", defaults.width));
  POISE_TRY(const int blocks, config.integer("MODEL.EXTRA.NUM_BLOCKS", defaults.blocks));
  network.parameters = Json::Object{
      {"joints_in", joints}, {"values", values}, {"joints_out", joints}, {"width", width}, {"blocks", blocks}};
  return network;
}

}  // namespace

Result<Graph> martinez(const MartinezOptions& options) {
  POISE_RETURN_IF_ERROR(check_range("joints_in", options.joints_in, 1, 1024));
  POISE_RETURN_IF_ERROR(check_range("values", options.values, 2, 3));
  POISE_RETURN_IF_ERROR(check_range("joints_out", options.joints_out, 1, 1024));
  POISE_RETURN_IF_ERROR(check_range("width", options.width, 1, 8192));
  POISE_RETURN_IF_ERROR(check_range("blocks", options.blocks, 0, 64));
  Graph graph = Builder(options).build();
  POISE_RETURN_IF_ERROR(graph.validate());
  return graph;
}

const NetworkFamily& martinez_family() {
  static const NetworkFamily family{
      .name = kName,
      .parameters = names_of(kParameters),
      .entries = {{"martinez", "4.3 M parameters, 0.0 G multiply-adds a pose: 16 joints, as published", {kName}}},
      .config_keys = {"NUM_VALUES", "NUM_FEATURES", "NUM_BLOCKS"},
      .from_config = from_config,
      .build = build,
      .card = R"({"lifts": "coco17"})",
      .takes_pictures = false};
  return family;
}

}  // namespace poise
