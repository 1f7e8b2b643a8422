#include <cstdio>
#include <filesystem>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "flags/card_flags.h"
#include "poise/base/sha256.h"
#include "poise/base/version.h"
#include "poise/card/check_card.h"
#include "poise/card/model_card.h"
#include "poise/models/config.h"
#include "poise/weights/network_file.h"
#include "poise/weights/parameters.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOriginKey = "poise.converted_from";  // metadata_props: the file's name and SHA-256

struct Options {
  std::string input, out, config, arch, size, style;
  std::optional<int> depth, joints, deconv_filters, stacks, features;
  std::optional<float> width, sigma;
  CardFlags card;
  CardTexts texts;
  bool sidecar = false, json = false;
};

constexpr const char* kExamples =
    "Of two sides the larger is the height, as people stand: 256x192 and 192x256 are the same. Name a lying input in\n"
    "--config's IMAGE_SIZE. Checkpoints are read without running anything in them.\n"
    "Examples:\n"
    "  poise convert pose_resnet_50_256x192.pth.tar --config 256x192_d256x3_adam_lr1e-3.yaml --out poseresnet50.onnx\n"
    "  poise convert model.safetensors --arch pose_resnet --depth 50 --joints 17 --size 256x192 --out m.onnx\n"
    "  poise convert hrnet.pth --arch hrnet_w32 --size 256x192 --preset simple-baselines --colour rgb --out "
    "hrnet.onnx\n"
    "  poise convert theirs.onnx --preset mmpose --licence Apache-2.0 --sidecar --out ours.onnx";

/// What is written, and what is to be said about it.
struct Conversion {
  Graph graph;
  Json card = Json::object();
  std::map<std::string, std::string> metadata;
  std::string layout, hash;  // of the input
  std::vector<std::string> notes;
};

Error no_meaning(const char* flag, const std::string& arch) {
  return invalid_argument(std::string(flag) + " has no meaning for " + arch + ": leave it out");
}

/// The flags of one family; what belongs to the others is refused.
struct ApplyFlags {
  const Options& o;

  Status operator()(PoseResNetOptions& options) const {
    if (o.stacks) return no_meaning("--stacks", o.arch);
    if (o.features) return no_meaning("--features", o.arch);
    options.depth = o.depth.value_or(options.depth);
    options.width = o.width.value_or(options.width);
    options.deconv_filters = o.deconv_filters.value_or(options.deconv_filters);
    if (o.style == "caffe") options.style = PoseResNetOptions::Style::kCaffe;
    return {};
  }
  Status operator()(HrnetOptions& options) const {
    for (const auto& [flag, given] :
         {std::pair("--depth", o.depth.has_value()), std::pair("--stacks", o.stacks.has_value()),
          std::pair("--features", o.features.has_value()), std::pair("--style", !o.style.empty()),
          std::pair("--deconv-filters", o.deconv_filters.has_value())}) {
      if (given) return no_meaning(flag, o.arch);
    }
    const float width = o.width.value_or(static_cast<float>(options.width));
    options.width = static_cast<int>(width);
    if (static_cast<float>(options.width) != width) return invalid_argument("--width of an HRNet is a whole number");
    return {};
  }
  Status operator()(HourglassOptions& options) const {
    for (const auto& [flag, given] :
         {std::pair("--depth", o.depth.has_value()), std::pair("--width", o.width.has_value()),
          std::pair("--style", !o.style.empty()), std::pair("--deconv-filters", o.deconv_filters.has_value())}) {
      if (given) return no_meaning(flag, o.arch);
    }
    options.stacks = o.stacks.value_or(options.stacks);
    options.features = o.features.value_or(options.features);
    return {};
  }
  Status operator()(const CentreNetOptions&) const {
    return unsupported("--arch " + o.arch + " finds people, not joints: poise export writes it from its training");
  }
};

Result<ModelOptions> options_of_arch(const Options& o) {
  ModelOptions options;
  if (o.arch == "pose_hrnet") {
    options = HrnetOptions{};
  } else if (o.arch == "hourglass") {
    options = HourglassOptions{};
  } else if (o.arch != "pose_resnet") {
    const auto entry = find_in_zoo(o.arch);
    if (!entry.ok()) {
      return not_found("--arch: " + entry.error().message + ", and the families pose_resnet pose_hrnet hourglass");
    }
    options = entry->options;
  }
  if (o.size.empty()) {
    return invalid_argument("give the size of the network's input, as in --size 256x192: the weights do not tell it");
  }
  POISE_TRY(const auto sides, parse_sides("--size", o.size));
  POISE_RETURN_IF_ERROR(std::visit(ApplyFlags{o}, options));
  std::visit(
      [&](auto& any) {
        any.input = {std::min(sides.first, sides.second), std::max(sides.first, sides.second)};
        if constexpr (requires { any.joints; }) any.joints = o.joints.value_or(any.joints);
      },
      options);
  return options;
}

