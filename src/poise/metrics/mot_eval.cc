#include "poise/metrics/mot_eval.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <map>
#include <thread>

#include "poise/base/counted.h"
#include "poise/base/thread_pool.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

MotRules rules_for(const MotSequence& truth, const std::string& name) {
  if (!truth.has_classes) return MotRules::kPlain;
  return name.starts_with("MOT20") ? MotRules::kMot20 : MotRules::kMot17;
}

/// Sequences of a folder by name: NAME.txt, or NAME/ with one of `inner`.
std::map<std::string, fs::path> sequences_in(const fs::path& folder, const std::vector<const char*>& inner) {
  std::map<std::string, fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory(error)) {
      for (const char* file : inner) {
        if (!fs::is_regular_file(entry.path() / file, error)) continue;
        found.emplace(entry.path().filename().string(), entry.path() / file);
        break;
      }
    } else if (entry.path().extension() == ".txt") {
      found.emplace(entry.path().stem().string(), entry.path());
    }
  }
  return found;
}

struct Job {
  std::string name;
  fs::path truth, tracks;
};

Result<std::vector<Job>> jobs_of(const fs::path& truth, const fs::path& tracks, std::vector<std::string>& notes) {
  std::error_code error;
  const bool folders = fs::is_directory(truth, error);
  if (folders != fs::is_directory(tracks, error)) {
    return invalid_argument(truth.string() + " and " + tracks.string() + ": two files or two folders are wanted");
  }
  if (!folders) return std::vector<Job>{{truth.stem().string(), truth, tracks}};
  auto found = sequences_in(tracks, {"tracks.txt", "test.txt"});
  std::vector<Job> jobs;
  for (const auto& [name, path] : sequences_in(truth, {"gt/gt.txt", "gt.txt"})) {
    const auto partner = found.find(name);
    if (partner == found.end()) {
      return not_found(tracks.string() + ": holds no tracks of " + name + ": no " + name + ".txt, " + name +
                       "/tracks.txt or " + name + "/test.txt");
    }
    jobs.push_back({name, path, partner->second});
    found.erase(partner);
  }
  if (jobs.empty()) return not_found(truth.string() + ": holds no NAME.txt, NAME/gt.txt or NAME/gt/gt.txt");
  for (const auto& [name, path] : found) notes.push_back("tracks left out, there is no truth of that name: " + name);
  return jobs;
}

Result<MotFigures> measure_files(const Job& job, const MotOptions& options) {
  POISE_TRY(const MotSequence truth, read_mot(job.truth));
  POISE_TRY(const MotSequence tracks, read_mot(job.tracks));
  auto figures = measure_mot(truth, tracks, job.name, options);
  if (!figures.ok()) return figures.error().prefixed(job.truth.string() + " and " + job.tracks.string());
  return figures;
}

void add_notes(MotEvaluation& evaluation) {
  const MotFigures& all = evaluation.all;
  const auto say = [&](std::int64_t count, const char* one, const char* many, const char* what) {
    if (count > 0) evaluation.notes.push_back(counted(count, one, many) + what);
  };
  say(all.truths_left_out, "true box", "true boxes", " left out: not to be counted, or no pedestrian");
  say(all.tracks_left_out, "tracked box", "tracked boxes", " left out: on what only looks like a pedestrian");
  for (const MotFigures& one : evaluation.sequences) {
    if (one.tracks == 0) evaluation.notes.push_back(one.name + ": nothing is tracked");
    if (one.persons == 0) evaluation.notes.push_back(one.name + ": the truth is empty");
  }
}

void add(const MotFigures& figures, const std::string& prefix, Json& json) {
  for (const auto& [name, value] : figures_of(figures)) {
    const bool whole = value == std::floor(value) && name.find_first_of("T") != std::string::npos;
    json.set(prefix + name, whole ? Json(static_cast<std::int64_t>(value)) : Json(value));
  }
  json.set(prefix + "frames", figures.frames);
  json.set(prefix + "persons", figures.persons);
  json.set(prefix + "tracks", figures.tracks);
  json.set(prefix + "truths_left_out", figures.truths_left_out);
  json.set(prefix + "tracks_left_out", figures.tracks_left_out);
}

}  // namespace

