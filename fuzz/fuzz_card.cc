// Cards of models and of detectors, skeletons, and configurations of training: what is accepted is written as JSON that
// is accepted again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "poise/card/detector_card.h"
#include "poise/card/model_card.h"
#include "poise/models/config.h"
#include "poise/skeleton/skeleton.h"

namespace {

constexpr poise::Size kFree{0, 0};

void check(const poise::Json& json) {
  if (const auto card = poise::card_from_json(json, kFree)) {
    if (!card->codec || !poise::card_from_json(to_json(*card), kFree)) std::abort();
  } else if (card.error().message.empty()) {
    std::abort();
  }
  if (const auto card = poise::detector_card_from_json(json, kFree)) {
    if (!poise::detector_card_from_json(to_json(*card), kFree)) std::abort();
  } else if (card.error().message.empty()) {
    std::abort();
  }
  if (const auto skeleton = poise::skeleton_from_json(json)) {
    for (const auto& limb : skeleton->limbs)
      if (limb.from < 0 || limb.to < 0 || limb.from >= skeleton->size() || limb.to >= skeleton->size()) std::abort();
    if (skeleton->flip_index().size() != skeleton->joints.size()) std::abort();
  } else if (skeleton.error().message.empty()) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto json = poise::parse_json(text)) check(*json);
  const auto config = poise::parse_model_config(text);
  if (!config && config.error().message.empty()) std::abort();
  return 0;
}
