#include "poise/models/convert.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>

#include "commands/command.h"
#include "console.h"
#include "flags/card_flags.h"
#include "flags/json_flag.h"
#include "poise/models/zoo.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::string input, out, config, size;
  std::map<std::string, std::string> parameters;  // of --arch, as they were given; empty: not
  std::optional<float> sigma;
  ConvertOptions convert;
  CardFlags card;
  CardTexts texts;
  std::string json;
};

constexpr const char* kExamples =
    "Of two sides the larger is the height, as people stand: 256x192 and 192x256 are the same. Name a lying input in\n"
    "--config's IMAGE_SIZE. Checkpoints are read without running anything in them.\n"
    "Examples:\n"
    "  poise convert pose_resnet_50_256x192.pth.tar --config 256x192_d256x3_adam_lr1e-3.yaml --out poseresnet50.onnx\n"
    "  poise convert model.safetensors --arch pose_resnet --depth 50 --joints 17 --size 256x192 --out m.onnx\n"
    "  poise convert hrnet.pth --arch hrnet_w32 --size 256x192 --preset simple-baselines --colour rgb --out "
    "hrnet.onnx\n"
    "  poise convert theirs.onnx --preset mmpose --licence Apache-2.0 --sidecar --out ours.onnx\n"
    "  poise convert pose_landmark_lite.tflite --keep Identity --out landmarks.onnx";

/// A number or true or false where it is one, else the text.
Json value_of(const std::string& text) {
  const auto read = parse_json(std::string_view(text));
  return read.ok() && (read->is_number() || read->is_bool()) ? *read : Json(text);
}

Result<Json> parameters_of(const Options& o) {
  Json parameters = Json::object();
  for (const auto& [name, text] : o.parameters) {
    if (!text.empty()) parameters.set(name, value_of(text));
  }
  if (!o.size.empty()) {
    POISE_TRY(const auto sides, parse_sides("--size", o.size));
    parameters.set("input", Json::Array{std::min(sides.first, sides.second), std::max(sides.first, sides.second)});
  }
  return parameters;
}

Status convert(Options& o) {
  ConvertOptions& options = o.convert;
  options.input = o.input;
  options.out = o.out;
  options.config = o.config;
  options.preset = o.card.preset;
  POISE_TRY(options.parameters, parameters_of(o));
  POISE_TRY(options.card, o.card.json());
  if (o.sigma) options.card.set("sigma", *o.sigma);
  o.texts.put(options.card);
  auto converted = convert_network(options);
  if (!converted.ok()) {
    const bool of_flag = o.config.empty() && converted.error().message.starts_with("parameter \"");
    return of_flag ? usage_error(converted.error()) : converted.error();
  }
  const Conversion done = std::move(*converted);
  Console console(false);
  for (const std::string& note : done.notes) console.note(note);
  const Json json = to_json(options, done);
  POISE_RETURN_IF_ERROR(put_json(json, o.json));
  if (o.json != "-") {
    std::printf("%s: %s, %.1f M parameters, input %s -> %s\n", shown(o.input).c_str(), shown(done.graph.name).c_str(),
                static_cast<double>(done.graph.parameter_count()) * 1e-6, json.find("inputs")->dump().c_str(),
                shown(o.out).c_str());
  }
  return {};
}

/// A flag for each parameter of the families that find joints, but those that have one anyway; its help says whose it
/// is.
void add_parameters(CLI::App& command, std::map<std::string, std::string>& values, const std::string& group) {
  std::vector<std::pair<std::string, std::string>> flags;
  for (const NetworkFamily* family : network_families()) {
    if (family->card != nullptr) continue;
    for (const NetworkParameter& parameter : family->parameters) {
      if (parameter.name == "input" || parameter.name == "seed") continue;
      const std::string of_all(parameter.help);
      const std::string own = std::string(family->name) + ": " + of_all;
      const auto known = std::ranges::find_if(flags, [&](const auto& flag) { return flag.first == parameter.name; });
      if (known == flags.end()) {
        flags.emplace_back(parameter.name, parameter.name == "joints" ? of_all : own);
      } else if (parameter.name != "joints") {
        known->second += "; " + own;
      }
    }
  }
  for (const auto& [name, help] : flags) {
    std::string flag = "--" + name;
    std::ranges::replace(flag, '_', '-');
    command.add_option(flag, values[name], help)->group(group)->type_name("VALUE");
  }
}

}  // namespace

Action make_convert(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command
      .add_option("input", o->input,
                  "PyTorch checkpoint (.pth .pt .pth.tar), .safetensors, .onnx, .tflite, TensorFlow.js's model.json or "
                  "darknet .weights")
      ->required()
      ->type_name("FILE");
  command.add_option("-o,--out", o->out, "the ONNX file to write")
      ->required()
      ->check(ending_in(".onnx"))
      ->type_name("FILE");
  command.add_option("--keep", o->convert.outputs, "keep this output alone, of a network file; may be given again")
      ->type_name("NAME");
  command.add_flag("--sidecar", o->convert.sidecar, "write the card beside it too, as OUT.card.json");
  add_json_option(command, o->json);
  const std::string network = "Network (of a checkpoint)";
  command.add_option("-c,--config", o->config, "the authors' YAML, unchanged: names network and card")
      ->group(network)
      ->type_name("FILE");
  std::string families;
  for (const NetworkFamily* family : network_families()) {
    if (family->card == nullptr) families += std::string(family->name) + ", ";
  }
  command.add_option("--arch", o->convert.network, families + "or a name of `poise models list`")
      ->group(network)
      ->type_name("NAME");
  command.add_option("--size", o->size, "of the input")->group(network)->type_name("HxW");
  add_parameters(command, o->parameters, network);
  const std::string card = "Model card (over --config, MODEL.card.json, the file's own card, and --preset)";
  o->card.add_to(command, card);
  command.add_option("--sigma", o->sigma, "of the heatmaps' Gaussians, in heatmap pixels")->group(card);
  o->texts.add_to(command, card, "measured how, and on what");
  command.footer(kExamples);
  return [o] {
    const Status status = convert(*o);
    if (!status.ok()) Console(false).error(status.error().message);
    return status.ok() ? 0 : 1;
  };
}

}  // namespace poise::app
