#include "poise/models/export.h"

#include <cstdio>
#include <memory>
#include <optional>

#include "commands/command.h"
#include "console.h"
#include "flags/card_flags.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::string input, out;
  std::string weights = "float32";
  std::string input_sides, refine, precision;
  std::optional<float> threshold, nms, size_slope;
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

Status run(const Options& o) {
  ExportOptions options;
  options.int8_weights = o.weights == "int8";
  if (!o.input_sides.empty()) {
    POISE_TRY(const auto sides, parse_sides("--input", o.input_sides));
    options.input = {sides.first, sides.second};
  }
  o.texts.put(options.card);
  if (!o.refine.empty()) options.card.set("refine", o.refine);
  if (!o.precision.empty()) options.card.set("precision", o.precision);
  if (o.threshold) options.card.set("threshold", *o.threshold);
  if (o.nms) options.card.set("nms", *o.nms);
  if (o.size_slope) options.card.set("size_slope", *o.size_slope);
  POISE_TRY(const Graph graph, export_checkpoint(o.input, o.out, options));
  std::printf("%s: %s, %.2f M parameters -> %s\n", o.input.c_str(), graph.name.c_str(),
              static_cast<double>(graph.parameter_count()) * 1e-6, o.out.c_str());
  return {};
}

}  // namespace

Action make_export(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("checkpoint", o->input, "best.ckpt or last.ckpt of poise train")->required()->type_name("FILE");
  command.add_option("-o,--out", o->out, "the ONNX file to write")
      ->required()
      ->check(ending_in(".onnx"))
      ->type_name("FILE");
  command.add_option("--weights", o->weights, "float32; int8: a quarter the size, rounded, run as float32")
      ->check(one_of({"float32", "int8"}))
      ->capture_default_str();
  command.add_option("--input", o->input_sides, "what the network looks at; else as in the training")->type_name("WxH");
  const std::string card = "Model card";
  command.add_option("--refine", o->refine, "none, quarter or dark: what measures best; else as in the training")
      ->group(card)
      ->check(one_of({"none", "quarter", "dark"}));
  command.add_option("--precision", o->precision, "bf16, where it was measured to be as good: what auto then takes")
      ->group(card)
      ->check(one_of({"fp32", "bf16"}));
  command.add_option("--detect-threshold", o->threshold, "of a detector: boxes that score less are left out")
      ->group(card)
      ->check(within(0.0, 1.0));
  command
      .add_option("--nms", o->nms, "of a detector: of two boxes that overlap more than this the better stays; 1: both")
      ->group(card)
      ->check(within(0.0, 1.0));
  command
      .add_option("--size-slope", o->size_slope,
                  "of a centre_net: by how much the scores of larger boxes rise; chosen on pictures held out")
      ->group(card)
      ->check(within(0.0, 2.0));
  o->texts.add_to(command, card, "else what the run measured");
  command.footer(kExamples);
  return [o] {
    const Status status = run(*o);
    if (!status.ok()) Console(false).error(status.error().message);
    return status.ok() ? 0 : 1;
  };
}

}  // namespace poise::app
