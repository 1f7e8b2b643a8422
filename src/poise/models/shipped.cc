#include "poise/models/shipped.h"

#include <algorithm>
#include <array>

#include "poise/base/embed.h"

POISE_EMBED(poise_embedded_small, POISE_SOURCE_DIR "/models/poise-small.onnx");
POISE_EMBED(poise_embedded_person, POISE_SOURCE_DIR "/models/poise-person.onnx");
POISE_EMBED(poise_embedded_lift, POISE_SOURCE_DIR "/models/poise-lift.onnx");

namespace poise {
namespace {

BytesView between(const std::uint8_t* begin, const std::uint8_t* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::span<const ShippedModel> shipped_models() {
  static const std::array<ShippedModel, 3> kModels{{
      {"poise-small", "COCO's 17 joints, 256x192: made for two cores",
       between(poise_embedded_small, poise_embedded_small_end)},
      {kShippedDetector, "finds people, 416x416", between(poise_embedded_person, poise_embedded_person_end)},
      {kShippedLifter, "lifts poses to space: COCO's 17 joints", between(poise_embedded_lift, poise_embedded_lift_end)},
  }};
  return kModels;
}

Result<NetworkFile> read_shipped(std::string_view name) {
  const auto models = shipped_models();
  const auto found = name.empty() ? models.begin()
                                  : std::find_if(models.begin(), models.end(),
                                                 [name](const auto& model) { return model.name == name; });
  if (found != models.end()) return parse_onnx(found->onnx);
  std::string names;
  for (const ShippedModel& model : models) names += " " + std::string(model.name);
  return not_found("no network of the name \"" + std::string(name) + "\" comes with Poise; there are" + names);
}

}  // namespace poise
