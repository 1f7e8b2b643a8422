#include "program.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>

#include "commands/command.h"
#include "console.h"
#include "mat_helper.h"
#include "poise/base/passive_threads.h"
#include "poise/base/result.h"
#include "poise/base/version.h"
#include "words.h"

namespace {

struct Entry {
  const char* name;
  const char* what;
  poise::app::Action (*make)(CLI::App& command);
};
constexpr Entry kCommands[] = {
    {"predict", "find the joints of the people in pictures; draw them and write them down", poise::app::make_predict},
    {"detect", "find the people in pictures; write their boxes down", poise::app::make_detect},
    {"track", "follow people through a video or before a camera: ids, steady skeletons, a drawn video",
     poise::app::make_track},
    {"gesture", "gestures before a camera into keys, programs and messages, by rules", poise::app::make_gesture},
    {"convert", "turn a PyTorch checkpoint, safetensors or another ONNX file into one with a card",
     poise::app::make_convert},
    {"models", "the models on this machine: list, show, add, verify", poise::app::make_models},
    {"info", "what a model is: card, inputs, outputs, operators, parameters, work, memory", poise::app::make_info},
    {"run", "run a model on a raw tensor (.npy), for comparing", poise::app::make_run},
    {"compare", "run two models on the same numbers; name the first layer where they part", poise::app::make_compare},
    {"metrics", "measure results against the truth, equal to the reference tools", poise::app::make_metrics},
    {"eval", "crop, network, decoding and metric in one stream over an annotated set", poise::app::make_eval},
    {"convert-results", "poses and annotations from one format into another: COCO, MPII, LSP, OpenPose, CSV, ours",
     poise::app::make_convert_results},
    {"lift", "2-D poses of one camera to people in space", poise::app::make_lift},
    {"triangulate", "people in space, from 2-D poses of several calibrated cameras", poise::app::make_triangulate},
    {"data", "data sets to learn from: check them, pack them", poise::app::make_data},
    {"label", "labels to learn from: what a model sees of the people in pictures, where several looks agree",
     poise::app::make_label},
    {"train", "train a network on a labelled data set", poise::app::make_train},
    {"export", "a training run's weights as a model file", poise::app::make_export},
    {"quantize", "layers in eight-bit integers: faster, a little rougher, measured", poise::app::make_quantize},
    {"serve", "poses over HTTP: an address for programs, a page for people", poise::app::make_serve},
    {"lambda", "the loop of a custom runtime of AWS Lambda: answers its events with poses", poise::app::make_lambda},
    {"bench", "how fast a model runs here", poise::app::make_bench},
};

/// What was printed must have arrived: a full disk behind standard output is a failure like any other.
int finished(int code) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  std::fprintf(stderr, "poise: standard output cannot be written (%s)\n",
               errno != 0 ? std::strerror(errno) : "an earlier write failed");
  return code == 0 ? 1 : code;
}

}  // namespace

int poise::app::run_program(int argc, char** argv) {
  if (poise::app::is_mat_helper(argc, argv)) return poise::app::be_mat_helper(argv[2]);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a failed write, reported as one
  std::signal(SIGXFSZ, SIG_IGN);  // so is a file that may grow no further
  // Where main() could not have threads spin shortly, as in a Python process.
  const poise::PassiveThreads passive;
  CLI::App app{"Poise: human pose estimation for photographs, on ordinary machines.", "poise"};
  app.set_version_flag("--version", std::string("poise ") + poise::kVersion);
  app.require_subcommand(1);
  app.footer(
      "Each command has its own --help with examples.\nExit codes: 0 done, 1 something failed, 2 wrong usage, 130 "
      "stopped by Ctrl-C, 143 by SIGTERM.");
  std::vector<poise::app::Action> actions;
  std::vector<CLI::App*> commands;
  for (const Entry& entry : kCommands) {
    commands.push_back(app.add_subcommand(entry.name, entry.what));
    actions.push_back(entry.make(*commands.back()));
  }
  int code = 0;
  if (!poise::app::parse_words(app, poise::app::words_of(argc, argv), code)) {
    return code == 2 ? code : finished(code);  // --help and --version print
  }
  try {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      if (!commands[i]->parsed()) continue;
      code = actions[i]();
      if (code == 1 && poise::app::usage_was_wrong()) code = 2;
      return finished(code != 0 && poise::app::interrupted() ? poise::app::interrupt_code() : code);
    }
  } catch (const std::bad_alloc&) {
    std::fputs("poise: there is not memory enough for this\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "poise: %s\n", poise::app::shown(error.what()).c_str());
  }
  return 1;
}
