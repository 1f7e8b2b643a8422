#include "poise/card/model_card.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "poise/base/printable.h"
#include "poise/card/card_reader.h"
#include "poise/codec/one_stage_codec.h"

namespace poise {
using namespace card;
namespace {

constexpr std::array kMembers = {
    "name",  "skeleton",        "colour", "scale",   "mean",          "std",      "input",    "padding", "resample",
    "codec", "output_skeleton", "source", "licence", "training_data", "accuracy", "precision"};  // and the codec's own
constexpr std::array kEssentials = {"skeleton", "colour", "mean", "std", "padding", "codec"};

constexpr std::uint64_t kMaxCardBytes = 1U << 20U;

/// Those that every card has, and those of its codec; of all codecs where it names none of them.
std::vector<const char*> known_members(const Json& json, std::span<const PoseCodecFamily> codecs) {
  std::vector<const char*> known(kMembers.begin(), kMembers.end());
  const Json* codec = json.find("codec");
  const PoseCodecFamily* named =
      codec != nullptr && codec->is_string() ? find_pose_codec(codec->as_string(), codecs) : nullptr;
  for (const PoseCodecFamily& family : codecs) {
    if (named == nullptr || named == &family) {
      known.insert(known.end(), family.parameters.begin(), family.parameters.end());
    }
  }
  return known;
}

Status check_members(const Json& json, std::span<const PoseCodecFamily> codecs) {
  if (!json.is_object()) return invalid_argument(std::string("the card must be an object, it is ") + json.kind());
  if (json.find("family") != nullptr)
    return invalid_argument("this is a detector, not a pose network: give it as option \"detector\"");
  const std::vector<const char*> known = known_members(json, codecs);
  for (const auto& [name, value] : json.as_object()) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return invalid_argument("card member " + printable(name) + " is not known; known are " + join(known));
  }
  std::vector<std::string> missing;
  for (const char* name : kEssentials)
    if (json.find(name) == nullptr) missing.emplace_back(name);
  if (missing.empty()) return {};
  return invalid_argument("the model says nothing about " + join(missing) + ": give option \"preset\" (" +
                          join(card_preset_names()) + "), or a card in MODEL.card.json");
}

Status read_codec(const Json& json, std::span<const PoseCodecFamily> codecs, ModelCard& card) {
  std::string name;
  POISE_RETURN_IF_ERROR(Reader(json).text("codec", name));
  const PoseCodecFamily* family = find_pose_codec(name, codecs);
  if (family == nullptr) {
    std::vector<std::string> known;
    for (const PoseCodecFamily& one : codecs) known.emplace_back(one.name);
    for (const OneStageCodecFamily& one : one_stage_codec_families()) known.emplace_back(one.name);
    return wrong("codec",
                 (known.size() > 1 ? "must be one of " : "must be ") + join(known) + ", it is " + printable(name));
  }
  POISE_TRY(card.codec, family->create(json));
  return {};
}

Result<Json> read_card(std::string_view text, const std::string& where) {
  Result<Json> json = parse_json(text);
  if (!json) return json.error().prefixed(where);
  if (!json->is_object()) return malformed(where + ": the card must be an object, it is " + json->kind());
  return json;
}

}  // namespace

Json overlay(const Json& upper, const Json& lower) {
  Json out = lower.is_object() ? lower : Json::object();
  if (upper.is_object())
    for (const auto& [name, value] : upper.as_object()) out.set(name, value);
  return out;
}

Result<ModelCard> card_from_json(const Json& json, Size input, std::span<const PoseCodecFamily> codecs) {
  POISE_RETURN_IF_ERROR(check_members(json, codecs));
  ModelCard card;
  POISE_RETURN_IF_ERROR(read_skeletons(json, card.skeleton, card.reported));
  POISE_RETURN_IF_ERROR(read_common(json, input, card));
  POISE_RETURN_IF_ERROR(Reader(json).number("padding", 0.5, 4, card.padding));
  POISE_RETURN_IF_ERROR(read_codec(json, codecs, card));
  return card;
}

Json to_json(const ModelCard& card) {
  Json json = Json::object();
  if (!card.name.empty()) json.set("name", card.name);
  json.set("skeleton", skeleton_member(card.skeleton));
  put_input(card, json);
  json.set("padding", card.padding);
  json.set("resample", word_of(card.input.resample));
  json.set("codec", card.codec->name());
  const Json parameters = card.codec->parameters();
  for (const auto& [name, value] : parameters.as_object()) json.set(name, value);
  put_precision(card, json);
  if (card.reported.name != card.skeleton.name) json.set("output_skeleton", card.reported.name);
  put_texts(card, json);
  return json;
}

Result<Json> gather_card(const std::filesystem::path& model, const std::map<std::string, std::string>& metadata,
                         const CardSources& sources) {
  Json card = Json::object();
  if (!sources.preset.empty()) {
    POISE_TRY(card, card_preset(sources.preset));
  }
  if (const auto found = metadata.find(kCardKey); found != metadata.end()) {
    POISE_TRY(const Json embedded, read_card(found->second, "the card inside the model"));
    card = overlay(embedded, card);
  }
  std::filesystem::path beside = model;
  beside.replace_extension(".card.json");
  const Result<Bytes> sidecar =
      model.empty() ? Result<Bytes>(not_found("there is no file")) : read_file(beside, kMaxCardBytes);
  if (sidecar) {
    const std::string_view text(reinterpret_cast<const char*>(sidecar->data()), sidecar->size());
    POISE_TRY(const Json json, read_card(text, beside.string()));
    card = overlay(json, card);
  } else if (sidecar.error().code != ErrorCode::kNotFound) {
    return sidecar.error().prefixed(beside.string());
  }
  if (!sources.flags.is_object() && !sources.flags.is_null())
    return invalid_argument("the card's flags must be an object");
  return overlay(sources.flags, card);
}

}  // namespace poise
