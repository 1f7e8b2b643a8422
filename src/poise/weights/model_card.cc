#include "poise/weights/model_card.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "poise/weights/printable.h"

namespace poise {
namespace {

constexpr std::array kMembers = {"name",    "skeleton",      "colour",     "scale",           "mean",
                                 "std",     "input",         "padding",    "resample",        "codec",
                                 "sigma",   "refine",        "flip_shift", "output_skeleton", "source",
                                 "licence", "training_data", "accuracy",   "precision"};
constexpr std::array kEssentials = {"skeleton", "colour", "mean", "std", "padding", "codec"};
constexpr std::array kPresets = {"simple-baselines", "gluon", "mmpose", "ailia"};

constexpr const char* kCodec = "gaussian_heatmap";
constexpr std::int64_t kSmallestSide = 16;
constexpr std::int64_t kLargestSide = 4096;
constexpr std::uint64_t kMaxCardBytes = 1U << 20U;

template <typename Names>
std::string join(const Names& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  return list;
}

template <typename Value>
struct Word {
  const char* text;
  Value value;
};
constexpr std::array<Word<ColourOrder>, 2> kColours{{{"rgb", ColourOrder::kRgb}, {"bgr", ColourOrder::kBgr}}};
constexpr std::array<Word<Resample>, 2> kResamples{{{"linear", Resample::kLinear}, {"area", Resample::kArea}}};
constexpr std::array<Word<Refine>, 3> kRefines{
    {{"none", Refine::kNone}, {"quarter", Refine::kQuarter}, {"dark", Refine::kDark}}};

template <typename Value, std::size_t N>
const char* word_of(const std::array<Word<Value>, N>& words, Value value) {
  return std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.value == value; })->text;
}

Error wrong(std::string_view member, const std::string& what) {
  return invalid_argument("card member \"" + std::string(member) + "\" " + what);
}

Error wrong_kind(std::string_view member, const std::string& wanted, const Json& found) {
  return wrong(member, "must be " + wanted + ", it is " + found.kind());
}

// Reads members that are there, and leaves the others as they are.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  Status text(const char* member, std::string& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    if (!found->is_string()) return wrong_kind(member, "a string", *found);
    out = found->as_string();
    return {};
  }

  template <typename Value, std::size_t N>
  Status word(const char* member, const std::array<Word<Value>, N>& words, Value& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    if (!found->is_string()) return wrong_kind(member, "a string", *found);
    for (const auto& candidate : words) {
      if (found->as_string() != candidate.text) continue;
      out = candidate.value;
      return {};
    }
    std::vector<std::string> known;
    known.reserve(N);
    for (const auto& candidate : words) known.emplace_back(candidate.text);
    return wrong(member, "must be one of " + join(known) + ", it is " + printable(found->as_string()));
  }

  Status boolean(const char* member, bool& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    if (!found->is_bool()) return wrong_kind(member, "true or false", *found);
    out = found->as_bool();
    return {};
  }

  Status number(const char* member, double low, double high, float& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    if (!found->is_number()) return wrong_kind(member, "a number", *found);
    return in_range(member, found->as_number(), low, high, out);
  }

  Status three(const char* member, double low, double high, std::array<float, 3>& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    const bool fits = found->is_array() && found->as_array().size() == out.size() &&
                      std::all_of(found->as_array().begin(), found->as_array().end(),
                                  [](const Json& value) { return value.is_number(); });
    if (!fits) return wrong(member, "must be three numbers, in the order of the network's planes");
    for (std::size_t i = 0; i < out.size(); ++i)
      POISE_RETURN_IF_ERROR(in_range(member, found->as_array()[i].as_number(), low, high, out[i]));
    return {};
  }

 private:
  static Status in_range(const char* member, double value, double low, double high, float& out) {
    if (!(value >= low && value <= high))
      return wrong(member,
                   "must lie in [" + Json(low).dump() + ", " + Json(high).dump() + "], it is " + Json(value).dump());
    out = static_cast<float>(value);
    return {};
  }

  const Json& json_;
};

Status check_members(const Json& json) {
  if (!json.is_object()) return invalid_argument(std::string("the card must be an object, it is ") + json.kind());
  for (const auto& [name, value] : json.as_object()) {
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end())
      return invalid_argument("card member " + printable(name) + " is not known; known are " + join(kMembers));
  }
  std::vector<std::string> missing;
  for (const char* name : kEssentials)
    if (json.find(name) == nullptr) missing.emplace_back(name);
  if (missing.empty()) return {};
  std::string presets;
  for (const char* preset : kPresets) presets += (presets.empty() ? "" : "|") + std::string(preset);
  return invalid_argument("the model says nothing about " + join(missing) + ": give --preset " + presets +
                          ", or a card in MODEL.card.json");
}

