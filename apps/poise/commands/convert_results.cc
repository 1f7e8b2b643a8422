#include <cstdio>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "mat_helper.h"
#include "poise/formats/pose_set.h"

namespace poise::app {
namespace {

struct Options {
  std::string in, from, to, out, skeleton;
  bool quiet = false;
};

Status convert(const Options& o, Console& console) {
  PoseReadOptions options{.hdf5 = read_mat_apart};
  PoseFormat from{};
  if (o.from.empty()) {
    POISE_TRY(from, guess_format(o.in, options));
  } else {
    POISE_TRY(from, format_by_name(o.from));
  }
  POISE_TRY(const PoseFormat to, format_by_name(o.to));
  if (!o.skeleton.empty()) {
    POISE_TRY(options.skeleton, find_skeleton(o.skeleton));
  }
  POISE_TRY(const PoseSet set, read_pose_set(o.in, from, options));
  std::vector<std::string> notes = set.notes;
  Status written = write_pose_set(set, to, o.out, notes);
  for (const std::string& line : notes) console.note(line);
  if (!written.ok()) return written;
  if (!o.quiet) {
    std::printf("%zu pictures, %zu %s of %d joints -> %s\n", set.images.size(), set.persons(),
                set.is_truth ? "truths" : "poses", set.skeleton.size(), shown(o.out).c_str());
  }
  return {};
}

}  // namespace

Action make_convert_results(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("in", o->in, "results or annotations: a file, or a folder of files a picture")
      ->required()
      ->type_name("IN");
  command.add_option("--from", o->from, "what it is (default: told by its content)")
      ->check(CLI::IsMember(format_names()));
  command.add_option("--to", o->to, "what to write")->required()->check(CLI::IsMember(format_names()));
  command.add_option("-o,--out", o->out, "the file; for openpose and poise the folder")->required()->type_name("OUT");
  command.add_option("--skeleton", o->skeleton, "of its joints, where the file does not name them");
  command.add_flag("-q,--quiet", o->quiet, "say nothing but errors");
  command.footer(
      "Pixels are converted: MPII and the Leeds sets count from 1.\nExamples:\n"
      "  poise convert-results joints.mat --from lsp --to coco --out lsp.json\n"
      "  poise convert-results openpose-out/ --to csv --out poses.csv");
  return [o] {
    Console console(o->quiet);
    const Status status = convert(*o, console);
    if (status.ok()) return 0;
    console.error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
