#include "poise/models/convert.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "poise/base/counted.h"
#include "poise/base/sha256.h"
#include "poise/base/version.h"
#include "poise/card/check_card.h"
#include "poise/card/model_card.h"
#include "poise/graph/passes/passes.h"
#include "poise/models/config.h"
#include "poise/models/zoo.h"
#include "poise/weights/network_file.h"
#include "poise/weights/parameters.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

bool names_network(const ConvertOptions& o) { return !o.network.empty() || !o.parameters.as_object().empty(); }

Status check_options(const ConvertOptions& o) {
  if (o.out.extension() != ".onnx") {
    return invalid_argument("option \"out\" must end in .onnx, not \"" + o.out.string() + "\"");
  }
  std::error_code error;
  if (fs::equivalent(o.out, o.input, error)) {
    return invalid_argument("option \"out\" is the input itself: write to another file");
  }
  if (!o.outputs.empty() && is_state_dict(o.input)) {
    return invalid_argument("option \"outputs\" is for network files: a checkpoint's network has one output");
  }
  if (!o.config.empty() && names_network(o)) {
    return invalid_argument("option \"config\" names the network: leave out option \"network\" and its parameters");
  }
  return {};
}

Result<std::optional<ModelConfig>> read_configuration(const ConvertOptions& o, std::vector<std::string>& notes) {
  if (o.config.empty()) return std::optional<ModelConfig>();
  POISE_TRY(ModelConfig config, read_model_config(o.config));
  constexpr std::size_t kMost = 20;
  const std::string name = o.config.string();
  for (std::size_t i = 0; i < std::min(kMost, config.unknown.size()); ++i) {
    notes.push_back(name + ": the key " + Json(config.unknown[i]).dump() + " is not known, it is passed over");
  }
  if (config.unknown.size() > kMost) {
    notes.push_back(name + ": " + std::to_string(config.unknown.size() - kMost) + " more keys are not known");
  }
  return std::optional(std::move(config));
}

/// What the other outputs alone need goes with them.
Status keep_outputs(Graph& graph, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::vector<ValueId> kept;
  for (const std::string& name : names) {
    std::string known;
    for (const ValueId id : graph.outputs) {
      const std::string& own = graph.values.at(id).name;
      known += (known.empty() ? "" : ", ") + own;
      if (own == name) kept.push_back(id);
    }
    if (kept.empty() || graph.values.at(kept.back()).name != name) {
      return not_found("no output is named \"" + name + "\"; there are " + known);
    }
  }
  graph.outputs = std::move(kept);
  remove_dead(graph);
  return graph.validate();
}

/// A network file keeps its network; only its card changes.
Status from_network(const ConvertOptions& o, const std::optional<ModelConfig>& config, Conversion& conversion) {
  POISE_TRY(NetworkFile model, read_network(o.input));
  if (names_network(o)) {
    return invalid_argument(o.input.string() +
                            ": it holds its own network: leave out option \"network\" and its parameters, which are "
                            "for checkpoints");
  }
  conversion.layout = model.kind;
  conversion.input_hash = model.hash;
  conversion.metadata = std::move(model.metadata);
  CardSources sources;
  sources.preset = o.preset;
  if (config) sources.flags = config->card;
  POISE_TRY(conversion.card, gather_card(o.input, conversion.metadata, sources));
  conversion.graph = std::move(model.graph);
  const Status kept = keep_outputs(conversion.graph, o.outputs);
  return kept.ok() ? kept : Status(kept.error().prefixed(o.input.string()));
}

Result<ModelOptions> named_network(const ConvertOptions& o) {
  if (o.network.empty()) {
    return invalid_argument(o.input.string() +
                            ": a checkpoint holds weights only: name their network with option \"config\", or with "
                            "option \"network\" and its parameters");
  }
  POISE_TRY(ModelOptions options, find_network(o.network));
  POISE_TRY(const NetworkFamily* family, find_family(options.family));
  if (family->card != nullptr) {
    return unsupported(o.network + std::string(family->takes_pictures ? " finds people, not joints" : " lifts poses") +
                       ": a network of it is exported from its training");
  }
  if (o.parameters.find("input") == nullptr) {
    return invalid_argument("give parameter \"input\", the size of the network's input: the weights do not tell it");
  }
  options.parameters = overlay(o.parameters, options.parameters);
  return options;
}

