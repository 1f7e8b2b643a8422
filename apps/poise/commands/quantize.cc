#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "flags/card_flags.h"
#include "model_store.h"
#include "poise/eval/accuracy.h"
#include "poise/image/picture_files.h"
#include "poise/quantize/quantize_model.h"
#include "words.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string model, out, boxes, ranges = "auto";
  std::vector<std::string> pictures;
  CardFlags card;
  CardTexts texts;
  EvalSetOptions accuracy;
  std::string metric = "oks";
  int count = 128, threads = 0;
  double most_damage = 0.1;
  bool keep_biases = false, anyway = false, quiet = false;
};

void print(const QuantizedModel& model) {
  const Quantized& quantized = model.network;
  std::int64_t all = 0, integers = 0;
  for (const QuantizedLayer& layer : quantized.layers) {
    all += layer.multiply_adds;
    if (layer.integers) integers += layer.multiply_adds;
  }
  std::printf(
      "ranges by %s%s; %.1f %% of the products in integers; the outputs err by %.4f (root mean square, relative)\n",
      name_of(quantized.rule), quantized.biases_corrected ? ", biases corrected" : "",
      100.0 * static_cast<double>(integers) / static_cast<double>(std::max<std::int64_t>(all, 1)), quantized.damage);
  std::vector<const QuantizedLayer*> worst;
  for (const QuantizedLayer& layer : quantized.layers) worst.push_back(&layer);
  std::stable_sort(worst.begin(), worst.end(), [](auto* a, auto* b) { return a->damage > b->damage; });
  constexpr std::size_t kShown = 8;
  std::printf("layers that do the most damage alone:\n");
  for (std::size_t i = 0; i < worst.size(); ++i) {
    if (i >= kShown && worst[i]->integers) continue;
    std::printf("  %.4f  %s%s\n", worst[i]->damage, worst[i]->name.c_str(),
                worst[i]->integers ? "" : "  stays in floats");
  }
  std::printf("%.2f ms a person in fp32, %.2f in int8 here: %.2f times as fast\n", model.race.floats,
              model.race.integers, model.race.times_as_fast());
}

Result<QuantizeModelOptions> read_options(const Options& o) {
  QuantizeModelOptions options;
  POISE_TRY(const FoundPictures pictures, find_pictures(o.pictures));
  for (const PictureFile& picture : pictures.files) options.calibration.pictures.push_back(picture.path);
  options.calibration.boxes = o.boxes;
  options.calibration.count = o.count;
  options.card.preset = o.card.preset;
  POISE_TRY(options.card.flags, o.card.json());
  options.layers.rule = find_range_rule(o.ranges);
  options.layers.correct_biases = !o.keep_biases;
  options.layers.most_damage = o.most_damage;
  options.layers.threads = o.threads;
  if (o.anyway) options.worthwhile = 0;
  return options;
}

Status quantize_file(const Options& o, Console& console) {
  POISE_TRY(OpenModel model, open_model(o.model));
  std::error_code ignored;
  if (fs::equivalent(o.out, model.path, ignored))
    return invalid_argument("--out is the model itself: write to another file");
  QuantizeModelOptions options;
  POISE_TRY(options, read_options(o));
  std::optional<AccuracyTest> test;
  if (!o.accuracy.annotations.empty()) {
    EvalSetOptions set = o.accuracy;
    set.metric = o.metric == "pck" ? PoseMetric::kPck : PoseMetric::kOks;
    POISE_TRY(test, AccuracyTest::open(set));
    options.accuracy = [&](NetworkFile network, Precision precision) {
      console.finish();
      const bool first = test->persons() == 0;
      auto figure = test->measure(std::move(network), options.card, model.path, {"onednn", o.threads, precision},
                                  progress_of(console));
      console.finish();
      if (first) {  // both files are given the same people
        for (const std::string& note : test->notes()) console.note(note);
      }
      return figure;
    };
  }
  options.layers.progress = progress_of(console);
  watch_interrupts();
  POISE_TRY(QuantizedModel quantized, quantize_model(model.onnx, model.name, model.path, options));
  console.finish();
  print(quantized);
  if (!quantized.worthwhile) {
    char text[200];
    std::snprintf(
        text, sizeof text,
        "nothing is written: %.2f times as fast is not worth the rounding (%.1f would be); --anyway writes it",
        quantized.race.times_as_fast(), options.worthwhile);
    return invalid_argument(text);
  }
  o.texts.put(quantized.card);
  if (test) {
    const std::string text = test->text(*quantized.float_accuracy, *quantized.integer_accuracy);
    std::printf("%s\n", text.c_str());
    quantized.card.set("accuracy", text);
  }
  POISE_RETURN_IF_ERROR(write_quantized(o.out, quantized));
  std::printf("%s -> %s\n", model.name.c_str(), o.out.c_str());
  return {};
}

