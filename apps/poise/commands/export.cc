#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "commands/command.h"
#include "console.h"
#include "flags/card_flags.h"
#include "poise/card/detector_card.h"
#include "poise/card/model_card.h"
#include "poise/graph/passes/passes.h"
#include "poise/models/config.h"
#include "poise/weights/checkpoint.h"
#include "poise/weights/network_file.h"
#include "poise/weights/parameters.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string input, out;
  std::string weights = "float32";
  std::string input_sides, refine, precision;
  std::optional<float> threshold, nms;
  CardTexts texts;
};

constexpr const char* kExamples =
    "Batch normalisation stays in the file as it was trained; engines fold it. Of a run with a moving average (EMA) "
    "its\n"
    "weights are written.\n"
    "Examples:\n"
    "  poise export runs/first/best.ckpt --out my-model.onnx\n"
    "  poise export runs/first/best.ckpt --out small.onnx --weights int8\n"
    "  poise export runs/first/best.ckpt --out m.onnx --licence CC-BY-4.0 --training-data \"our own photographs\"";

std::string measured(const Json& progress) {
  const auto pck = progress.number("best_pck"), ap50 = progress.number("best_ap50");
  const auto epoch = progress.integer("best_epoch");
  const double best = pck.ok() ? *pck : ap50.ok() ? *ap50 : -1;
  if (best < 0 || !epoch.ok()) return {};
  char text[96];
  std::snprintf(text, sizeof text,
                pck.ok() ? "PCK@0.2 %.4f on the validation set (epoch %lld, true boxes, no flip test)"
                         : "AP50 %.4f on scenes of the validation set (epoch %lld)",
                best, static_cast<long long>(*epoch));
  return text;
}

Status check_card(const Json& card) {
  if (is_detector_card(card)) {
    POISE_RETURN_IF_ERROR(detector_card_from_json(card, {}));
  } else {
    POISE_RETURN_IF_ERROR(card_from_json(card, {}));
  }
  return {};
}

Status run(const Options& o) {
  if (fs::path(o.out).extension() != ".onnx") return invalid_argument("--out must end in .onnx, not \"" + o.out + "\"");
  POISE_TRY(const Checkpoint checkpoint, read_checkpoint(o.input));
  const auto config = model_config_from_json(checkpoint.config);
  if (!config.ok()) return config.error().prefixed(o.input);
  ModelOptions network = config->options;
  Json given = Json::object();
  if (!o.input_sides.empty()) {
    POISE_TRY(const auto sides, parse_sides("--input", o.input_sides));
    std::visit([&](auto& any) { any.input = {sides.first, sides.second}; }, network);
    given.set("input", Json::Array{sides.first, sides.second});
  }
  POISE_TRY(Graph graph, build_model(network));
  StateDict weights;
  weights.tensors = weights_of(checkpoint);
  const auto loaded = load_parameters(graph, weights);
  if (!loaded.ok()) return loaded.error().prefixed(o.input);

  if (const std::string accuracy = measured(checkpoint.progress); !accuracy.empty()) given.set("accuracy", accuracy);
  o.texts.put(given);
  if (!o.refine.empty()) given.set("refine", o.refine);
  if (!o.precision.empty()) given.set("precision", o.precision);
  if ((o.threshold || o.nms) && !is_detector_card(checkpoint.card)) {
    return invalid_argument(o.input + " does not find people: leave out --detect-threshold and --nms");
  }
  if (o.threshold) given.set("threshold", *o.threshold);
  if (o.nms) given.set("nms", *o.nms);
  const Json card = overlay(given, checkpoint.card);
  if (const Status checked = check_card(card); !checked.ok()) return checked.error().prefixed(o.input);
  OnnxWriteOptions options;
  options.metadata[kCardKey] = card.dump();
  options.metadata["poise.trained_with"] = checkpoint.config.dump();
  options.metadata["poise.progress"] = checkpoint.progress.dump();
  if (o.weights == "int8") store_weights_as_int8(graph);
  POISE_RETURN_IF_ERROR(write_onnx(o.out, graph, options));
  std::printf("%s: %s, %.2f M parameters -> %s\n", o.input.c_str(), graph.name.c_str(),
              static_cast<double>(graph.parameter_count()) * 1e-6, o.out.c_str());
  return {};
}

}  // namespace

Action make_export(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("checkpoint", o->input, "best.ckpt or last.ckpt of poise train")->required()->type_name("FILE");
  command.add_option("-o,--out", o->out, "the ONNX file to write")->required()->type_name("FILE");
  command.add_option("--weights", o->weights, "float32; int8: a quarter the size, rounded, run as float32")
      ->check(CLI::IsMember({"float32", "int8"}))
      ->capture_default_str();
  command.add_option("--input", o->input_sides, "what the network looks at; else as in the training")->type_name("WxH");
  const std::string card = "Model card";
  command.add_option("--refine", o->refine, "none, quarter or dark: what measures best; else as in the training")
      ->group(card)
      ->check(CLI::IsMember({"none", "quarter", "dark"}));
  command.add_option("--precision", o->precision, "bf16, where it was measured to be as good: what auto then takes")
      ->group(card)
      ->check(CLI::IsMember({"fp32", "bf16"}));
  command.add_option("--detect-threshold", o->threshold, "of a detector: boxes that score less are left out")
      ->group(card)
      ->check(CLI::Range(0.0, 1.0));
  command
      .add_option("--nms", o->nms, "of a detector: of two boxes that overlap more than this the better stays; 1: both")
      ->group(card)
      ->check(CLI::Range(0.0, 1.0));
  o->texts.add_to(command, card, "else what the run measured");
  command.footer(kExamples);
  return [o] {
    const Status status = run(*o);
    if (!status.ok()) Console(false).error(status.error().message);
    return status.ok() ? 0 : 1;
  };
}

}  // namespace poise::app
