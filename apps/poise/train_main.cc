// poise-train: what `poise train` runs.

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <system_error>

#include "console.h"
#include "figures.h"
#include "poise/base/counted.h"
#include "poise/card/detector_card.h"
#include "poise/card/lift_card.h"
#include "poise/models/config.h"
#include "poise/models/config_reader.h"
#include "poise/models/zoo.h"
#include "poise/train/initialise.h"
#include "poise/train/trainer.h"
#include "poise/train/training_data.h"
#include "poise/weights/state_dict.h"
#include "short_spins.h"
#include "words.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Flags {
  std::string config, out, init, device = "cpu";
  std::vector<std::string> keys;  // KEY=VALUE
  TrainingDataOptions data;
  std::optional<int> epochs, batch, seed;
  int threads = 0, workers = 2, save_steps = 0;
  double save_minutes = 10, minutes = 0;
  bool resume = false, quiet = false, print_config = false;
};

constexpr const char* kExamples =
    "Ctrl-C writes a checkpoint and stops; --resume goes on from it, to the very weights an uninterrupted run gives.\n"
    "The run's folder gets last.ckpt, best.ckpt, log.jsonl, TensorBoard's events, curves and val.jpg.\n"
    "Examples:\n"
    "  poise train configs/lsp_small.yaml --data ../lspet --out runs/first\n"
    "  poise train configs/lsp_small.yaml --data ../lspet --out runs/first --resume\n"
    "  poise train configs/lsp_small.yaml TRAIN.LR=0.0005 TRAIN.PATIENCE=10 --data ../lspet --out runs/second\n"
    "  poise train experiments/coco/resnet50/256x192_d256x3_adam_lr1e-3.yaml --init resnet50.pth --device cuda\n"
    "  poise train configs/lsp_small.yaml --print-config > lsp_small.json     (to train where no YAML is read)\n"
    "  poise export runs/first/best.ckpt --out my-model.onnx";

/// The file's, with what the flags say laid over it.
Result<Json> configuration(const Flags& flags) {
  POISE_TRY(Json root, read_config(flags.config));
  for (const std::string& key : flags.keys) POISE_RETURN_IF_ERROR(set_key(root, key));
  const Json* given = root.find("TRAIN");
  Json train = given != nullptr && given->is_object() ? *given : Json::object();
  if (flags.epochs) train.set("END_EPOCH", *flags.epochs);
  if (flags.seed) train.set("SEED", *flags.seed);
  if (flags.batch)
    train.set(train.find("BATCH_SIZE_PER_GPU") != nullptr ? "BATCH_SIZE_PER_GPU" : "BATCH_SIZE", *flags.batch);
  if (flags.epochs || flags.seed || flags.batch) root.set("TRAIN", std::move(train));
  return root;
}

/// MODEL.PRETRAINED where that file is there, or --init.
Status take_initial_weights(const Flags& flags, const Json& config, const Skeleton* joints, Graph& graph,
                            Console& console) {
  std::string path = flags.init;
  if (path.empty()) {
    const Json* model = config.find("MODEL");
    const auto pretrained = model != nullptr ? model->string("PRETRAINED") : Result<std::string>(not_found(""));
    if (!pretrained.ok() || pretrained->empty()) return {};
    std::error_code ignored;
    if (!fs::exists(*pretrained, ignored)) {
      console.note("MODEL.PRETRAINED " + *pretrained + " is not there: starting from random weights (--init FILE)");
      return {};
    }
    path = *pretrained;
  }
  POISE_TRY(const InitialWeights weights, read_initial_weights(path));
  const auto report = initialise(graph, weights, joints);
  if (!report.ok()) return report.error().prefixed(path);
  console.note(path + ": " + counted(report->taken, "tensor") + " taken, " +
               std::to_string(report->missing.size() + report->other_shape.size()) + " start at random");
  for (const std::string& line : report->other_shape) console.note("  " + line);
  for (const std::string& joint : report->new_joints) console.note("  joint " + joint + " is new to it");
  return {};
}