void add_accuracy_flags(CLI::App& command, Options& o) {
  const std::string group = "Accuracy of both files, for the card's text";
  CLI::Option* annotations = command
                                 .add_option("-a,--annotations", o.accuracy.annotations,
                                             "measure on these people, in true boxes: COCO annotations")
                                 ->group(group)
                                 ->type_name("A.json");
  CLI::Option* images =
      command.add_option("-i,--images", o.accuracy.images, "where its pictures lie")->group(group)->type_name("DIR");
  command.add_option("--metric", o.metric, "oks: COCO's AP; pck: at 0.2 of the torso, joints matched by name")
      ->check(one_of({"oks", "pck"}))
      ->capture_default_str()
      ->group(group)
      ->needs(annotations);
  annotations->needs(images);
  images->needs(annotations);
}

}  // namespace

Action make_quantize(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("model", o->model, "an ONNX file, or a model's name")->required()->type_name("MODEL");
  command.add_option("--calibrate", o->pictures, "pictures of what the network is for: files, folders, globs")
      ->required()
      ->type_name("IMAGES");
  command.add_option("-b,--boxes", o->boxes, "who is where: COCO annotations or detections; else whole pictures")
      ->type_name("FILE");
  command.add_option("-o,--out", o->out, "the ONNX file to write, in QDQ form")
      ->required()
      ->check(ending_in(".onnx"))
      ->type_name("FILE");
  command.add_option("--count", o->count, "people to calibrate on, spread over all; a quarter is kept to measure on")
      ->check(CLI::Range(kFewestCalibrated, 100000))
      ->capture_default_str();
  command.add_option("--ranges", o->ranges, "auto: the one whose outputs err least; minmax, percentile, mse")
      ->check(one_of({"auto", "minmax", "percentile", "mse"}))
      ->capture_default_str();
  command
      .add_option("--max-damage", o->most_damage,
                  "layers go back to floats, worst first, until the outputs err by no more (relative, root mean "
                  "square)")
      ->check(within(0.0, 10.0))
      ->capture_default_str();
  command.add_flag("--keep-biases", o->keep_biases, "do not correct biases for the weights' rounding");
  command.add_flag("--anyway", o->anyway, "write it even where it is hardly faster");
  command.add_option("--threads", o->threads, "compute threads, 0: all")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_flag("-q,--quiet", o->quiet, "no progress");
  const std::string group = "Model card (over MODEL.card.json, the file's own card, and --preset)";
  o->card.add_to(command, group);
  o->texts.add_to(command, group, "measured how, and on what");
  add_accuracy_flags(command, *o);
  command.get_option("--accuracy")->excludes("--annotations");
  command.footer(
      "The file keeps float layers and says where integers stand (QuantizeLinear, DequantizeLinear): other runtimes\n"
      "read it too. More figures: poise eval --model M-int8.onnx ...\n"
      "Examples:\n"
      "  poise quantize pose.onnx --calibrate train/ --boxes train.json --out pose-int8.onnx --annotations val.json "
      "--images val/\n"
      "  poise quantize poise-small --calibrate portraits/ --out small-int8.onnx --max-damage 0.05");
  return [o] {
    Console console(o->quiet);
    const Status status = quantize_file(*o, console);
    if (status.ok()) return 0;
    console.finish();
    console.error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
