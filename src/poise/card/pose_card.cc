#include "poise/card/pose_card.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "poise/card/picture_input.h"
#include "poise/card/recognise.h"

namespace poise {
namespace {

/// A size to ask the shapes of outputs for, where the network leaves its own open.
Size size_to_ask(Size fixed, const std::map<std::string, std::string>& metadata) {
  constexpr Size kAny{256, 256};
  if (fixed.width > 0) return fixed;
  const Size exported = exported_input_size(metadata);
  return exported.width > 0 ? exported : kAny;
}

std::string codec_of(const Json& card) {
  const Json* codec = card.find("codec");
  return codec != nullptr && codec->is_string() ? codec->as_string() : std::string();
}

/// The preset's card under what the file says, whose input counts where the graph leaves it open.
Result<Json> filled(const std::string& preset, const Json& members, Size fixed) {
  POISE_TRY(const Json base, card_preset(preset));
  Json card = overlay(members, base);
  if (fixed.width > 0 && card.find("input") != nullptr) {
    card.set("input", Json(Json::Array{Json(fixed.width), Json(fixed.height)}));
  }
  return card;
}

}  // namespace

Result<std::vector<NetworkOutput>> outputs_of(const Graph& graph, Size input) {
  const Shape& wanted = graph.values.at(graph.inputs.at(0)).shape;
  const std::int64_t batch = wanted.empty() ? 1 : std::max<std::int64_t>(wanted[0], 1);
  const Shape shape{batch, 3, input.height, input.width};
  POISE_TRY(const std::vector<ValueInfo> infos, infer_shapes(graph, std::span(&shape, 1)));
  std::vector<NetworkOutput> outputs;
  for (const ValueId id : graph.outputs)
    outputs.push_back({graph.values.at(id).name, infos.at(id).shape, infos.at(id).type});
  return outputs;
}

Result<Json> gather_pose_card(const std::filesystem::path& model, const std::map<std::string, std::string>& metadata,
                              const Graph& graph, const CardSources& sources) {
  const auto named = [&](const Error& error) { return model.empty() ? error : error.prefixed(model.string()); };
  POISE_TRY(const Json said, gather_card(model, metadata, {sources.flags, {}}));
  const auto input = picture_input(graph, "a pose network");
  if (!input.ok()) return named(input.error());
  const Size fixed = *input;
  if (!codec_of(said).empty() || said.find("family") != nullptr) return gather_card(model, metadata, sources);
  // Outputs whose shapes nobody can tell yet are recognised by no shape.
  const auto outputs = outputs_of(graph, size_to_ask(fixed, metadata));
  std::optional<Reading> reading;
  if (outputs.ok()) {
    auto recognised = recognise_pose_network({metadata, *outputs, size_to_ask(fixed, metadata)});
    if (!recognised.ok()) return named(recognised.error());
    reading = std::move(*recognised);
  }
  const std::string given = outputs.ok() ? describe(*outputs) : std::string("its outputs");
  std::string preset = sources.preset;
  if (preset.empty()) {
    if (!reading) return said;
    if (!reading->certain) {
      return named(invalid_argument(given + ": nothing says what they mean; as " + reading->why +
                                    ", the preset may be " + reading->preset + ", which must be named"));
    }
    preset = reading->preset;
  }
  // MMPose's networks are fed alike, whatever they say.
  if (preset == "mmpose" && reading && reading->preset == "rtmpose") preset = "rtmpose";
  const bool fits = reading && (reading->preset == preset || reading->preset.find(preset) != std::string::npos);
  POISE_TRY(Json card, filled(preset, fits ? reading->members : Json::object(), fixed));
  return overlay(said, card);
}

}  // namespace poise