/// --out, or where the authors' program puts it (lib/utils/utils.py, create_logger).
Result<fs::path> run_folder(const Flags& flags, const Json& config) {
  if (!flags.out.empty()) return fs::path(flags.out);
  const auto output = config.string("OUTPUT_DIR");
  if (!output.ok() || output->empty()) {
    return invalid_argument("say where the run goes: --out FOLDER (the configuration has no OUTPUT_DIR)");
  }
  const ConfigReader reader(config);
  POISE_TRY(const std::string data, reader.text("DATASET.DATASET", "mpii"));
  POISE_TRY(std::string network, reader.text("MODEL.NAME", "pose_resnet"));
  if (const Json* layers = reader.find("MODEL.EXTRA.NUM_LAYERS"); layers != nullptr) network += "_" + layers->dump();
  return fs::path(*output) / data / network / fs::path(flags.config).stem();
}

std::string speed(double images_per_second) { return figure(images_per_second) + " images/s"; }

std::string line_of(const TrainProgress& p) {
  char text[160];
  std::snprintf(text, sizeof text, "epoch %d/%d, batch %zu/%zu: loss %.6f, %s, %s left", p.epoch + 1, p.epochs, p.batch,
                p.batches, p.loss, speed(p.images_per_second).c_str(), duration(p.seconds_left).c_str());
  return text;
}

/// Of a measure, for people.
const char* title(const std::string& measure) { return measure == "pck" ? "PCK" : measure == "auc3d" ? "AUC" : "AP50"; }

TrainCallbacks callbacks(Console& console) {
  TrainCallbacks calls;
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds kBetweenLines{30};
  const auto said = std::make_shared<Clock::time_point>(Clock::now());
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (terminal) {
    calls.on_step = [&console](const TrainProgress& p) {
      char text[128];
      std::snprintf(text, sizeof text, "epoch %d/%d loss %.6f %s %s left", p.epoch + 1, p.epochs, p.loss,
                    speed(p.images_per_second).c_str(), duration(p.seconds_left).c_str());
      console.bar(p.batch, p.batches, text);
    };
  } else {
    calls.on_step = [&console, said, kBetweenLines](const TrainProgress& p) {
      if (Clock::now() - *said < kBetweenLines) return;
      console.note(line_of(p));
      *said = Clock::now();
    };
  }
  calls.on_epoch = [&console, said](const EpochResult& e) {
    char text[192];
    std::snprintf(text, sizeof text, "epoch %d/%d: loss %.6f, val %.6f, %s %.4f%s, %s, %s left", e.progress.epoch + 1,
                  e.progress.epochs, e.progress.loss, e.val_loss, title(e.measure), e.score, e.best ? " (best)" : "",
                  speed(e.progress.images_per_second).c_str(), duration(e.progress.seconds_left).c_str());
    console.note(text);
    *said = Clock::now();
  };
  calls.should_stop = interrupted;
  return calls;
}

/// What configuration and flags say: the network, its card, how it is to learn.
Result<TrainJob> configured_job(const Flags& flags) {
  TrainJob job;
  POISE_TRY(job.config, configuration(flags));
  const auto model = model_config_from_json(job.config);
  if (!model.ok()) return model.error().prefixed(flags.config);
  if (const Status known = check_keys(*model); !known.ok()) return known.error().prefixed(flags.config);
  auto settings = train_config_from_json(job.config);
  if (!settings.ok()) return settings.error().prefixed(flags.config);
  job.settings = std::move(*settings);
  TrainOptions& options = job.settings.options;
  options.device = flags.device;
  options.threads = flags.threads;
  options.workers = flags.workers;
  options.checkpoint_steps = flags.save_steps;
  options.checkpoint_seconds = 60 * flags.save_minutes;
  options.minutes = flags.minutes;
  ModelOptions network = model->options;
  network.parameters.set("seed", static_cast<std::int64_t>(options.seed));
  POISE_TRY(job.graph, build_model(network));
  job.card = model->card;
  if (const Json* input = network.parameters.find("input")) job.card.set("input", *input);
  job.resume = flags.resume;
  return job;
}

