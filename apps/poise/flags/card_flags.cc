#include "flags/card_flags.h"

#include <cstdio>
#include <filesystem>

#include "poise/base/file.h"
#include "poise/card/model_card.h"
#include "poise/skeleton/skeleton.h"
#include "words.h"

namespace poise::app {
namespace {

/// Whether it is one of the two; what the file says is looked at later.
Status skeleton_named(const std::string& given) {
  std::error_code error;
  if (std::filesystem::exists(given, error)) return {};
  const auto known = find_skeleton(given);
  return known.ok() ? Status() : Status(known.error());
}

/// A built-in name, or a file with a skeleton of the user's own.
Result<Json> skeleton_flag(const std::string& name) {
  std::error_code error;
  if (find_skeleton(name).ok() || !std::filesystem::exists(name, error)) return Json(name);
  POISE_TRY(const Bytes bytes, read_file(name, 1U << 20U));
  auto json = parse_json(BytesView(bytes));
  if (!json.ok()) return json.error().prefixed(name);
  return json;
}

}  // namespace

void CardFlags::add_to(CLI::App& command, const std::string& group) {
  std::string presets;
  for (const std::string& name : card_preset_names()) presets += (presets.empty() ? "" : ", ") + name;
  command.add_option("-p,--preset", preset, "how a network that does not say it itself is fed and read: " + presets)
      ->check(one_of(card_preset_names()))
      ->group(group)
      ->type_name("NAME");
  command.add_option("--refine", refine, "none, quarter or dark")
      ->check(one_of({"none", "quarter", "dark"}))
      ->group(group);
  command.add_option("--padding", padding, "boxes are grown by this factor")->check(within(0.5, 4.0))->group(group);
  command.add_option("--skeleton", skeleton, "a built-in name, or a JSON file")
      ->check(that([](const std::string& given) { return skeleton_named(given); }))
      ->group(group)
      ->type_name("NAME|FILE");
  command.add_option("--colour", colour, "rgb or bgr")->check(one_of({"rgb", "bgr"}))->group(group);
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
    return usage_error(flag + " is two sides in pixels, as in 192x256, not \"" + text + "\"");
  }
  return std::pair(width, height);
}

}  // namespace poise::app
