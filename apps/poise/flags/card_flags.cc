#include "flags/card_flags.h"

#include <cstdio>
#include <filesystem>

#include "poise/base/file.h"
#include "poise/card/detector_card.h"
#include "poise/skeleton/skeleton.h"

namespace poise::app {
namespace {

/// A built-in name, or a file with a skeleton of the user's own.
Result<Json> skeleton_flag(const std::string& name) {
  std::error_code error;
  if (find_skeleton(name).ok() || !std::filesystem::exists(name, error)) return Json(name);
  POISE_TRY(const Bytes bytes, read_file(name, 1U << 20U));
  auto json = parse_json(BytesView(bytes));
  if (!json.ok()) return json.error().prefixed(name);
  return json;
}

/// The channels of the heatmaps for this input size; 0 where the output is none.
Result<std::int64_t> heatmap_count(const Graph& graph, Size input) {
  const Shape shape{1, 3, input.height, input.width};
  POISE_TRY(const std::vector<ValueInfo> infos, infer_shapes(graph, std::span(&shape, 1)));
  const Shape& output = infos.at(graph.outputs.back()).shape;
  return output.size() == 4 ? output[1] : 0;
}

}  // namespace

Result<std::string> check_card(const Json& card, const Graph& graph) {
  if (card.as_object().empty()) {
    return std::string("the model has no card: predict will want --preset, or --colour, --mean and the like");
  }
  if (graph.inputs.size() != 1 || graph.values.at(graph.inputs[0]).shape.size() != 4) {
    return unsupported("a card is for networks that read one (N, 3, H, W)");
  }
  const Shape& shape = graph.values.at(graph.inputs[0]).shape;
  const bool fixed = shape[2] > 0 && shape[3] > 0;
  const Size size = fixed ? Size{static_cast<int>(shape[3]), static_cast<int>(shape[2])} : Size{};
  if (is_detector_card(card)) {
    POISE_TRY(const DetectorCard detector, detector_card_from_json(card, size));
    return std::string();
  }
  POISE_TRY(Json filled,
            card_preset("simple-baselines"));  // stands in for what is left out, so that the rest is checked
  filled = overlay(card, filled);
  if (!fixed && card.find("input") == nullptr) filled.set("input", Json(Json::Array{Json(256), Json(256)}));
  POISE_TRY(const ModelCard checked, card_from_json(filled, size));
  if (card.find("skeleton") != nullptr) {
    POISE_TRY(const std::int64_t heatmaps, heatmap_count(graph, checked.crop.size));
    if (heatmaps != checked.skeleton.size()) {
      return invalid_argument("the network gives " + std::to_string(heatmaps) + " heatmaps, skeleton \"" +
                              checked.skeleton.name + "\" has " + std::to_string(checked.skeleton.size()) +
                              " joints: name another with --skeleton");
    }
  }
  const auto complete = card_from_json(card, size);
  return complete.ok() ? std::string() : complete.error().message;
}

void CardFlags::add_to(CLI::App& command, const std::string& group) {
  command.add_option("-p,--preset", preset, "simple-baselines, gluon, mmpose or ailia")
      ->group(group)
      ->type_name("NAME");
  command.add_option("--refine", refine, "none, quarter or dark")
      ->check(CLI::IsMember({"none", "quarter", "dark"}))
      ->group(group);
  command.add_option("--padding", padding, "boxes are grown by this factor")->group(group);
  command.add_option("--skeleton", skeleton, "a built-in name, or a JSON file")->group(group)->type_name("NAME|FILE");
  command.add_option("--colour", colour, "rgb or bgr")->check(CLI::IsMember({"rgb", "bgr"}))->group(group);
  command.add_option("--mean", mean, "three numbers")->expected(3)->group(group);
  command.add_option("--std", std, "three numbers")->expected(3)->group(group);
}

void CardTexts::add_to(CLI::App& command, const std::string& group, const std::string& about_accuracy) {
  command.add_option("--name", name, "for people, as all below")->group(group)->type_name("TEXT");
  command.add_option("--licence", licence, "of the weights")->group(group)->type_name("TEXT");
  command.add_option("--source", source, "where they come from")->group(group)->type_name("TEXT");
  command.add_option("--training-data", training_data, "what they were trained on")->group(group)->type_name("TEXT");
  command.add_option("--accuracy", accuracy, about_accuracy)->group(group)->type_name("TEXT");
}

void CardTexts::put(Json& card) const {
  for (const auto& [member, text] :
       {std::pair("name", &name), std::pair("licence", &licence), std::pair("source", &source),
        std::pair("training_data", &training_data), std::pair("accuracy", &accuracy)}) {
    if (!text->empty()) card.set(member, *text);
  }
}

Result<Json> CardFlags::json() const {
  Json flags = Json::object();
  if (padding) flags.set("padding", *padding);
  if (!refine.empty()) flags.set("refine", refine);
  if (!colour.empty()) flags.set("colour", colour);
  if (!skeleton.empty()) {
    POISE_TRY(Json value, skeleton_flag(skeleton));
    flags.set("skeleton", std::move(value));
  }
  const auto list = [&](const char* name, const std::vector<float>& values) {
    if (values.empty()) return;
    Json array = Json::array();
    for (const float v : values) array.push(v);
    flags.set(name, std::move(array));
  };
  list("mean", mean);
  list("std", std);
  return flags;
}

Result<std::pair<int, int>> parse_sides(const std::string& flag, const std::string& text) {
  int width = 0;
  int height = 0;
  char rest = 0;
  if (text.size() > 16 || std::sscanf(text.c_str(), "%dx%d%c", &width, &height, &rest) != 2) {
    return invalid_argument(flag + " is two sides in pixels, as in 192x256, not \"" + text + "\"");
  }
  return std::pair(width, height);
}

}  // namespace poise::app