/// The configuration as JSON, for a training program that reads no YAML.
Status print(const Json& config) {
  const std::string text = config.dump(2) + "\n";
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return {};
  return io_error("the configuration cannot be written: " + std::generic_category().message(errno));
}

/// The program's exit status.
Result<int> run(const Flags& flags) {
  Console console(flags.quiet);
  POISE_TRY(TrainJob job, configured_job(flags));
  if (flags.print_config) {
    const Status fits = check_job(job);
    if (!fits.ok()) return fits.error().prefixed(flags.config);
    POISE_RETURN_IF_ERROR(print(job.config));
    return 0;
  }
  POISE_TRY(job.out, run_folder(flags, job.config));
  if (flags.out.empty()) console.note("the run's folder: " + job.out.string());
  const bool boxes = is_detector_card(job.card), lifts = is_lift_card(job.card), joints_of_data = !boxes && !lifts;
  if (joints_of_data && job.card.find("skeleton") == nullptr) {
    POISE_TRY(const Skeleton skeleton, skeleton_of_data(flags.data, job.settings));
    job.card.set("skeleton", to_json(skeleton));
  }
  const auto card = joints_of_data ? card_from_json(job.card, {}) : Result<ModelCard>(ModelCard());
  if (!card.ok()) return card.error().prefixed(flags.config);
  if (!flags.resume) {
    const Skeleton* joints = joints_of_data ? &card->skeleton : nullptr;
    POISE_RETURN_IF_ERROR(take_initial_weights(flags, job.config, joints, job.graph, console));
  }
  const Note note = [&console](const std::string& line) { console.note(line); };
  if (lifts) {
    if (!flags.data.folders.empty())
      return invalid_argument("a network that lifts learns from poses made up: no --data");
    LiftData made{static_cast<std::size_t>(job.settings.poses), {}};
    made.kinematics.noise = job.settings.noise;
    job.data = made;
  } else if (boxes) {
    POISE_TRY(job.data, open_box_data(flags.data, note));
  } else {
    POISE_TRY(job.data, open_training_data(flags.data, job.settings, *card, note));
  }
  watch_interrupts();
  POISE_TRY(const TrainSummary summary, train(job, callbacks(console)));
  console.finish();
  char text[192];
  std::snprintf(text, sizeof text, "%s after %s, %s; best %s %.4f in epoch %d",
                summary.stopped           ? "stopped"
                : summary.out_of_patience ? "no better for TRAIN.PATIENCE epochs: done"
                                          : "done",
                counted(summary.epochs, "epoch").c_str(), counted(summary.steps, "step").c_str(),
                title(summary.measure), summary.best_score, summary.best_epoch);
  console.note(text);
  if (!summary.stopped) return 0;
  console.note("go on with --resume");
  return interrupt_code();  // not 0: what comes after `&&` is not run
}

/// Takes KEY=VALUE out of the words, wherever they stand: behind --data they would be folders.
void take_keys(std::vector<std::string>& words, std::vector<std::string>& keys) {
  const auto is_key = [](const std::string& word) {
    const std::size_t equals = word.find('=');
    return equals != std::string::npos && equals > 0 && word[0] >= 'A' && word[0] <= 'Z' &&
           word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == equals;
  };
  std::ranges::copy_if(words, std::back_inserter(keys), is_key);
  std::erase_if(words, is_key);
}

