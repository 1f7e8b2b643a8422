// `poise data check` and `poise data pack`: what to do to a data set before learning from it.

#include <algorithm>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <future>
#include <memory>
#include <utility>

#include "commands/command.h"
#include "console.h"
#include "figures.h"
#include "flags/json_flag.h"
#include "mat_helper.h"
#include "poise/base/counted.h"
#include "poise/base/thread_pool.h"
#include "poise/data/check.h"
#include "poise/data/check_sheet.h"
#include "poise/data/overlay.h"
#include "poise/data/pack.h"
#include "poise/image/codec.h"
#include "poise/image/picture_folder.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

struct Source {
  std::string annotations, images, format;
};

void add_source(CLI::App& command, Source& source) {
  command.add_option("annotations", source.annotations, "labels: COCO or MPII JSON, LSP or MPII .mat, CSV")
      ->required()
      ->type_name("FILE");
  command.add_option("--images", source.images, "the folder of their pictures")->required()->type_name("DIR");
  command.add_option("--format", source.format, "what the labels are, where content does not tell")
      ->check(one_of(format_names()))
      ->type_name("NAME");
}

Result<PoseFormat> format_of(const Source& source) {
  return source.format.empty() ? guess_format(source.annotations, {.hdf5 = read_mat_apart})
                               : format_by_name(source.format);
}

Result<PoseSet> read_labels(const Source& source, std::size_t most_faults = 0) {
  POISE_TRY(const PoseFormat format, format_of(source));
  PoseReadOptions options;
  options.most_faults = most_faults;
  options.hdf5 = read_mat_apart;
  POISE_TRY(PoseSet set, read_pose_set(source.annotations, format, options));
  if (!set.is_truth) return invalid_argument(source.annotations + ": these are predictions, labels are wanted");
  return set;
}

Result<DataSetPtr> open_set(const Source& source) {
  POISE_TRY(const PoseFormat format, format_of(source));
  if (format == PoseFormat::kCoco) {
    POISE_TRY(const auto set, coco_data_set(source.annotations, source.images));
    return DataSetPtr(set);
  }
  POISE_TRY(const PoseSet labels, read_labels(source));
  DataSetOptions options;
  if (format == PoseFormat::kMpii) options.box_padding = 1.25F;  // formats/pose_readers.h: their square is the crop
  if (format == PoseFormat::kLsp || format == PoseFormat::kLspet) options.grow_boxes = 0.1F;
  auto set = pose_data_set(labels, source.images, options);
  if (!set.ok()) return set.error().prefixed(source.annotations);
  return DataSetPtr(*set);
}

struct CheckFlags {
  Source source;
  CheckOptions check;
  std::string sheet, json;
  std::size_t list = 20;
  bool strict = false;
};

void print(const CheckReport& report, const PoseSet& set, std::size_t list) {
  std::printf("%s, %s, %s\n", counted(report.images, "image").c_str(), counted(report.persons, "person").c_str(),
              counted(report.labelled, "joint").c_str());
  for (std::size_t f = 0; f < kFaults; ++f) {
    const auto fault = static_cast<Fault>(f);
    if (report.counts[f] == 0) continue;
    std::printf("%-8s %6zu  %s\n", is_error(fault) ? "error" : "warning", report.counts[f], name_of(fault));
    std::size_t listed = 0;
    std::size_t told = 0;
    for (const Finding& finding : report.findings) {
      if (finding.fault != fault || listed == list) continue;
      ++listed;
      told += finding.entries;
      std::string where;
      if (!finding.of_set) where = set.images[finding.image].name;
      if (finding.of_person) {
        where += ", annotation " + std::to_string(set.images[finding.image].truths[finding.truth].id);
      }
      std::printf("                 %s\n", shown(where + (where.empty() ? "" : ": ") + finding.detail).c_str());
    }
    if (report.counts[f] > told) std::printf("                 and %zu more\n", report.counts[f] - told);
  }
  if (report.labelled > 0) std::printf("%-20s %10s %10s\n", "joint", "visible", "occluded");
  for (std::size_t j = 0; report.labelled > 0 && j < report.joints.size(); ++j) {
    std::printf("%-20s %10zu %10zu\n", shown(set.skeleton.joints[j].name).c_str(), report.joints[j].visible,
                report.joints[j].occluded);
  }
  std::printf("%s, %s\n", counted(report.errors(), "error").c_str(), counted(report.warnings(), "warning").c_str());
}

Result<bool> run_check(const CheckFlags& flags, Console& console) {
  constexpr std::size_t kMostFaults = 10'000;
  POISE_TRY(const PoseSet set, read_labels(flags.source, kMostFaults));
  for (const std::string& note : set.notes) console.note(note);
  remember_input(flags.source.annotations);
  const CheckReport report = check_data(set, flags.source.images, flags.check);
  if (flags.json != "-") print(report, set, flags.list);
  if (!flags.json.empty()) POISE_RETURN_IF_ERROR(put_json(to_json(report, set), flags.json));
  if (!flags.sheet.empty()) {
    constexpr std::size_t kMost = 24;
    const Image sheet = draw_sheet(set, flags.source.images, report, kMost);
    if (sheet.empty()) {
      console.note("no sheet: there is no finding to draw");
    } else {
      PictureFolder pictures(flags.source.images);
      for (const PoseSet::Image& image : set.images) {
        if (const auto picture = pictures.find(image.name); picture.ok()) remember_input(*picture);
      }
      POISE_RETURN_IF_ERROR(not_an_input(flags.sheet));
      POISE_RETURN_IF_ERROR(write_image(flags.sheet, sheet));
    }
  }
  return report.errors() == 0 && !(flags.strict && report.warnings() > 0);
}

