#include <cstdio>
#include <filesystem>
#include <memory>

#include "flags/json_flag.h"
#include "metrics/persons.h"
#include "metrics/say.h"
#include "poise/base/counted.h"
#include "poise/base/named.h"
#include "poise/card/model_card.h"
#include "poise/eval/plots.h"
#include "poise/image/codec.h"
#include "poise/metrics/person_json.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  PersonMetricOptions persons;
  PckOptions pck;
  std::string reference = "torso";
};

struct Reference {
  const char* name;
  PckReference reference;
};
constexpr Reference kReferences[] = {{"torso", PckReference::kTorso},
                                     {"bbox", PckReference::kBoxLongerSide},
                                     {"bbox-diagonal", PckReference::kBoxDiagonal},
                                     {"head", PckReference::kHead}};

Status plot(const std::string& folder, const std::string& name, const PckResult& result) {
  if (folder.empty()) return {};
  return write_image(std::filesystem::path(folder) / (name + ".png"), draw_pck(result, name));
}

Status measure(const Options& o, const std::string& name, Console& console) {
  POISE_TRY(const PersonPairs pairs, read_pairs(o.persons));
  PckOptions options = o.pck;
  for (const Reference& one : kReferences) {
    if (o.reference == one.name) options.reference = one.reference;
  }
  POISE_TRY(const PckResult result, named(o.persons.truth, measure_pck(pairs, options)));
  Json json = Json::Object{{"metric", name}, {"ground_truth", o.persons.truth}, {"predictions", o.persons.predictions}};
  json = overlay(to_json(result, pairs, name), json);
  if (name == "PDJ") {
    for (int i = 0; i < kPckCurve && !result.curve.empty(); ++i) {
      json.set("PDJ_mean@" + Json(i / 100.0).dump(), 100 * result.curve[static_cast<std::size_t>(i)]);
    }
  }
  const bool table = o.persons.json != "-";
  if (table) print_pck(result, pairs, name);
  say_notes(remarks(pairs), table, console);
  if (!table && result.without_reference > 0) {
    console.note(counted(result.without_reference, "person") + " left out: without the reference");
  }
  POISE_RETURN_IF_ERROR(plot(o.persons.plots, name, result));
  return put_json(json, o.persons.json);
}

Status measure_head(const Options& o, Console& console) {
  POISE_TRY(const PersonPairs pairs, read_pairs(o.persons));
  POISE_TRY(const PckhResult result, named(o.persons.truth, measure_pckh(pairs, o.pck.threshold)));
  Json json =
      Json::Object{{"metric", "PCKh"}, {"ground_truth", o.persons.truth}, {"predictions", o.persons.predictions}};
  json = overlay(to_json(result, pairs), json);
  const bool table = o.persons.json != "-";
  if (table) {
    print_pck(result.pck, pairs, "PCKh");
    std::printf("as the authors' code weighs joints (by their count, without pelvis and thorax):\n");
    std::printf("  %-18s %7s\n", "Mean", percent(result.mean).c_str());
    std::printf("  %-18s %7s   the true 0.10\n", "Mean@0.10", percent(result.mean_10).c_str());
    std::printf("  %-18s %7s   what the authors' code prints as Mean@0.1\n", "Mean@0.11",
                percent(result.mean_11).c_str());
  }
  say_notes(remarks(pairs), table, console);
  POISE_RETURN_IF_ERROR(plot(o.persons.plots, "PCKh", result.pck));
  return put_json(json, o.persons.json);
}

std::shared_ptr<Options> add_options(CLI::App& command, double threshold) {
  auto o = std::make_shared<Options>();
  o->pck.threshold = threshold;
  o->persons.add_to(command);
  command.add_option("--threshold", o->pck.threshold, "share of the reference up to which a joint is right")
      ->check(within(0.0, 10.0))
      ->capture_default_str();
  command.add_option("--plots", o->persons.plots, "the curve as a PNG file")->type_name("DIR");
  return o;
}

}  // namespace

Action make_metrics_pck(CLI::App& command) {
  auto o = add_options(command, 0.2);
  command
      .add_option("--reference", o->reference,
                  "torso: left shoulder to right hip; bbox: its longer side; bbox-diagonal; head: neck to head top")
      ->check(one_of({"torso", "bbox", "bbox-diagonal", "head"}))
      ->capture_default_str();
  command.footer("Example:\n  poise metrics pck joints.mat pred.mat --annotation person");
  return measuring([o](Console& console) { return measure(*o, "PCK", console); });
}

Action make_metrics_pdj(CLI::App& command) {
  auto o = add_options(command, 0.2);
  command.footer(
      "The reference is the torso's diagonal.\nExample:\n  poise metrics pdj val.json results.json --plots out");
  return measuring([o](Console& console) { return measure(*o, "PDJ", console); });
}

Action make_metrics_pckh(CLI::App& command) {
  auto o = add_options(command, 0.5);
  command.footer(
      "The reference is 0.6 times the head box's diagonal.\nExample:\n  poise metrics pckh gt_valid.mat pred.mat");
  return measuring([o](Console& console) { return measure_head(*o, console); });
}

}  // namespace poise::app