void add_options(CLI::App& app, Flags& flags) {
  app.add_option("config", flags.config, "network and training, the authors' YAML or ours (configs/); or as .json")
      ->required()
      ->type_name("FILE");
  app.add_option("keys", flags.keys, "keys of the configuration that are to be other than in the file: TRAIN.LR=0.0005")
      ->type_name("KEY=VALUE");
  app.add_option("-o,--out", flags.out, "the run's folder; else one in OUTPUT_DIR")->type_name("FOLDER");
  app.add_flag("--print-config", flags.print_config,
               "print the configuration, flags and keys laid over it, as JSON, and end; what is wrong with it is said");
  app.add_flag("--resume", flags.resume, "go on from OUT/last.ckpt");
  app.add_option(
         "--init", flags.init,
         "start from what fits of these weights: .ckpt .onnx .pth .safetensors, or the name of what comes with Poise")
      ->type_name("FILE");
  const std::string data = "Data";
  app.add_option("-d,--data", flags.data.folders, "with train.json, val.json, images/; or train/ and val/ packs")
      ->group(data)
      ->type_name("FOLDER");
  app.add_option("--data-weight", flags.data.weights, "how often each --data is seen an epoch")
      ->check(from_zero())
      ->group(data);
  app.add_option("--labels", flags.data.labels,
                 "a teacher's labels for each --data, - for none; of a detector its boxes")
      ->group(data)
      ->type_name("FILE");
  app.add_option("--label-weight", flags.data.label_weight, "of the teacher's joints in the loss")
      ->check(from_zero())
      ->group(data);
  const std::string running = "Running";
  app.add_option("--epochs", flags.epochs, "over TRAIN.END_EPOCH")->check(CLI::Range(1, 1'000'000))->group(running);
  app.add_option("--minutes", flags.minutes, "end after so many; a cosine schedule comes to 0 by then")
      ->check(within(0.0, 1e6))
      ->group(running);
  app.add_option("--batch", flags.batch, "over TRAIN.BATCH_SIZE")->check(CLI::Range(1, 65536))->group(running);
  app.add_option("--seed", flags.seed, "over TRAIN.SEED")->check(CLI::Range(0, 1'000'000))->group(running);
  app.add_option("--device", flags.device, "cpu, cuda, cuda:N")->check(device_name())->group(running);
  app.add_option("--threads", flags.threads, "of the network; 0: all")->check(CLI::Range(0, 1024))->group(running);
  app.add_option("--workers", flags.workers, "threads that read pictures; change nothing")
      ->check(CLI::Range(1, 256))
      ->group(running);
  app.add_option("--save-minutes", flags.save_minutes, "between checkpoints within an epoch")
      ->check(within(1.0 / 60, 1e4))
      ->group(running);
  app.add_option("--save-steps", flags.save_steps, "a checkpoint after so many steps too")
      ->check(CLI::Range(0, 1'000'000))
      ->group(running);
  app.add_flag("-q,--quiet", flags.quiet, "errors only")->group(running);
  app.footer(kExamples);
}

}  // namespace
}  // namespace poise::app

int main(int argc, char** argv) {
  poise::app::start_with_short_spins(argv);
  // Tensors of a step come back in the next one: memory given to the system in between costs a seventh of the time.
  constexpr int kLargestAllowed = 32 << 20;
  mallopt(M_MMAP_THRESHOLD, kLargestAllowed);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
  CLI::App app{"Train a pose network, or one that finds people, on a labelled data set.", "poise train"};
  poise::app::Flags flags;
  poise::app::add_options(app, flags);
  std::vector<std::string> words = poise::app::words_of(argc, argv);
  poise::app::take_keys(words, flags.keys);
  int code = 0;
  if (!poise::app::parse_words(app, std::move(words), code)) return code;
  try {
    const poise::Result<int> status = poise::app::run(flags);
    if (status.ok()) return *status;
    poise::app::Console(false).error(status.error().message);
  } catch (const std::bad_alloc&) {
    std::fputs("poise: there is not memory enough for this\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "poise: %s\n", poise::app::shown(error.what()).c_str());
  }
  return 1;
}
