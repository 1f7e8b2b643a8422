#include <filesystem>

#include "poise/card/detector_card.h"
#include "poise/graph/passes/passes.h"
#include "poise/models/shipped.h"
#include "poise/train/initialise.h"
#include "poise/weights/network_file.h"

namespace poise {

Result<InitialWeights> read_initial_network(const std::string& given) {
  const std::filesystem::path path(given);
  std::error_code ignored;
  const bool is_file = std::filesystem::exists(path, ignored);
  auto file = is_file || path.has_extension() || path.has_parent_path() ? read_network(path) : read_shipped(given);
  if (!file.ok()) return file.error();
  POISE_TRY(const Json card, gather_card(is_file ? path : std::filesystem::path(), file->metadata, {}));
  InitialWeights weights;
  if (!is_detector_card(card)) {
    const auto read = card_from_json(card, {});
    if (read.ok()) weights.skeleton = read->skeleton;
  }
  POISE_RETURN_IF_ERROR(fold_constants(file->graph));  // stored integers become the floats they stand for
  for (const Value& value : file->graph.values) {
    if (value.constant != nullptr && !value.name.empty()) weights.tensors[value.name] = value.constant;
  }
  return weights;
}

}  // namespace poise
