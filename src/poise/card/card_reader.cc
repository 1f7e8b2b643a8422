#include "poise/card/card_reader.h"

#include <cctype>
#include <string_view>

namespace poise::card {
namespace {

constexpr std::int64_t kSmallestSide = 16;
constexpr std::array<Word<ColourOrder>, 2> kColours{{{"rgb", ColourOrder::kRgb}, {"bgr", ColourOrder::kBgr}}};
constexpr std::array<Word<Fit>, 2> kFits{{{"stretch", Fit::kStretch}, {"letterbox", Fit::kLetterbox}}};
constexpr std::array<Word<PadSide>, 2> kPadSides{{{"end", PadSide::kEnd}, {"both", PadSide::kBoth}}};
constexpr std::array<Word<Resample>, 2> kResamples{{{"linear", Resample::kLinear}, {"area", Resample::kArea}}};

Status read_size(const Json& json, Size graph_input, Size& size) {
  const Json* member = json.find("input");
  const bool fixed = graph_input.width > 0 && graph_input.height > 0;
  if (member == nullptr) {
    if (!fixed)
      return invalid_argument("the model takes any input size: give \"input\": [width, height] in MODEL.card.json");
    size = graph_input;
  } else {
    const bool pair = member->is_array() && member->as_array().size() == 2 && member->as_array()[0].is_integer() &&
                      member->as_array()[1].is_integer();
    if (!pair) return wrong("input", "must be two integers, [width, height]");
    const std::int64_t width = member->as_array()[0].as_integer();
    const std::int64_t height = member->as_array()[1].as_integer();
    if (std::min(width, height) < kSmallestSide || std::max(width, height) > kLargestInputSide)
      return wrong("input", "must have sides of 16 to 4096 pixels, it is " + std::to_string(width) + "x" +
                                std::to_string(height));
    size = {static_cast<int>(width), static_cast<int>(height)};
  }
  const auto differs = [](int card, int graph) { return graph > 0 && card != graph; };
  if (differs(size.width, graph_input.width) || differs(size.height, graph_input.height))
    return wrong("input", "is " + std::to_string(size.width) + "x" + std::to_string(size.height) +
                              ", the graph takes " + std::to_string(graph_input.width) + "x" +
                              std::to_string(graph_input.height) + " (width x height)");
  return {};
}

Status read_normalisation(const Json& json, Normalisation& normalisation) {
  const Reader reader(json);
  POISE_RETURN_IF_ERROR(reader.word("colour", kColours, normalisation.order));
  POISE_RETURN_IF_ERROR(reader.number("scale", 1e-6, 1e3, normalisation.scale));
  POISE_RETURN_IF_ERROR(reader.three("mean", -1e4, 1e4, normalisation.mean));
  POISE_RETURN_IF_ERROR(reader.three("std", 1e-6, 1e6, normalisation.std));
  const bool byte_means =
      std::any_of(normalisation.mean.begin(), normalisation.mean.end(), [](float mean) { return mean > 1.0F; });
  if (json.find("scale") == nullptr && byte_means)
    return wrong("mean", "is of pixels from 0 to 255: say so with \"scale\": 1 (without it they are divided by 255)");
  return {};
}

Status read_precision(const Json& json, Precision& precision) {
  std::string name = name_of(precision);
  POISE_RETURN_IF_ERROR(Reader(json).text("precision", name));
  const std::optional<Precision> found = find_precision(name);
  if (!found) return wrong("precision", "must be one of " + join(precision_names()) + ", it is " + printable(name));
  precision = *found;
  return {};
}

}  // namespace

Status read_common(const Json& json, Size graph_input, CardCommon& card) {
  const Reader reader(json);
  POISE_RETURN_IF_ERROR(read_normalisation(json, card.input.normalisation));
  POISE_RETURN_IF_ERROR(read_size(json, graph_input, card.input.size));
  POISE_RETURN_IF_ERROR(reader.word("resample", kResamples, card.input.resample));
  POISE_RETURN_IF_ERROR(read_precision(json, card.precision));
  POISE_RETURN_IF_ERROR(reader.text("name", card.name));
  POISE_RETURN_IF_ERROR(reader.text("source", card.source));
  POISE_RETURN_IF_ERROR(reader.text("licence", card.licence));
  POISE_RETURN_IF_ERROR(reader.text("training_data", card.training_data));
  return reader.text("accuracy", card.accuracy);
}

void put_input(const CardCommon& card, Json& json) {
  const Normalisation& normalisation = card.input.normalisation;
  json.set("colour", word_of(kColours, normalisation.order));
  json.set("scale", normalisation.scale);
  json.set("mean", triple(normalisation.mean));
  json.set("std", triple(normalisation.std));
  json.set("input", Json::Array{card.input.size.width, card.input.size.height});
}

void put_precision(const CardCommon& card, Json& json) {
  if (card.precision != Precision::kFloat32) json.set("precision", name_of(card.precision));
}

void put_texts(const CardCommon& card, Json& json) {
  if (!card.source.empty()) json.set("source", card.source);
  if (!card.licence.empty()) json.set("licence", card.licence);
  if (!card.training_data.empty()) json.set("training_data", card.training_data);
  if (!card.accuracy.empty()) json.set("accuracy", card.accuracy);
}

Status read_letterbox(const Json& json, LetterboxOptions& letterbox) {
  const Reader reader(json);
  POISE_RETURN_IF_ERROR(reader.word("fit", kFits, letterbox.fit));
  POISE_RETURN_IF_ERROR(reader.word("pad_side", kPadSides, letterbox.pad_side));
  POISE_RETURN_IF_ERROR(reader.three("pad_colour", 0, 255, letterbox.pad_colour));
  return reader.boolean("half_pixel", letterbox.half_pixel);
}

void put_letterbox(const LetterboxOptions& letterbox, Json& json) {
  json.set("fit", word_of(kFits, letterbox.fit));
  json.set("pad_side", word_of(kPadSides, letterbox.pad_side));
  json.set("pad_colour", triple(letterbox.pad_colour));
  json.set("half_pixel", letterbox.half_pixel);
}

Status read_skeletons(const Json& json, Skeleton& skeleton, Skeleton& reported) {
  const Json& member = *json.find("skeleton");
  if (!member.is_string() && !member.is_object()) return wrong_kind("skeleton", "a name or an object", member);
  Result<Skeleton> found = member.is_string() ? find_skeleton(member.as_string()) : skeleton_from_json(member);
  if (!found) return Error{ErrorCode::kInvalidArgument, "card member \"skeleton\": " + found.error().message};
  skeleton = std::move(*found);
  reported = skeleton;

  std::string name;
  POISE_RETURN_IF_ERROR(Reader(json).text("output_skeleton", name));
  if (name.empty() || name == skeleton.name) return {};
  Result<Skeleton> output = find_skeleton(name);
  if (!output) return Error{ErrorCode::kInvalidArgument, "card member \"output_skeleton\": " + output.error().message};
  if (output->base != skeleton.name)
    return wrong("output_skeleton", "is " + output->name + ", which cannot be derived from " +
                                        printable(skeleton.name) + ", the skeleton of the network");
  reported = std::move(*output);
  return {};
}

Json skeleton_member(const Skeleton& skeleton) {
  const Result<Skeleton> known = find_skeleton(skeleton.name);
  return known && *known == skeleton ? Json(skeleton.name) : to_json(skeleton);
}

Status read_class_names(const Json& json, std::vector<std::string>& classes) {
  const Json* list = json.find("classes");
  if (list == nullptr) return {};
  if (!list->is_array() || list->as_array().empty() ||
      list->as_array().size() > static_cast<std::size_t>(kMostClasses)) {
    return wrong("classes", "must be a list of names, in the network's order");
  }
  for (const Json& name : list->as_array()) {
    if (!name.is_string()) return wrong("classes", "must be a list of names, in the network's order");
    classes.push_back(name.as_string());
  }
  return {};
}

Json class_names_member(const std::vector<std::string>& classes) {
  Json list = Json::array();
  for (const std::string& name : classes) list.push(name);
  return list;
}

bool is_called_person(const std::string& name) {
  constexpr std::string_view kPerson = "person";
  return std::equal(name.begin(), name.end(), kPerson.begin(), kPerson.end(),
                    [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

Json triple(const std::array<float, 3>& values) { return Json::Array{values[0], values[1], values[2]}; }

const char* word_of(Resample resample) { return word_of(kResamples, resample); }

}  // namespace poise::card