bool has_network_flags(const Options& o) {
  return !o.arch.empty() || !o.size.empty() || !o.style.empty() || o.depth || o.joints || o.deconv_filters ||
         o.stacks || o.features || o.width;
}

Result<std::optional<ModelConfig>> read_config(const Options& o, Conversion& conversion) {
  if (o.config.empty()) return std::optional<ModelConfig>();
  if (has_network_flags(o)) {
    return invalid_argument("--config names the network: leave out --arch, --size and the flags that go with them");
  }
  POISE_TRY(ModelConfig config, read_model_config(o.config));
  constexpr std::size_t kMost = 20;
  for (std::size_t i = 0; i < std::min(kMost, config.unknown.size()); ++i) {
    conversion.notes.push_back(o.config + ": the key " + Json(config.unknown[i]).dump() +
                               " is not known, it is passed over");
  }
  if (config.unknown.size() > kMost) {
    conversion.notes.push_back(o.config + ": " + std::to_string(config.unknown.size() - kMost) +
                               " more keys are not known");
  }
  return std::optional(std::move(config));
}

Result<Json> card_flags(const Options& o) {
  POISE_TRY(Json flags, o.card.json());
  if (o.sigma) flags.set("sigma", *o.sigma);
  o.texts.put(flags);
  return flags;
}

/// An ONNX file, or darknet's, keeps its network; only its card changes.
Status from_network(const Options& o, const std::optional<ModelConfig>& config, Conversion& conversion) {
  if (has_network_flags(o)) {
    return invalid_argument("--arch and the flags that go with it are for checkpoints: " + o.input +
                            " holds its own network");
  }
  POISE_TRY(NetworkFile model, read_network(o.input));
  conversion.layout = model.producer == "darknet" ? "darknet" : "onnx";
  conversion.hash = model.hash;
  conversion.metadata = std::move(model.metadata);
  CardSources sources;
  sources.preset = o.card.preset;
  if (config) sources.flags = config->card;
  POISE_TRY(conversion.card, gather_card(o.input, conversion.metadata, sources));
  conversion.graph = std::move(model.graph);
  return {};
}

Status from_checkpoint(const Options& o, const std::optional<ModelConfig>& config, Conversion& conversion) {
  std::error_code ignored;
  if (!std::filesystem::exists(o.input, ignored)) return not_found(o.input + ": there is no such file");
  if (!config && o.arch.empty()) {
    return invalid_argument(o.input +
                            ": a checkpoint holds weights only: name their network with --config FILE.yaml, or with "
                            "--arch and --size, as in --arch pose_resnet --depth 50 --size 256x192");
  }
  ModelOptions options;
  if (config) {
    options = config->options;
  } else {
    POISE_TRY(options, options_of_arch(o));
  }
  if (!o.card.preset.empty()) {
    POISE_TRY(conversion.card, card_preset(o.card.preset));
  }
  if (config) conversion.card = overlay(config->card, conversion.card);
  const auto built = build_model(options);
  if (!built.ok()) return config ? built.error().prefixed(o.config) : built.error();
  conversion.graph = *built;
  POISE_TRY(const StateDict file, read_state_dict(o.input));
  const auto report = load_parameters(conversion.graph, file);
  if (!report.ok()) return report.error().prefixed(o.input);
  conversion.layout = file.layout;
  conversion.hash = file.hash;
  std::size_t others = 0;
  for (const std::string& name : report->ignored) others += name.ends_with(".num_batches_tracked") ? 0 : 1;
  if (others > 0) {
    conversion.notes.push_back(o.input + ": " + std::to_string(others) +
                               " tensors are no parameters, they are left out");
  }
  return {};
}

Status check_out(const Options& o) {
  const fs::path out = o.out;
  if (out.extension() != ".onnx") return invalid_argument("--out must end in .onnx, not \"" + o.out + "\"");
  std::error_code error;
  if (fs::equivalent(out, o.input, error)) {
    return invalid_argument("--out is the input itself: write to another file");
  }
  return {};
}

