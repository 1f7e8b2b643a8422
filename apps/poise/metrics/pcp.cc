#include <cstdio>
#include <memory>

#include "console.h"
#include "flags/json_flag.h"
#include "metrics/persons.h"
#include "metrics/say.h"
#include "poise/base/counted.h"
#include "poise/base/named.h"
#include "poise/card/model_card.h"
#include "poise/metrics/person_json.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  PersonMetricOptions persons;
  double threshold = 0.5;
};

Status measure(const Options& o, Console& console) {
  POISE_TRY(const PersonPairs pairs, read_pairs(o.persons));
  POISE_TRY(const PcpResult strict, named(o.persons.truth, measure_pcp(pairs, PcpRule::kStrict, o.threshold)));
  POISE_TRY(const PcpResult loose, named(o.persons.truth, measure_pcp(pairs, PcpRule::kLoose, o.threshold)));
  std::vector<std::string> notes = remarks(pairs);
  const auto say = [&](std::size_t count, const char* one, const char* many, const char* what) {
    if (count > 0) notes.push_back(counted(count, one, many) + what);
  };
  say(strict.zero_length, "true stick has", "true sticks have", " no length, which is wrong");
  say(strict.unlabelled, "stick", "sticks", " left out: an end is not labelled");
  for (const std::string& name : strict.left_out)
    notes.push_back("stick left out, a skeleton lacks its joints: " + name);

  Json json =
      Json::Object{{"metric", "PCP"}, {"ground_truth", o.persons.truth}, {"predictions", o.persons.predictions}};
  json = overlay(to_json(strict, loose, pairs), json);
  const bool table = o.persons.json != "-";
  if (table) {
    std::printf("PCP@%g, %s: strict (both ends), and loose (the mean of both)\n", o.threshold,
                name_of(pairs.annotated));
    std::printf("%s\n  %-18s %7s %7s\n", counted(pairs.persons.size(), "person").c_str(), "", "strict", "loose");
    const auto rows = [](const std::vector<PartRate>& a, const std::vector<PartRate>& b) {
      for (std::size_t i = 0; i < a.size(); ++i) {
        std::printf("  %-18s %7s %7s   of %zu\n", shown(a[i].name).c_str(), percent(a[i].rate).c_str(),
                    percent(b[i].rate).c_str(), a[i].counted);
      }
    };
    rows(strict.sticks, loose.sticks);
    std::puts("by part:");
    rows(strict.parts, loose.parts);
    std::printf("  %-18s %7s %7s   (over %s)\n", "mean", percent(strict.mean).c_str(), percent(loose.mean).c_str(),
                counted(strict.sticks.size(), "stick").c_str());
  }
  say_notes(notes, table, console);
  return put_json(json, o.persons.json);
}

}  // namespace

Action make_metrics_pcp(CLI::App& command) {
  auto o = std::make_shared<Options>();
  o->persons.add_to(command);
  command.add_option("--threshold", o->threshold, "share of the stick's length")
      ->check(within(0.0, 10.0))
      ->capture_default_str();
  command.footer("Example:\n  poise metrics pcp joints.mat pred.mat --annotation observer");
  return measuring([o](Console& console) { return measure(*o, console); });
}

}  // namespace poise::app
