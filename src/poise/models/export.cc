#include "poise/models/export.h"

#include <cstdio>
#include <utility>

#include "poise/card/detector_card.h"
#include "poise/card/lift_card.h"
#include "poise/card/model_card.h"
#include "poise/graph/passes/passes.h"
#include "poise/models/config.h"
#include "poise/models/zoo.h"
#include "poise/weights/checkpoint.h"
#include "poise/weights/network_file.h"
#include "poise/weights/parameters.h"

namespace poise {
namespace {

/// Of a card; empty where the run has measured nothing yet.
std::string measured(const Json& progress) {
  const auto pck = progress.number("best_pck"), ap50 = progress.number("best_ap50");
  const auto auc = progress.number("best_auc3d");
  const auto epoch = progress.integer("best_epoch");
  const double best = pck.ok() ? *pck : ap50.ok() ? *ap50 : auc.ok() ? *auc : -1;
  if (best < 0 || !epoch.ok()) return {};
  char text[96];
  std::snprintf(text, sizeof text,
                pck.ok()    ? "PCK@0.2 %.4f on the validation set (epoch %lld, true boxes, no flip test)"
                : ap50.ok() ? "AP50 %.4f on scenes of the validation set (epoch %lld)"
                            : "AUC %.4f of PCK3D over 0 to 150 mm on poses made up (epoch %lld)",
                best, static_cast<long long>(*epoch));
  return text;
}

Status check_complete(const Json& card) {
  if (is_lift_card(card)) {
    POISE_RETURN_IF_ERROR(lift_card_from_json(card));
  } else if (is_detector_card(card)) {
    POISE_RETURN_IF_ERROR(detector_card_from_json(card, {}));
  } else {
    POISE_RETURN_IF_ERROR(card_from_json(card, {}));
  }
  return {};
}

/// The training's card with what it measured and what the caller says.
Result<Json> card_of(const Checkpoint& checkpoint, const ExportOptions& options) {
  Json given = Json::object();
  if (options.input.width > 0) given.set("input", Json::Array{options.input.width, options.input.height});
  if (const std::string accuracy = measured(checkpoint.progress); !accuracy.empty()) given.set("accuracy", accuracy);
  for (const auto& [name, value] : options.card.as_object()) given.set(name, value);
  if (!is_detector_card(checkpoint.card) && (given.find("threshold") != nullptr || given.find("nms") != nullptr)) {
    return invalid_argument("it does not find people: leave out card member \"threshold\" and card member \"nms\"");
  }
  Json card = overlay(given, checkpoint.card);
  POISE_RETURN_IF_ERROR(check_complete(card));
  return card;
}

}  // namespace

Result<Graph> export_checkpoint(const std::filesystem::path& path, const std::filesystem::path& out,
                                const ExportOptions& options) {
  if (out.extension() != ".onnx") {
    return invalid_argument("option \"out\" must end in .onnx, not \"" + out.string() + "\"");
  }
  POISE_TRY(const Checkpoint checkpoint, read_checkpoint(path));
  const auto named = [&](const Error& error) { return error.prefixed(path.string()); };
  const auto config = model_config_from_json(checkpoint.config);
  if (!config.ok()) return named(config.error());
  ModelOptions network = config->options;
  if (options.input.width > 0) {
    network.parameters.set("input", Json::Array{options.input.width, options.input.height});
  }
  POISE_TRY(Graph graph, build_model(network));
  StateDict weights;
  weights.tensors = weights_of(checkpoint);
  const auto loaded = load_parameters(graph, weights);
  if (!loaded.ok()) return named(loaded.error());
  const auto card = card_of(checkpoint, options);
  if (!card.ok()) return named(card.error());
  OnnxWriteOptions written;
  written.metadata[kCardKey] = card->dump();
  written.metadata["poise.trained_with"] = checkpoint.config.dump();
  written.metadata["poise.progress"] = checkpoint.progress.dump();
  if (options.int8_weights) store_weights_as_int8(graph);
  POISE_RETURN_IF_ERROR(write_onnx(out, graph, written));
  return graph;
}

}  // namespace poise
