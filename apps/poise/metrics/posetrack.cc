#include <cstdio>
#include <memory>
#include <sstream>

#include "console.h"
#include "flags/json_flag.h"
#include "metrics/commands.h"
#include "metrics/say.h"
#include "poise/base/counted.h"
#include "poise/metrics/posetrack_eval.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::string truth, predictions, quirks = "all", json;
  PosetrackOptions measure;
};

/// "all", "none", or names with commas between them.
Status set_quirks(const std::string& text, PosetrackQuirks& quirks) {
  if (text == "all") return {};
  std::string names;
  for (const auto& [name, member] : posetrack_quirks()) {
    quirks.*member = false;
    names += std::string(names.empty() ? "" : ", ") + name;
  }
  if (text == "none") return {};
  std::istringstream list(text);
  for (std::string wanted; std::getline(list, wanted, ',');) {
    bool known = false;
    for (const auto& [name, member] : posetrack_quirks()) {
      if (wanted != name) continue;
      quirks.*member = known = true;
    }
    if (!known) return usage_error("--quirks knows no \"" + wanted + "\"; there are all, none, " + names);
  }
  return {};
}

void print_row(const std::string& name, const PosetrackRow& row) {
  std::printf("%-14s", name.c_str());
  for (const auto& [group, value] : posetrack_groups(row)) std::printf(" %6s", two_digits(value).c_str());
  std::printf("\n");
}

void print(const PosetrackEvaluation& evaluation, const Options& o) {
  const PosetrackFigures& all = evaluation.all;
  std::printf("PoseTrack's AP and MOTA of joints in percent, right within %g of the head, poseval's quirks: %s\n",
              o.measure.threshold, o.quirks.c_str());
  std::printf("%s, %s, %s, %s\n", counted(evaluation.sequences.size(), "sequence").c_str(),
              counted(all.frames, "frame").c_str(), counted(all.persons, "person").c_str(),
              counted(all.poses, "pose").c_str());
  std::printf("%-14s", "");
  for (const auto& [group, value] : posetrack_groups(all.ap)) std::printf(" %6s", group);
  std::printf("\n");
  print_row("AP", all.ap);
  if (all.tracked) {
    print_row("MOTA", all.mota);
    print_row("MOTP", all.motp);
    print_row("precision", all.precision);
    print_row("recall", all.recall);
  }
  if (evaluation.sequences.size() > 1) {
    std::printf("%-24s %6s %6s %6s %6s %6s\n", "", "AP", "MOTA", "MOTP", "Prcn", "Rcll");
    for (const PosetrackFigures& one : evaluation.sequences) {
      std::printf("%-24s %6s", shown(one.name).c_str(), two_digits(one.ap[kPosetrackJoints]).c_str());
      for (const PosetrackRow* row : {&one.mota, &one.motp, &one.precision, &one.recall}) {
        std::printf(" %6s", one.tracked ? two_digits((*row)[kPosetrackJoints]).c_str() : "-");
      }
      std::printf("\n");
    }
  }
}

void add_row(const PosetrackRow& row, const std::string& name, Json& json) {
  const auto joints = posetrack_joints();
  json.set(name, row[kPosetrackJoints]);
  for (std::size_t j = 0; j < joints.size(); ++j) json.set(name + "_" + std::string(joints[j]), row[j]);
}

void add(const PosetrackFigures& figures, const std::string& prefix, Json& json) {
  add_row(figures.ap, prefix + "AP", json);
  add_row(figures.ap_precision, prefix + "AP_precision", json);
  add_row(figures.ap_recall, prefix + "AP_recall", json);
  if (figures.tracked) {
    add_row(figures.mota, prefix + "MOTA", json);
    add_row(figures.motp, prefix + "MOTP", json);
    add_row(figures.precision, prefix + "precision", json);
    add_row(figures.recall, prefix + "recall", json);
  }
  json.set(prefix + "frames", figures.frames);
  json.set(prefix + "persons", figures.persons);
  json.set(prefix + "poses", figures.poses);
}

Status measure(Options& o, Console& console) {
  POISE_RETURN_IF_ERROR(set_quirks(o.quirks, o.measure.quirks));
  POISE_TRY(const PosetrackEvaluation evaluation, evaluate_posetrack(o.truth, o.predictions, o.measure));
  Json json = Json::Object{{"metric", "posetrack"}, {"ground_truth", o.truth}, {"predictions", o.predictions}};
  json.set("unit", "percent");
  json.set("quirks", o.quirks);
  json.set("threshold", o.measure.threshold);
  add(evaluation.all, "", json);
  if (evaluation.sequences.size() > 1) {
    for (const PosetrackFigures& one : evaluation.sequences) add(one, one.name + ".", json);
  }
  const bool table = o.json != "-";
  if (table) print(evaluation, o);
  say_notes(evaluation.notes, table, console);
  return put_json(json, o.json);
}

}  // namespace

Action make_metrics_posetrack(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("truth", o->truth, "a file of PoseTrack17 or PoseTrack18, or a folder of them")
      ->required()
      ->type_name("GT");
  command.add_option("predictions", o->predictions, "what was found: files of the same names, as many frames in each")
      ->required()
      ->type_name("PRED");
  std::string names;
  for (const auto& [name, member] : posetrack_quirks()) names += std::string(", ") + name;
  command
      .add_option("--quirks", o->quirks,
                  "which of poseval's are kept: all, none, or a list, with commas, of" + names.substr(1))
      ->capture_default_str();
  command.add_option("--threshold", o->measure.threshold, "share of the head size up to which a joint is right")
      ->check(above_zero())
      ->capture_default_str();
  add_json_option(command, o->json);
  command.footer(
      "Examples:\n"
      "  poise metrics posetrack annotations/val/ predictions/\n"
      "  poise metrics posetrack val/000342_mpii_test.json poise-out/000342_mpii_test.json --quirks none");
  return measuring([o](Console& console) { return measure(*o, console); });
}

}  // namespace poise::app
