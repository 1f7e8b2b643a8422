// Any bytes: the .cfg up to the first zero byte, then the .weights. parse_darknet refuses them, or gives a graph whose
// shapes can be asked for and a card that can be read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "poise/card/detector_card.h"
#include "poise/weights/darknet/darknet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::uint8_t* end = std::find(data, data + size, std::uint8_t{0});
  const std::string_view cfg(reinterpret_cast<const char*>(data), static_cast<std::size_t>(end - data));
  const std::uint8_t* weights = end == data + size ? end : end + 1;
  const auto model = poise::parse_darknet(cfg, {weights, static_cast<std::size_t>(data + size - weights)});
  if (!model) {
    if (model.error().message.empty()) std::abort();
    return 0;
  }
  poise::Shape shape = model->graph.values.at(static_cast<std::size_t>(model->graph.inputs.at(0))).shape;
  shape[0] = 1;
  const auto infos = poise::infer_shapes(model->graph, std::span(&shape, 1));
  if (!infos && infos.error().code != poise::ErrorCode::kTooLarge) std::abort();
  const poise::Size input{static_cast<int>(shape[3]), static_cast<int>(shape[2])};
  const auto card = poise::parse_json(model->metadata.at(poise::kCardKey));
  if (!card.ok() || !poise::detector_card_from_json(*card, input).ok()) std::abort();
  return 0;
}