Status from_checkpoint(const ConvertOptions& o, const std::optional<ModelConfig>& config, Conversion& conversion) {
  ModelOptions network;
  if (config) {
    network = config->options;
  } else {
    POISE_TRY(network, named_network(o));
  }
  if (!o.preset.empty()) {
    POISE_TRY(conversion.card, card_preset(o.preset));
  }
  if (config) conversion.card = overlay(config->card, conversion.card);
  auto built = build_model(network);
  if (!built.ok()) return config ? built.error().prefixed(o.config.string()) : built.error();
  conversion.graph = std::move(*built);
  POISE_TRY(const StateDict file, read_state_dict(o.input));
  const auto report = load_parameters(conversion.graph, file);
  if (!report.ok()) return report.error().prefixed(o.input.string());
  if (!file.other_members.empty()) {
    std::string others;
    for (const std::string& name : file.other_members) others += (others.empty() ? "" : ", ") + name;
    conversion.notes.push_back(o.input.string() + ": the weights are those of " +
                               (file.taken.empty() ? "its top" : file.taken) + "; it holds tensors under " + others +
                               " too, which were not taken");
  }
  conversion.layout = file.layout;
  conversion.input_hash = file.hash;
  const auto others = std::ranges::count_if(
      report->ignored, [](const std::string& name) { return !name.ends_with(".num_batches_tracked"); });
  if (others > 0) {
    conversion.notes.push_back(o.input.string() + ": " + counted(others, "tensor is", "tensors are") +
                               " no parameters, they are left out");
  }
  return {};
}

Status write(const ConvertOptions& o, Conversion& conversion) {
  fs::path sidecar = o.out;
  sidecar.replace_extension(".card.json");
  const bool has_card = !conversion.card.as_object().empty();
  std::error_code error;
  if (o.sidecar && !has_card) {
    return invalid_argument(
        "option \"sidecar\" has no card to write: give option \"preset\", option \"config\" or members of a card");
  }
  if (!o.sidecar && fs::exists(sidecar, error)) {
    conversion.notes.push_back(sidecar.string() + " lies beside the new file and outranks the card in it");
  }
  conversion.metadata.erase(kCardKey);
  if (has_card) conversion.metadata[kCardKey] = conversion.card.dump();
  conversion.metadata[kOriginKey] = o.input.filename().string() + " sha256 " + conversion.input_hash;
  const auto bytes = to_onnx(conversion.graph, {.metadata = conversion.metadata});
  if (!bytes.ok()) return bytes.error().prefixed(o.out.string());
  conversion.hash = sha256_hex({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
  POISE_RETURN_IF_ERROR(write_file_atomic(o.out, *bytes));
  if (o.sidecar) POISE_RETURN_IF_ERROR(write_file_atomic(sidecar, conversion.card.dump(1) + "\n"));
  return {};
}

}  // namespace

Result<Conversion> convert_network(const ConvertOptions& options) {
  POISE_RETURN_IF_ERROR(check_options(options));
  Conversion conversion;
  conversion.card = Json::object();
  POISE_TRY(const auto config, read_configuration(options, conversion.notes));
  // What is neither is for read_network() to name.
  const Status read = is_state_dict(options.input) ? from_checkpoint(options, config, conversion)
                                                   : from_network(options, config, conversion);
  POISE_RETURN_IF_ERROR(read);
  conversion.card = overlay(options.card, conversion.card);
  const auto missing = check_card(conversion.card, conversion.graph);
  if (!missing.ok()) return missing.error().prefixed(options.input.string());
  if (!missing->empty()) conversion.notes.push_back(*missing);
  POISE_RETURN_IF_ERROR(write(options, conversion));
  return conversion;
}

Json to_json(const ConvertOptions& options, const Conversion& conversion) {
  const Graph& graph = conversion.graph;
  Json json = Json::object();
  json.set("poise", kVersion);
  json.set("input", options.input.string());
  json.set("layout", conversion.layout);
  json.set("input_sha256", conversion.input_hash);
  json.set("out", options.out.string());
  json.set("sha256", conversion.hash);
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

}  // namespace poise
