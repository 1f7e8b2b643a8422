#include "poise/quantize/quantize.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "flags/card_flags.h"
#include "model_store.h"
#include "poise/base/random.h"
#include "poise/card/model_card.h"
#include "poise/crop/crop.h"
#include "poise/engine/session.h"
#include "poise/formats/boxes.h"
#include "poise/image/codec.h"
#include "poise/infer/estimator.h"
#include "poise/weights/network_file.h"
#include "quantize_accuracy.h"
#include "sources.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string model, out, boxes, ranges = "auto";
  std::vector<std::string> pictures;
  CardFlags card;
  CardTexts texts;
  AccuracyOptions accuracy;
  int count = 128, threads = 0;
  double most_damage = 0.1;
  bool keep_biases = false, anyway = false, quiet = false;
};

constexpr std::size_t kBatch = 4;  // of crops run together, where the network leaves it open
constexpr std::size_t kFewest = 8;
constexpr double kWorthwhile = 1.3;  // times as fast as float32, or rounding is not worth it

/// Crops of people as the network will see them, in batches; up to `count` of them, spread over all pictures.
Result<std::vector<Tensor>> gather_crops(const Options& o, const ModelCard& card, std::size_t batch, Console& console) {
  POISE_TRY(const std::vector<Source> sources, gather_sources(o.pictures));
  std::optional<BoxesFile> boxes;
  if (!o.boxes.empty()) {
    POISE_TRY(boxes, BoxesFile::read(o.boxes));
  }
  struct Person {
    fs::path picture;
    std::optional<Box> box;
  };
  std::vector<Person> people;
  for (const Source& source : sources) {
    if (!boxes) {
      people.push_back({source.path, std::nullopt});
      continue;
    }
    const ImageBoxes* here = boxes->find(source.path);
    if (here == nullptr) continue;
    for (const PersonBox& person : here->persons) people.push_back({source.path, person.box});
  }
  const auto count = std::min(people.size(), static_cast<std::size_t>(o.count));
  const std::size_t fewest = std::max(kFewest, 2 * batch);
  if (people.size() >= fewest && count < fewest) {
    return invalid_argument("--count " + std::to_string(o.count) + " is too few: " + std::to_string(fewest) +
                            " people are needed at least");
  }
  if (count < fewest) {
    return invalid_argument("there are " + std::to_string(people.size()) + " people to calibrate on, " +
                            std::to_string(fewest) + " are needed at least" +
                            (boxes ? ": do the boxes belong to these pictures?" : ""));
  }
  std::vector<Tensor> batches;
  DecodeOptions decode;
  if (boxes && !boxes->exif_applied()) decode.exif = Exif::kIgnore;
  const Size size = card.input.size;
  const auto pixels = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) * 3;
  for (std::size_t i = 0; i < count / batch * batch; ++i) {
    const Person& person = people[i * people.size() / count];
    auto picture = read_image_file(person.picture, decode);
    if (!picture.ok()) return picture.error().prefixed(person.picture.string());
    const ImageView view = picture->image.view();
    const Box whole{0, 0, static_cast<float>(view.width), static_cast<float>(view.height)};
    const Box box = person.box.value_or(whole);
    if (const Status fits = check_box(box, view.size(), 0); !fits.ok()) {
      return fits.error().prefixed(person.picture.string());
    }
    if (i % batch == 0) batches.emplace_back(Shape{static_cast<std::int64_t>(batch), 3, size.height, size.width});
    write_crop(view, crop_from_image(box, card.crop()), card.input,
               batches.back().floats().subspan(i % batch * pixels, pixels));
    if (interrupted()) return io_error("stopped");
    console.progress(i + 1, count, "crops");
  }
  console.finish();
  return batches;
}

/// Milliseconds of one person, the least of several runs in turns; in a batch, where the network insists on one.
Result<std::pair<double, double>> race(const Graph& floats, const Graph& integers, const Tensor& batch, bool free_batch,
                                       int threads) {
  POISE_TRY(Session slow, Session::create(Graph(floats), {"onednn", threads, Precision::kFloat32}));
  POISE_TRY(Session quick, Session::create(Graph(integers), {"onednn", threads, Precision::kInt8}));
  Shape shape = batch.shape();
  if (free_batch) shape[0] = 1;
  const TensorView view(batch.floats().data(), shape);
  std::vector<Tensor> outputs;
  std::pair<double, double> best{1e9, 1e9};
  constexpr int kRounds = 15;
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < kRounds; ++i) {
    const auto begin = Clock::now();
    POISE_RETURN_IF_ERROR(slow.run({&view, 1}, outputs));
    const auto middle = Clock::now();
    POISE_RETURN_IF_ERROR(quick.run({&view, 1}, outputs));
    const auto end = Clock::now();
    best.first = std::min(best.first, std::chrono::duration<double, std::milli>(middle - begin).count());
    best.second = std::min(best.second, std::chrono::duration<double, std::milli>(end - middle).count());
  }
  best.first /= static_cast<double>(shape[0]);
  best.second /= static_cast<double>(shape[0]);
  return best;
}

