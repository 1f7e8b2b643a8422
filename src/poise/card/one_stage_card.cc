#include "poise/card/one_stage_card.h"

#include <algorithm>
#include <array>

#include "poise/card/card_reader.h"

namespace poise {
using namespace card;
namespace {

constexpr std::array kMembers = {
    "name", "skeleton",  "colour",         "scale",           "mean",   "std",     "input",         "resample",
    "fit",  "pad_side",  "pad_colour",     "half_pixel",      "codec",  "classes", "person",        "threshold",
    "nms",  "precision", "max_detections", "output_skeleton", "source", "licence", "training_data", "accuracy"};
constexpr std::array kEssentials = {"skeleton", "colour", "mean", "std", "codec"};
constexpr std::int64_t kMostDetections = 10'000;

const OneStageCodecFamily* family_of(const Json& json) {
  const Json* codec = json.find("codec");
  return codec != nullptr && codec->is_string() ? find_one_stage_codec(codec->as_string()) : nullptr;
}

Status check_members(const Json& json, const OneStageCodecFamily& family) {
  std::vector<const char*> known(kMembers.begin(), kMembers.end());
  known.insert(known.end(), family.parameters.begin(), family.parameters.end());
  for (const auto& [name, value] : json.as_object()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return invalid_argument("card member " + printable(name) +
                              " is not known in the card of a network that finds everyone itself (codec " +
                              family.name + "); known are " + join(known));
    }
  }
  std::vector<std::string> missing;
  for (const char* name : kEssentials) {
    if (json.find(name) == nullptr) missing.emplace_back(name);
  }
  if (missing.empty()) return {};
  return invalid_argument("the model says nothing about " + join(missing) +
                          ": give option \"preset\", or a card in MODEL.card.json");
}

Status read_people(const Json& json, OneStageCard& card) {
  const Reader reader(json);
  POISE_RETURN_IF_ERROR(read_class_names(json, card.classes));
  for (std::size_t i = 0; i < card.classes.size(); ++i) {
    if (is_called_person(card.classes[i])) card.person = static_cast<int>(i);
  }
  if (json.find("person") != nullptr) {
    int person = 0;
    POISE_RETURN_IF_ERROR(reader.whole("person", 0, kMostClasses, person));
    card.person = person;
  }
  if (card.person && !card.classes.empty() && *card.person >= static_cast<int>(card.classes.size())) {
    return wrong("person", "is " + std::to_string(*card.person) + ", there are " + std::to_string(card.classes.size()) +
                               " classes, counted from 0");
  }
  POISE_RETURN_IF_ERROR(reader.number("threshold", 0, 1, card.threshold));
  POISE_RETURN_IF_ERROR(reader.number("nms", 0, 1, card.nms));
  return reader.whole("max_detections", 1, kMostDetections, card.max_detections);
}

}  // namespace

bool is_one_stage_card(const Json& card) { return card.is_object() && family_of(card) != nullptr; }

Result<OneStageCard> one_stage_card_from_json(const Json& json, Size input) {
  const OneStageCodecFamily* family = json.is_object() ? family_of(json) : nullptr;
  if (family == nullptr) return wrong("codec", "is none of a network that finds everyone itself");
  POISE_RETURN_IF_ERROR(check_members(json, *family));
  OneStageCard card;
  POISE_RETURN_IF_ERROR(read_skeletons(json, card.skeleton, card.reported));
  POISE_RETURN_IF_ERROR(read_common(json, input, card));
  POISE_RETURN_IF_ERROR(read_letterbox(json, card.letterbox));
  POISE_RETURN_IF_ERROR(read_people(json, card));
  POISE_TRY(card.codec, family->create(json));
  return card;
}

Json to_json(const OneStageCard& card) {
  Json json = Json::object();
  if (!card.name.empty()) json.set("name", card.name);
  json.set("skeleton", skeleton_member(card.skeleton));
  put_input(card, json);
  put_letterbox(card.letterbox, json);
  json.set("resample", word_of(card.input.resample));
  json.set("codec", card.codec->name());
  const Json parameters = card.codec->parameters();
  for (const auto& [name, value] : parameters.as_object()) json.set(name, value);
  if (!card.classes.empty()) json.set("classes", class_names_member(card.classes));
  if (card.person) json.set("person", *card.person);
  json.set("threshold", card.threshold);
  json.set("nms", card.nms);
  json.set("max_detections", card.max_detections);
  put_precision(card, json);
  if (card.reported.name != card.skeleton.name) json.set("output_skeleton", card.reported.name);
  put_texts(card, json);
  return json;
}

}  // namespace poise
