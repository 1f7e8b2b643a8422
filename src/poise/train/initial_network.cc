#include "poise/card/detector_card.h"
#include "poise/graph/passes/passes.h"
#include "poise/models/model_store.h"
#include "poise/train/initialise.h"

namespace poise {

Result<InitialWeights> read_initial_network(const std::string& given) {
  POISE_TRY(OpenModel model, ModelStore().open(given));
  POISE_TRY(const Json card, gather_card(model.path, model.onnx.metadata, {}));
  InitialWeights weights;
  if (!is_detector_card(card)) {
    const auto read = card_from_json(card, {});
    if (read.ok()) weights.skeleton = read->skeleton;
  }
  POISE_RETURN_IF_ERROR(fold_constants(model.onnx.graph));  // stored integers become the floats they stand for
  for (const Value& value : model.onnx.graph.values) {
    if (value.constant != nullptr && !value.name.empty()) weights.tensors[value.name] = value.constant;
  }
  return weights;
}

}  // namespace poise