Action make_check(CLI::App& command) {
  auto flags = std::make_shared<CheckFlags>();
  add_source(command, flags->source);
  command.add_option("--sheet", flags->sheet, "draw the worst persons into one picture")->type_name("FILE");
  add_json_option(command, flags->json);
  command.add_option("--tiny", flags->check.tiny, "boxes below so many pixels are named")->check(CLI::Range(0, 10000));
  command.add_option("--list", flags->list, "findings to print, a kind")->check(whole_number())->capture_default_str();
  command.add_option("--threads", flags->check.threads, "that read pictures")->check(CLI::Range(1, 256));
  command.add_flag("--strict", flags->strict, "warnings count as errors");
  command.add_flag("!--no-decode", flags->check.decode, "do not open the pictures, only see that they are there");
  command.footer(
      "Exit code 1 where errors were found.\n\nExample:\n"
      "  poise data check train.json --images images/ --sheet worst.jpg");
  return [flags] {
    Console console(false);
    const auto fine = run_check(*flags, console);
    if (fine.ok()) return *fine ? 0 : 1;
    console.error(fine.error().message);
    return 1;
  };
}

struct PackFlags {
  Source source;
  PackOptions pack;
  std::string out, skeleton;
  std::vector<std::string> labels;
  int threads = 2;
  bool quiet = false;
};

Result<DataSetPtr> set_to_pack(const PackFlags& flags) {
  POISE_TRY(DataSetPtr set, open_set(flags.source));
  if (!flags.skeleton.empty()) {
    POISE_TRY(set, with_skeleton(std::move(set), find_skeleton(flags.skeleton).value()));
  }
  for (const std::string& file : flags.labels) {
    POISE_TRY(const Overlay overlay, read_overlay(file));
    auto overlaid = with_overlay(std::move(set), overlay);
    if (!overlaid.ok()) return overlaid.error().prefixed(file);
    set = std::move(*overlaid);
  }
  return set;
}

Status run_pack(PackFlags flags, Console& console) {
  flags.pack.origin = std::filesystem::path(flags.source.annotations).filename().string();
  POISE_TRY(const DataSetPtr set, set_to_pack(flags));
  POISE_TRY(PackWriter writer, PackWriter::create(flags.out, set->skeleton(), flags.pack));
  ThreadPool pool(flags.threads);
  std::deque<std::future<Result<PackedPerson>>> under_way;
  const std::size_t ahead = static_cast<std::size_t>(flags.threads) * 4;
  std::size_t begun = 0;
  for (std::size_t i = 0; i < set->size(); ++i) {
    for (; begun < set->size() && under_way.size() < ahead; ++begun) {
      under_way.push_back(pool.submit([&set, &flags, at = begun] { return pack_person(set->get(at), flags.pack); }));
    }
    auto packed = under_way.front().get();
    under_way.pop_front();
    if (packed.ok() && interrupted()) packed = io_error("stopped: " + flags.out + " is not complete, remove it");
    if (packed.ok()) {
      const Status added = writer.add(std::move(*packed));
      if (!added.ok()) packed = added.error();
    }
    if (!packed.ok()) return packed.error();
    console.progress(i + 1, set->size(), "packing");
  }
  POISE_RETURN_IF_ERROR(writer.finish());
  console.finish();
  console.note(flags.out + ": " + counted(set->size(), "person") + " in " + counted(writer.shards(), "shard") + ", " +
               std::to_string((writer.bytes() + 500'000) / 1'000'000) + " MB");
  return {};
}

Action make_pack(CLI::App& command) {
  auto flags = std::make_shared<PackFlags>();
  add_source(command, flags->source);
  command.add_option("--out", flags->out, "the folder for the shards")->required()->type_name("DIR");
  command.add_option("--longest", flags->pack.longest, "pixels kept of the padded box's longer side")
      ->check(CLI::Range(16, 8192))
      ->capture_default_str();
  command.add_option("--margin", flags->pack.margin, "so much more is kept around it, for augmentation")
      ->check(within(1.0, 10.0))
      ->capture_default_str();
  command.add_option("--quality", flags->pack.quality, "of JPEGs that are written anew")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command.add_option("--skeleton", flags->skeleton, "joints to keep, matched by name")
      ->check(that(find_skeleton))
      ->type_name("NAME");
  command.add_option("--labels", flags->labels, "a teacher's labels laid over (docs/data.md)")->type_name("FILE");
  command.add_option("--threads", flags->threads, "that cut and write pictures")->check(CLI::Range(1, 256));
  command.add_flag("--quiet", flags->quiet, "no progress");
  command.footer("Example:\n  poise data pack train.json --images images/ --longest 192 --out packed/train");
  return [flags] {
    Console console(flags->quiet);
    watch_interrupts();
    const Status done = run_pack(*flags, console);
    if (done.ok()) return 0;
    console.error(done.error().message);
    return 1;
  };
}

}  // namespace

Action make_data(CLI::App& command) {
  command.require_subcommand(1);
  CLI::App* check = command.add_subcommand("check", "faults of labels that spoil training: found, counted and drawn");
  CLI::App* pack = command.add_subcommand("pack", "pre-cut pictures and labels in a few files that load fast");
  const Action run_check_command = make_check(*check);
  const Action run_pack_command = make_pack(*pack);
  return [check, run_check_command, run_pack_command] {
    return check->parsed() ? run_check_command() : run_pack_command();
  };
}

}  // namespace poise::app
