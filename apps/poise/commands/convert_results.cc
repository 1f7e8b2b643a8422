#include <cstdio>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "mat_helper.h"
#include "poise/base/counted.h"
#include "poise/formats/pose_set.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::string in, from, to, out, skeleton;
  bool quiet = false;
};

Status convert(const Options& o, Console& console) {
  PoseReadOptions options{.hdf5 = read_mat_apart};
  POISE_TRY(const std::string in, input_path(o.in));
  POISE_TRY(const OutputFile out, OutputFile::create(o.out));
  PoseFormat from{};
  if (o.from.empty()) {
    POISE_TRY(from, guess_format(in, options));
  } else {
    POISE_TRY(from, format_by_name(o.from));
  }
  POISE_TRY(const PoseFormat to, format_by_name(o.to));
  if (!o.skeleton.empty()) {
    POISE_TRY(options.skeleton, find_skeleton(o.skeleton));
  }
  POISE_TRY(const PoseSet set, read_pose_set(in, from, options));
  std::vector<std::string> notes = set.notes;
  Status written = write_pose_set(set, to, out.path(), notes);
  for (const std::string& line : notes) console.note(line);
  if (!written.ok()) return written;
  POISE_RETURN_IF_ERROR(out.send());
  const std::string text = counted(set.images.size(), "picture") + ", " +
                           counted(set.persons(), set.is_truth ? "truth" : "pose") + " of " +
                           counted(static_cast<std::size_t>(set.skeleton.size()), "joint");
  if (is_dash(o.out)) {
    console.note(text);
  } else if (!o.quiet) {
    std::printf("%s -> %s\n", text.c_str(), shown(o.out).c_str());
  }
  return {};
}

}  // namespace

Action make_convert_results(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command
      .add_option("in", o->in, "results or annotations: a file, a folder of files a picture, or - for standard input")
      ->required()
      ->type_name("IN");
  command.add_option("--from", o->from, "what it is (default: told by its content)")->check(one_of(format_names()));
  command.add_option("--to", o->to, "what to write")->required()->check(one_of(format_names()));
  command.add_option("-o,--out", o->out, "the file, or - for standard output; for openpose and poise the folder")
      ->required()
      ->type_name("OUT");
  command.add_option("--skeleton", o->skeleton, "of its joints, where the file does not name them")
      ->check(that(find_skeleton));
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