void print(const Quantized& quantized) {
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
}

Status run(const Options& o, Console& console) {
  if (fs::path(o.out).extension() != ".onnx") return invalid_argument("--out must end in .onnx, not \"" + o.out + "\"");
  POISE_TRY(OpenModel model, open_model(o.model));
  std::error_code ignored;
  if (fs::equivalent(o.out, model.path, ignored))
    return invalid_argument("--out is the model itself: write to another file");
  if (holds_integers(model.onnx.graph)) return invalid_argument(model.name + " computes in integers already");
  CardSources sources;
  sources.preset = o.card.preset;
  POISE_TRY(sources.flags, o.card.json());
  POISE_TRY(Json card_json, gather_card(model.path, model.onnx.metadata, sources));
  const Shape input =
      model.onnx.graph.inputs.size() == 1 ? model.onnx.graph.values.at(model.onnx.graph.inputs[0]).shape : Shape{};
  if (input.size() != 4) return unsupported(model.name + ": a top-down pose network reads one (N, 3, H, W)");
  const std::size_t batch = input[0] > 0 ? static_cast<std::size_t>(input[0]) : kBatch;
  const Size fixed =
      input[2] > 0 && input[3] > 0 ? Size{static_cast<int>(input[3]), static_cast<int>(input[2])} : Size{};
  const auto card = card_from_json(card_json, fixed);
  if (!card.ok()) return card.error().prefixed(model.name);
  std::optional<AccuracyTest> test;
  if (o.accuracy.wanted()) {
    POISE_TRY(test, AccuracyTest::open(o.accuracy));
  }

  watch_interrupts();
  POISE_TRY(const std::vector<Tensor> batches, gather_crops(o, *card, batch, console));
  double accuracy = 0;
  if (test) {
    const RunnerOptions floats{"onednn", o.threads, Precision::kFloat32};
    POISE_TRY(accuracy, test->measure(model.onnx, sources, model.path, floats, console));
  }
  QuantizeOptions options;
  options.rule = find_range_rule(o.ranges);
  options.correct_biases = !o.keep_biases;
  options.most_damage = o.most_damage;
  options.threads = o.threads;
  options.progress = [&](std::size_t done, std::size_t total, const std::string& what) {
    console.progress(done, total, what);
    return !interrupted();
  };
  POISE_TRY(const Quantized quantized, quantize(model.onnx.graph, batches, options));
  console.finish();
  print(quantized);
  POISE_TRY(const auto times, race(model.onnx.graph, quantized.graph, batches.front(), input[0] < 0, o.threads));
  const double ratio = times.first / times.second;
  std::printf("%.2f ms a person in fp32, %.2f in int8 here: %.2f times as fast\n", times.first, times.second, ratio);
  if (ratio < kWorthwhile && !o.anyway) {
    char text[200];
    std::snprintf(
        text, sizeof text,
        "nothing is written: %.2f times as fast is not worth the rounding (%.1f would be); --anyway writes it", ratio,
        kWorthwhile);
    return invalid_argument(text);
  }
  card_json.set("precision", std::string(name_of(Precision::kInt8)));
  if (!card->accuracy.empty()) card_json.set("accuracy", "in floats: " + card->accuracy);  // of another file than this
  o.texts.put(card_json);
  if (test) {
    NetworkFile rounded = model.onnx;
    rounded.graph = quantized.graph;
    const RunnerOptions integers{"onednn", o.threads, Precision::kInt8};
    POISE_TRY(const double now, test->measure(std::move(rounded), sources, model.path, integers, console));
    const std::string text = test->text(accuracy, now);
    std::printf("%s\n", text.c_str());
    card_json.set("accuracy", text);
  }
  OnnxWriteOptions write;
  write.metadata = model.onnx.metadata;
  write.metadata[kCardKey] = card_json.dump();
  write.metadata["poise.quantized_from"] = model.name + " sha256 " + model.onnx.hash;
  POISE_RETURN_IF_ERROR(write_onnx(o.out, quantized.graph, write));
  std::printf("%s -> %s\n", model.name.c_str(), o.out.c_str());
  return {};
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
  command.add_option("-o,--out", o->out, "the ONNX file to write, in QDQ form")->required()->type_name("FILE");
  command.add_option("--count", o->count, "people to calibrate on, spread over all; a quarter is kept to measure on")
      ->check(CLI::Range(static_cast<int>(kFewest), 100000))
      ->capture_default_str();
  command.add_option("--ranges", o->ranges, "auto: the one whose outputs err least; minmax, percentile, mse")
      ->check(CLI::IsMember({"auto", "minmax", "percentile", "mse"}))
      ->capture_default_str();
  command
      .add_option("--max-damage", o->most_damage,
                  "layers go back to floats, worst first, until the outputs err by no more (relative, root mean "
                  "square)")
      ->check(CLI::Range(0.0, 10.0))
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
  o->accuracy.add_to(command);
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
    const Status status = run(*o, console);
    if (status.ok()) return 0;
    console.finish();
    console.error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
