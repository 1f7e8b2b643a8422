// Truth, results and evaluation: whatever the bytes are, an error or finite figures. The first byte tells where the
// truth ends and what is measured.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "poise/metrics/coco_eval.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto part = data[0] % 2 == 0 ? poise::CocoPart::kBody : poise::CocoPart::kNone;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t cut = std::min(rest.find('\x1e'), rest.size());  // a record separator parts the two files
  const auto truth = poise::parse_coco_truth({data + 1, cut}, part);
  if (!truth.ok()) {
    if (truth.error().message.empty()) std::abort();
    return 0;
  }
  poise::CocoResultsOptions reading;
  reading.part = part;
  reading.threads = 1;
  reading.drop_unseen = data[0] % 4 >= 2;
  const std::size_t after = std::min(cut + 1, rest.size());
  const auto results = poise::parse_coco_results({data + 1 + after, rest.size() - after}, *truth, reading);
  if (!results.ok()) {
    if (results.error().message.empty()) std::abort();
    return 0;
  }
  poise::CocoEvalOptions options;
  options.similarity = part == poise::CocoPart::kBody ? poise::CocoSimilarity::kOks : poise::CocoSimilarity::kBoxIou;
  options.variant = reading.drop_unseen ? poise::CocoVariant::kXtcocotools : poise::CocoVariant::kCocoapi;
  options.area_from_box = truth->without_area > 0;
  options.sigmas.assign(static_cast<std::size_t>(results->joints), .05);
  options.threads = 1;
  const auto evaluation = poise::evaluate_coco(*truth, *results, options);
  if (!evaluation.ok()) return 0;
  for (const auto& [name, value] : evaluation->figures) {
    if (!(value == -1 || (value >= 0 && value <= 1))) std::abort();
  }
  return 0;
}
