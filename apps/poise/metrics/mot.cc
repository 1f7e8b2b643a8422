#include <cstdio>
#include <map>
#include <memory>

#include "console.h"
#include "flags/json_flag.h"
#include "metrics/commands.h"
#include "metrics/say.h"
#include "poise/base/counted.h"
#include "poise/card/model_card.h"
#include "poise/metrics/mot_eval.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::string truth, tracks, rules = "auto", json;
  MotOptions mot;
};

const std::map<std::string, MotRules> kRules{
    {"plain", MotRules::kPlain}, {"mot17", MotRules::kMot17}, {"mot20", MotRules::kMot20}};

void print_row(const MotFigures& f) {
  const auto count = [](std::int64_t value) { return static_cast<long long>(value); };
  std::printf("%-20s %6.2f %6.2f %6.2f %6.2f %7.2f %6.2f %6.2f %6.2f %7lld %7lld %5lld %5lld %4lld %4lld %4lld\n",
              shown(f.name).c_str(), 100 * mean(f.hota.hota), 100 * mean(f.hota.det_a), 100 * mean(f.hota.ass_a),
              100 * f.identity.idf1, 100 * f.clear.mota, 100 * f.clear.motp, 100 * f.clear.recall,
              100 * f.clear.precision, count(f.clear.fp), count(f.clear.fn), count(f.clear.id_switches),
              count(f.clear.fragments), count(f.clear.mostly_tracked), count(f.clear.partly_tracked),
              count(f.clear.mostly_lost));
}

void print(const MotEvaluation& evaluation, const Options& o) {
  const MotFigures& all = evaluation.all;
  std::printf("CLEAR MOT, IDF1 and HOTA of boxes in percent, match at IoU %g, rules %s\n", o.mot.threshold,
              name_of(all.rules));
  std::printf("%s, %s, %s, %s\n", counted(evaluation.sequences.size(), "sequence").c_str(),
              counted(all.frames, "frame").c_str(), counted(all.persons, "person").c_str(),
              counted(all.tracks, "track").c_str());
  std::printf("%-20s %6s %6s %6s %6s %7s %6s %6s %6s %7s %7s %5s %5s %4s %4s %4s\n", "", "HOTA", "DetA", "AssA", "IDF1",
              "MOTA", "MOTP", "Rcll", "Prcn", "FP", "FN", "IDSW", "Frag", "MT", "PT", "ML");
  for (const MotFigures& one : evaluation.sequences) print_row(one);
  if (evaluation.sequences.size() > 1) print_row(all);
}

Status measure(Options& o, Console& console) {
  if (o.rules != "auto") o.mot.rules = kRules.at(o.rules);
  POISE_RETURN_IF_ERROR(one_dash({o.truth, o.tracks}));
  POISE_TRY(const std::string truth, input_path(o.truth));
  POISE_TRY(const std::string tracks, input_path(o.tracks));
  POISE_TRY(const MotEvaluation evaluation, evaluate_mot(truth, tracks, o.mot));
  Json json = Json::Object{{"metric", "mot"}, {"ground_truth", o.truth}, {"tracks_from", o.tracks}};
  json = overlay(to_json(evaluation), json);
  const bool table = o.json != "-";
  if (table) print(evaluation, o);
  say_notes(evaluation.notes, table, console);
  return put_json(json, o.json);
}

}  // namespace

Action make_metrics_mot(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("truth", o->truth, "gt.txt of MOTChallenge, or a folder of sequences")
      ->required()
      ->type_name("GT");
  command.add_option("tracks", o->tracks, "what was tracked, in the same format")->required()->type_name("TRACKS");
  command
      .add_option("--rules", o->rules,
                  "which boxes count: plain, mot17, mot20; auto: by the truth's columns and the sequence's name")
      ->check(one_of({"auto", "plain", "mot17", "mot20"}))
      ->capture_default_str();
  command.add_option("--threshold", o->mot.threshold, "IoU of a match, for CLEAR MOT and IDF1")
      ->check(above_zero())
      ->check(within(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--threads", o->mot.threads, "0: all")->check(CLI::Range(0, 64))->capture_default_str();
  add_json_option(command, o->json);
  command.footer(
      "Examples:\n"
      "  poise metrics mot MOT17-02/gt/gt.txt tracks.txt\n"
      "  poise metrics mot MOT17/train/ tracks/ --json");
  return measuring([o](Console& console) { return measure(*o, console); });
}

}  // namespace poise::app
