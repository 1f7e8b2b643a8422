#include "poise/card/card_reader.h"

#include "poise/card/model_card.h"

namespace poise::card {
namespace {

constexpr std::int64_t kSmallestSide = 16;
constexpr std::array<Word<const char*>, 3> kPrecisions{{{"fp32", "fp32"}, {"bf16", "bf16"}, {"int8", "int8"}}};

}  // namespace

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

Status read_precision(const Json& json, std::string& precision) {
  const char* word = nullptr;
  POISE_RETURN_IF_ERROR(Reader(json).word("precision", kPrecisions, word));
  if (word != nullptr) precision = word;
  return {};
}

}  // namespace poise::card