Json summary(const Options& o, const Conversion& conversion, const std::string& bytes) {
  const Graph& graph = conversion.graph;
  Json json = Json::object();
  json.set("poise", kVersion);
  json.set("input", o.input);
  json.set("layout", conversion.layout);
  json.set("input_sha256", conversion.hash);
  json.set("out", o.out);
  json.set("sha256", sha256_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}));
  json.set("network", graph.name);
  json.set("parameters", graph.parameter_count());
  Json inputs = Json::array();
  for (const ValueId id : graph.inputs) inputs.push(to_string(graph.values.at(id).shape));
  json.set("inputs", std::move(inputs));
  Json outputs = Json::array();
  for (const ValueId id : graph.outputs) outputs.push(graph.values.at(id).name);
  json.set("outputs", std::move(outputs));
  json.set("card", conversion.card);
  Json notes = Json::array();
  for (const std::string& note : conversion.notes) notes.push(note);
  json.set("notes", std::move(notes));
  return json;
}

Status convert(const Options& o) {
  POISE_RETURN_IF_ERROR(check_out(o));
  Conversion conversion;
  POISE_TRY(const auto config, read_config(o, conversion));
  POISE_TRY(const Json flags, card_flags(o));
  const fs::path extension = fs::path(o.input).extension();
  const bool has_network = extension == ".onnx" || extension == ".weights";
  POISE_RETURN_IF_ERROR(has_network ? from_network(o, config, conversion) : from_checkpoint(o, config, conversion));
  conversion.card = overlay(flags, conversion.card);
  const auto missing = check_card(conversion.card, conversion.graph);
  if (!missing.ok()) return missing.error().prefixed(o.input);
  if (!missing->empty()) conversion.notes.push_back(*missing);

  fs::path sidecar = o.out;
  sidecar.replace_extension(".card.json");
  std::error_code error;
  if (o.sidecar && conversion.card.as_object().empty()) {
    return invalid_argument("--sidecar has no card to write: give --preset, --config or card flags");
  }
  if (!o.sidecar && fs::exists(sidecar, error)) {
    conversion.notes.push_back(sidecar.string() + " lies beside the new file and outranks the card in it");
  }
  if (conversion.card.as_object().empty()) {
    conversion.metadata.erase(kCardKey);
  } else {
    conversion.metadata[kCardKey] = conversion.card.dump();
  }
  conversion.metadata[kOriginKey] = fs::path(o.input).filename().string() + " sha256 " + conversion.hash;
  const auto bytes = to_onnx(conversion.graph, {.metadata = conversion.metadata});
  if (!bytes.ok()) return bytes.error().prefixed(o.out);
  POISE_RETURN_IF_ERROR(write_file_atomic(fs::path(o.out), *bytes));
  if (o.sidecar) POISE_RETURN_IF_ERROR(write_file_atomic(sidecar, conversion.card.dump(1) + "\n"));

  Console console(false);
  for (const std::string& note : conversion.notes) console.note(note);
  const Json json = summary(o, conversion, *bytes);
  if (o.json) {
    std::printf("%s\n", json.dump(1).c_str());
  } else {
    std::printf("%s: %s, %.1f M parameters, input %s -> %s\n", o.input.c_str(), conversion.graph.name.c_str(),
                static_cast<double>(conversion.graph.parameter_count()) * 1e-6, json.find("inputs")->dump().c_str(),
                o.out.c_str());
  }
  return {};
}

}  // namespace

Action make_convert(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command
      .add_option("input", o->input, "PyTorch checkpoint (.pth .pt .pth.tar), .safetensors, .onnx or darknet .weights")
      ->required()
      ->type_name("FILE");
  command.add_option("-o,--out", o->out, "the ONNX file to write")->required()->type_name("FILE");
  command.add_flag("--sidecar", o->sidecar, "write the card beside it too, as OUT.card.json");
  command.add_flag("--json", o->json, "what was done, as JSON");
  const std::string network = "Network (of a checkpoint)";
  command.add_option("-c,--config", o->config, "the authors' YAML, unchanged: names network and card")
      ->group(network)
      ->type_name("FILE");
  command.add_option("--arch", o->arch, "pose_resnet, pose_hrnet, hourglass, or a name of `poise models list`")
      ->group(network)
      ->type_name("NAME");
  command.add_option("--size", o->size, "of the input")->group(network)->type_name("HxW");
  command.add_option("--joints", o->joints, "heatmaps")->group(network);
  command.add_option("--depth", o->depth, "pose_resnet: 18 34 50 101 152")->group(network);
  command.add_option("--style", o->style, "pose_resnet: pytorch or caffe")
      ->check(CLI::IsMember({"pytorch", "caffe"}))
      ->group(network);
  command.add_option("--width", o->width, "pose_hrnet: channels of the finest branch; pose_resnet: a factor")
      ->group(network);
  command.add_option("--deconv-filters", o->deconv_filters, "pose_resnet: of each deconvolution")->group(network);
  command.add_option("--stacks", o->stacks, "hourglass: how many")->group(network);
  command.add_option("--features", o->features, "hourglass: channels")->group(network);
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
