#include "poise/card/model_card.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "poise/base/printable.h"
#include "poise/card/card_reader.h"

namespace poise {
using namespace card;
namespace {

constexpr std::array kMembers = {
    "name",  "skeleton",        "colour", "scale",   "mean",          "std",      "input",    "padding", "resample",
    "codec", "output_skeleton", "source", "licence", "training_data", "accuracy", "precision"};  // and the codec's own
constexpr std::array kEssentials = {"skeleton", "colour", "mean", "std", "padding", "codec"};
constexpr std::array kPresets = {"simple-baselines", "gluon", "mmpose", "ailia"};

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
                          join(kPresets) + "), or a card in MODEL.card.json");
}

Status read_skeletons(const Json& json, ModelCard& card) {
  const Json& member = *json.find("skeleton");
  if (!member.is_string() && !member.is_object()) return wrong_kind("skeleton", "a name or an object", member);
  Result<Skeleton> found = member.is_string() ? find_skeleton(member.as_string()) : skeleton_from_json(member);
  if (!found) return Error{ErrorCode::kInvalidArgument, "card member \"skeleton\": " + found.error().message};
  card.skeleton = std::move(*found);
  card.reported = card.skeleton;

  std::string name;
  POISE_RETURN_IF_ERROR(Reader(json).text("output_skeleton", name));
  if (name.empty() || name == card.skeleton.name) return {};
  Result<Skeleton> output = find_skeleton(name);
  if (!output) return Error{ErrorCode::kInvalidArgument, "card member \"output_skeleton\": " + output.error().message};
  if (output->base != card.skeleton.name)
    return wrong("output_skeleton", "is " + output->name + ", which cannot be derived from " +
                                        printable(card.skeleton.name) + ", the skeleton of the network");
  card.reported = std::move(*output);
  return {};
}

Status read_codec(const Json& json, std::span<const PoseCodecFamily> codecs, ModelCard& card) {
  std::string name;
  POISE_RETURN_IF_ERROR(Reader(json).text("codec", name));
  const PoseCodecFamily* family = find_pose_codec(name, codecs);
  if (family == nullptr) {
    std::vector<std::string> known;
    for (const PoseCodecFamily& one : codecs) known.emplace_back(one.name);
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

std::vector<std::string> card_preset_names() { return {kPresets.begin(), kPresets.end()}; }

Result<Json> card_preset(const std::string& name) {
  if (std::find(kPresets.begin(), kPresets.end(), name) == kPresets.end())
    return not_found("there is no preset " + printable(name) + "; there are " + join(kPresets));

  // Simple Baselines: lib/dataset/JointsDataset.py reads BGR, pose_estimation/valid.py normalises the planes in that
  // order with ImageNet's RGB mean and std; padding 1.25: lib/dataset/coco.py _xywh2cs; sigma: experiments/coco/*.yaml.
  Json card = Json::object();
  card.set("skeleton", "coco17");
  card.set("colour", "bgr");
  card.set("scale", 1.0F / 255.0F);
  card.set("mean", triple({0.485F, 0.456F, 0.406F}));
  card.set("std", triple({0.229F, 0.224F, 0.225F}));
  card.set("padding", 1.25F);
  card.set("resample", "linear");
  card.set("codec", "gaussian_heatmap");
  card.set("sigma", 2.0F);
  card.set("refine", "quarter");
  card.set("flip_shift", true);
  if (name == "gluon") {
    // GluonCV scripts/pose/simple_pose: the same, of RGB.
    card.set("colour", "rgb");
  } else if (name == "mmpose") {
    // MMPose configs/body_2d_keypoint/topdown_heatmap, PoseDataPreprocessor: RGB, in units of pixels.
    card.set("colour", "rgb");
    card.set("scale", 1.0F);
    card.set("mean", triple({123.675F, 116.28F, 103.53F}));
    card.set("std", triple({58.395F, 57.12F, 57.375F}));
  } else if (name == "ailia") {
    // ailia-models pose_estimation/pose_resnet: the crop is not padded and is shrunk with INTER_AREA; 19 points.
    card.set("padding", 1.0F);
    card.set("resample", "area");
    card.set("output_skeleton", "ailia19");
  }
  return card;
}

Json overlay(const Json& upper, const Json& lower) {
  Json out = lower.is_object() ? lower : Json::object();
  if (upper.is_object())
    for (const auto& [name, value] : upper.as_object()) out.set(name, value);
  return out;
}

Result<ModelCard> card_from_json(const Json& json, Size input, std::span<const PoseCodecFamily> codecs) {
  POISE_RETURN_IF_ERROR(check_members(json, codecs));
  ModelCard card;
  POISE_RETURN_IF_ERROR(read_skeletons(json, card));
  POISE_RETURN_IF_ERROR(read_common(json, input, card));
  POISE_RETURN_IF_ERROR(Reader(json).number("padding", 0.5, 4, card.padding));
  POISE_RETURN_IF_ERROR(read_codec(json, codecs, card));
  return card;
}

Json to_json(const ModelCard& card) {
  const Result<Skeleton> known = find_skeleton(card.skeleton.name);
  Json json = Json::object();
  if (!card.name.empty()) json.set("name", card.name);
  json.set("skeleton", known && *known == card.skeleton ? Json(card.skeleton.name) : to_json(card.skeleton));
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