Result<MotFigures> measure_mot(const MotSequence& truth, const MotSequence& tracks, const std::string& name,
                               const MotOptions& options) {
  if (!(options.threshold > 0 && options.threshold <= 1)) {
    return invalid_argument("the threshold of a match must lie above 0 and at 1 at most");
  }
  MotFigures figures;
  figures.name = name;
  figures.rules = options.rules.value_or(rules_for(truth, name));
  POISE_TRY(const MotPairs pairs, pair_tracks(truth, tracks, figures.rules));
  figures.frames = static_cast<std::int64_t>(pairs.frames.size());
  figures.persons = static_cast<std::int64_t>(pairs.truth_boxes.size());
  figures.tracks = static_cast<std::int64_t>(pairs.track_boxes.size());
  figures.truths_left_out = pairs.truths_left_out;
  figures.tracks_left_out = pairs.tracks_left_out;
  figures.clear = measure_clear(pairs, options.threshold);
  POISE_TRY(figures.identity, measure_identity(pairs, options.threshold));
  figures.hota = measure_hota(pairs);
  return figures;
}

MotFigures combine(const std::vector<MotFigures>& sequences) {
  MotFigures all;
  all.name = "all";
  std::vector<ClearFigures> clear;
  std::vector<IdentityFigures> identity;
  std::vector<HotaFigures> hota;
  for (const MotFigures& one : sequences) {
    all.rules = one.rules;
    all.frames += one.frames;
    all.persons += one.persons;
    all.tracks += one.tracks;
    all.truths_left_out += one.truths_left_out;
    all.tracks_left_out += one.tracks_left_out;
    clear.push_back(one.clear);
    identity.push_back(one.identity);
    hota.push_back(one.hota);
  }
  all.clear = combine(clear);
  all.identity = combine(identity);
  all.hota = combine(hota);
  return all;
}

Result<MotEvaluation> evaluate_mot(const fs::path& truth, const fs::path& tracks, const MotOptions& options) {
  MotEvaluation evaluation;
  evaluation.threshold = options.threshold;
  POISE_TRY(const std::vector<Job> jobs, jobs_of(truth, tracks, evaluation.notes));
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  ThreadPool pool(std::clamp(options.threads > 0 ? options.threads : processors, 1, 64));
  std::vector<std::future<Result<MotFigures>>> waiting;
  waiting.reserve(jobs.size());
  for (const Job& job : jobs) waiting.push_back(pool.submit([&] { return measure_files(job, options); }));
  std::vector<Result<MotFigures>> results;
  results.reserve(waiting.size());
  for (auto& one : waiting) results.push_back(one.get());
  for (Result<MotFigures>& one : results) {
    if (!one.ok()) return one.error();
    evaluation.sequences.push_back(std::move(*one));
  }
  evaluation.all = combine(evaluation.sequences);
  add_notes(evaluation);
  return evaluation;
}

std::vector<std::pair<std::string, double>> figures_of(const MotFigures& figures) {
  const HotaFigures& h = figures.hota;
  const ClearFigures& c = figures.clear;
  const IdentityFigures& i = figures.identity;
  const auto n = [](std::int64_t count) { return static_cast<double>(count); };
  return {{"HOTA", mean(h.hota)},
          {"DetA", mean(h.det_a)},
          {"AssA", mean(h.ass_a)},
          {"DetRe", mean(h.det_re)},
          {"DetPr", mean(h.det_pr)},
          {"AssRe", mean(h.ass_re)},
          {"AssPr", mean(h.ass_pr)},
          {"LocA", mean(h.loc_a)},
          {"OWTA", mean(h.owta)},
          {"HOTA(0)", h.hota[0]},
          {"LocA(0)", h.loc_a[0]},
          {"MOTA", c.mota},
          {"MOTP", c.motp},
          {"MODA", c.moda},
          {"MOTAL", c.motal},
          {"sMOTA", c.smota},
          {"CLR_Re", c.recall},
          {"CLR_Pr", c.precision},
          {"CLR_F1", c.f1},
          {"CLR_TP", n(c.tp)},
          {"CLR_FN", n(c.fn)},
          {"CLR_FP", n(c.fp)},
          {"IDSW", n(c.id_switches)},
          {"Frag", n(c.fragments)},
          {"MT", n(c.mostly_tracked)},
          {"PT", n(c.partly_tracked)},
          {"ML", n(c.mostly_lost)},
          {"IDF1", i.idf1},
          {"IDR", i.idr},
          {"IDP", i.idp},
          {"IDTP", n(i.idtp)},
          {"IDFN", n(i.idfn)},
          {"IDFP", n(i.idfp)}};
}

Json to_json(const MotEvaluation& evaluation) {
  Json json = Json::Object{
      {"unit", "rates from 0 to 1"}, {"rules", name_of(evaluation.all.rules)}, {"threshold", evaluation.threshold}};
  add(evaluation.all, "", json);
  if (evaluation.sequences.size() > 1) {
    for (const MotFigures& one : evaluation.sequences) add(one, one.name + ".", json);
  }
  return json;
}

}  // namespace poise
