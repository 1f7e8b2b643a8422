#include "commands/predict_bulk.h"

#include <chrono>
#include <cstdio>
#include <utility>

#include "console.h"
#include "figures.h"
#include "poise/base/counted.h"
#include "poise/base/version.h"
#include "poise/image/picture_files.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

using Clock = std::chrono::steady_clock;

/// Those of the shard: the manifest's, or all pictures that were named, whose names are their ids.
Result<std::vector<ManifestEntry>> entries_of(const BulkPrediction& p, const Shard& shard, Console& console) {
  if (!p.flags.manifest.empty()) {
    if (p.sources.size() > 1) {
      return usage_error("--manifest says which pictures: beside it only the folder is named in which they lie");
    }
    POISE_TRY(const std::string file, input_path(p.flags.manifest));
    const bool is_standard_input = is_dash(p.flags.manifest);
    return read_manifest(file, shard, p.sources.empty() ? (is_standard_input ? "." : "") : p.sources.front());
  }
  POISE_TRY(const FoundPictures found, find_pictures(p.sources));
  if (const std::string note = found.note(); !note.empty()) console.note(note);
  std::vector<ManifestEntry> entries;
  for (const PictureFile& picture : found.files) {
    if (std::string id = picture.name.string(); shard.has(id)) entries.push_back({std::move(id), picture.path});
  }
  return entries;
}

Json summary_json(const BulkPrediction& p, const BulkReport& report, const Shard& shard, double seconds) {
  const auto count = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  return Json::Object{{"poise", kVersion},
                      {"pictures", count(report.pictures)},
                      {"persons", count(report.persons)},
                      {"failed", count(report.failed)},
                      {"before", count(report.before)},
                      {"failed_before", count(report.failed_before)},
                      {"parts", count(report.parts)},
                      {"shard", shard.number},
                      {"shards", shard.count},
                      {"seconds", seconds},
                      {"stopped", report.stopped},
                      {"out", p.out}};
}

std::string summary_text(const BulkPrediction& p, const BulkReport& report, double seconds) {
  std::string text = counted(report.pictures, "picture") + ", " + counted(report.persons, "person");
  if (report.failed > 0) text += ", " + std::to_string(report.failed) + " failed (failed-*.jsonl says why)";
  if (report.before > 0) text += ", " + std::to_string(report.before) + " done before";
  if (report.failed_before > 0) text += ", of which " + std::to_string(report.failed_before) + " failed";
  text += " in " + duration(seconds);
  if (seconds > 0) text += ", " + figure(static_cast<double>(report.pictures + report.failed) / seconds) + " a second";
  return text + " -> " + shown(p.out);
}

}  // namespace

void BulkFlags::add_to(CLI::App& command, const std::string& group) {
  command
      .add_option("--manifest", manifest,
                  "CSV with the columns id and path: the pictures, each with an id of its own; paths are relative to "
                  "SOURCE, or to the list's folder")
      ->group(group)
      ->type_name("FILE");
  command.add_option("--shard", shard, "which part of the ids, of how many, is done here: 3/64")
      ->check(that(parse_shard))
      ->group(group)
      ->type_name("I/N");
  command
      .add_flag("--resume", resume, "go on where earlier runs ended, or were killed: ids that are done are passed over")
      ->group(group);
  command.add_option("--part", part, "pictures that a file holds; no more are lost where a run is killed")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str()
      ->group(group);
}

Status predict_bulk(const BulkPrediction& p, int& code) {
  Console console(p.quiet);
  Shard shard;
  if (!p.flags.shard.empty()) {
    POISE_TRY(shard, parse_shard(p.flags.shard));
  }
  POISE_TRY(const std::vector<ManifestEntry> entries, entries_of(p, shard, console));
  POISE_TRY(OpenFinder opened, open_finder(p.finder, p.estimator));
  PoseFinder& finder = opened.finder;
  BulkFolderOptions wanted;
  wanted.folder = p.out;
  wanted.shard = shard;
  wanted.resume = p.flags.resume;
  wanted.part = p.flags.part;
  POISE_TRY(BulkFolder folder,
            BulkFolder::open(std::move(wanted), finder.skeleton(), provenance_of(finder, opened.name)));
  watch_interrupts();
  BulkOptions options;
  const bool ignore = p.exif.empty() ? finder.people().exif() == Exif::kIgnore : p.exif == "ignore";
  options.decode.exif = ignore ? Exif::kIgnore : Exif::kApply;
  options.stop = interrupted;
  options.progress = [&](std::size_t done, std::size_t total, const std::string& id) {
    console.progress(done, total, id);
  };
  const auto begin = Clock::now();
  const auto report = run_bulk(entries, finder, folder, options);
  console.finish();
  if (!report.ok()) return report.error();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (report->stopped) console.error("stopped: --resume goes on from here");
  POISE_RETURN_IF_ERROR(put_json(summary_json(p, *report, shard, seconds), p.json));
  if (!p.quiet && !is_dash(p.json)) std::printf("%s\n", summary_text(p, *report, seconds).c_str());
  code = report->failed > 0 || report->stopped ? 1 : 0;
  return {};
}

}  // namespace poise::app