Status read_skeleton(const Json& json, ModelCard& card) {
  const Json& member = *json.find("skeleton");
  if (!member.is_string() && !member.is_object()) return wrong_kind("skeleton", "a name or an object", member);
  Result<Skeleton> found = member.is_string() ? find_skeleton(member.as_string()) : skeleton_from_json(member);
  if (!found) return Error{ErrorCode::kInvalidArgument, "card member \"skeleton\": " + found.error().message};
  card.skeleton = std::move(*found);

  POISE_RETURN_IF_ERROR(Reader(json).text("output_skeleton", card.output_skeleton));
  if (card.output_skeleton.empty() || card.output_skeleton == card.skeleton.name) return {};
  const Result<Skeleton> output = find_skeleton(card.output_skeleton);
  if (!output) return Error{ErrorCode::kInvalidArgument, "card member \"output_skeleton\": " + output.error().message};
  if (output->base != card.skeleton.name)
    return wrong("output_skeleton", "is " + output->name + ", which cannot be derived from " +
                                        printable(card.skeleton.name) + ", the skeleton of the network");
  return {};
}

Status read_input(const Json& json, Size graph_input, Size& size) {
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
    if (std::min(width, height) < kSmallestSide || std::max(width, height) > kLargestSide)
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

Status read_codec(const Json& json, ModelCard& card) {
  const Reader reader(json);
  std::string codec;
  POISE_RETURN_IF_ERROR(reader.text("codec", codec));
  if (codec != kCodec) return wrong("codec", std::string("must be ") + kCodec + ", it is " + printable(codec));
  POISE_RETURN_IF_ERROR(reader.number("sigma", 0.1, 64, card.codec.sigma));
  POISE_RETURN_IF_ERROR(reader.word("refine", kRefines, card.refine));
  if (card.refine == Refine::kDark && json.find("sigma") == nullptr)
    return wrong("refine", "is dark, which needs the member \"sigma\"");
  return reader.boolean("flip_shift", card.flip_shift);
}

Json triple(const std::array<float, 3>& values) { return Json::Array{values[0], values[1], values[2]}; }

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
  card.set("codec", kCodec);
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

Result<ModelCard> card_from_json(const Json& json, Size input) {
  POISE_RETURN_IF_ERROR(check_members(json));
  ModelCard card;
  const Reader reader(json);
  POISE_RETURN_IF_ERROR(read_skeleton(json, card));
  POISE_RETURN_IF_ERROR(read_normalisation(json, card.normalisation));
  POISE_RETURN_IF_ERROR(read_input(json, input, card.crop.size));
  POISE_RETURN_IF_ERROR(reader.number("padding", 0.5, 4, card.crop.padding));
  POISE_RETURN_IF_ERROR(reader.word("resample", kResamples, card.resample));
  POISE_RETURN_IF_ERROR(read_codec(json, card));
  POISE_RETURN_IF_ERROR(reader.text("precision", card.precision));
  if (card.precision != "fp32" && card.precision != "bf16" && card.precision != "int8")
    return wrong("precision", "must be fp32, bf16 or int8, it is " + printable(card.precision));
  POISE_RETURN_IF_ERROR(reader.text("name", card.name));
  POISE_RETURN_IF_ERROR(reader.text("source", card.source));
  POISE_RETURN_IF_ERROR(reader.text("licence", card.licence));
  POISE_RETURN_IF_ERROR(reader.text("training_data", card.training_data));
  POISE_RETURN_IF_ERROR(reader.text("accuracy", card.accuracy));
  return card;
}

Json to_json(const ModelCard& card) {
  const Result<Skeleton> known = find_skeleton(card.skeleton.name);
  Json json = Json::object();
  if (!card.name.empty()) json.set("name", card.name);
  json.set("skeleton", known && *known == card.skeleton ? Json(card.skeleton.name) : to_json(card.skeleton));
  json.set("colour", word_of(kColours, card.normalisation.order));
  json.set("scale", card.normalisation.scale);
  json.set("mean", triple(card.normalisation.mean));
  json.set("std", triple(card.normalisation.std));
  json.set("input", Json::Array{card.crop.size.width, card.crop.size.height});
  json.set("padding", card.crop.padding);
  json.set("resample", word_of(kResamples, card.resample));
  json.set("codec", kCodec);
  json.set("sigma", card.codec.sigma);
  json.set("refine", word_of(kRefines, card.refine));
  json.set("flip_shift", card.flip_shift);
  if (card.precision != "fp32") json.set("precision", card.precision);
  if (!card.output_skeleton.empty()) json.set("output_skeleton", card.output_skeleton);
  if (!card.source.empty()) json.set("source", card.source);
  if (!card.licence.empty()) json.set("licence", card.licence);
  if (!card.training_data.empty()) json.set("training_data", card.training_data);
  if (!card.accuracy.empty()) json.set("accuracy", card.accuracy);
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
