#include "poise/metrics/mot_eval.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "poise/base/json.h"

namespace poise {
namespace {

const std::filesystem::path kOracle = POISE_SOURCE_DIR "/../shared/oracles/mot";

std::map<std::string, double> named(const MotFigures& figures) {
  const auto list = figures_of(figures);
  return {list.begin(), list.end()};
}

MotSequence sequence_of(const Json& lines) {
  std::string text;
  for (const Json& line : lines.as_array()) text += line.as_string() + "\n";
  return parse_mot(text).value();
}

void expect_figures(const MotFigures& figures, const Json& wanted, const std::string& where) {
  const auto found = named(figures);
  for (const auto& [name, value] : wanted.as_object()) {
    EXPECT_NEAR(found.at(name), value.as_number(), 1e-9) << where << " " << name;
  }
}

TEST(MotEval, EqualsTrackEval) {
  // Written by tests/golden/random_tracks.py.
  const Json golden = parse_json(read_file(POISE_SOURCE_DIR "/tests/golden/tracks.json", 1 << 20).value()).value();
  std::size_t compared = 0;
  for (const Json& set : golden.find("sets")->as_array()) {
    const MotRules rules = *set.string("rules") == "mot17" ? MotRules::kMot17 : MotRules::kPlain;
    std::vector<MotFigures> all;
    for (const auto& [name, one] : set.find("sequences")->as_object()) {
      const auto figures =
          measure_mot(sequence_of(*one.find("truth")), sequence_of(*one.find("tracks")), name, {rules});
      all.push_back(figures.value());
      expect_figures(all.back(), *set.find("figures")->find(name), name);
      ++compared;
    }
    expect_figures(combine(all), *set.find("figures")->find("all"), "all");
  }
  EXPECT_EQ(compared, 24U);
}

TEST(MotEval, PublishedFiguresOfTud) {
  if (!std::filesystem::exists(kOracle)) GTEST_SKIP() << kOracle << " is not there";
  const MotEvaluation evaluation = evaluate_mot(kOracle, kOracle).value();
  ASSERT_EQ(evaluation.sequences.size(), 2U);
  const std::map<std::string, double> campus{
      {"MOTA", .526462},   {"MOTP", .722799}, {"CLR_FP", 13},    {"CLR_FN", 150},   {"IDSW", 7},
      {"Frag", 7},         {"MT", 1},         {"PT", 6},         {"ML", 1},         {"CLR_Re", .582173},
      {"CLR_Pr", .941441}, {"IDF1", .557659}, {"HOTA", .391397}, {"DetA", .418047}, {"AssA", .369121}};
  const std::map<std::string, double> stadtmitte{
      {"MOTA", .564014}, {"MOTP", .654096}, {"CLR_FP", 45},   {"CLR_FN", 452}, {"IDSW", 7},
      {"Frag", 6},       {"MT", 5},         {"PT", 4},        {"ML", 1},       {"IDF1", .644619},
      {"HOTA", .397849}, {"DetA", .392268}, {"AssA", .408841}};
  const std::map<std::string, double> all{{"IDF1", .624296}, {"MOTA", .555116}, {"MOTP", 1 - .330177}};
  const auto expect = [](const MotFigures& figures, const std::map<std::string, double>& wanted) {
    const auto found = named(figures);
    for (const auto& [name, value] : wanted) EXPECT_NEAR(found.at(name), value, 6e-7) << figures.name << " " << name;
  };
  expect(evaluation.sequences[0], campus);
  expect(evaluation.sequences[1], stadtmitte);
  expect(evaluation.all, all);
}

TEST(MotEval, ClassesOfMot17DecideWhatCounts) {
  // A pedestrian, a reflection, a box that is not to be counted; the tracks find all three.
  const auto truth = parse_mot("1,1,0,0,10,10,1,1,1\n1,2,50,0,10,10,1,12,1\n1,3,90,0,10,10,0,1,1\n").value();
  const auto tracks = parse_mot("1,1,0,0,10,10\n1,2,50,0,10,10\n1,3,90,0,10,10\n").value();
  const MotFigures figures = measure_mot(truth, tracks, "MOT17-02").value();
  EXPECT_EQ(figures.rules, MotRules::kMot17);
  EXPECT_EQ(figures.truths_left_out, 2);
  EXPECT_EQ(figures.tracks_left_out, 1);
  EXPECT_EQ(figures.clear.tp, 1);
  EXPECT_EQ(figures.clear.fp, 1);
  EXPECT_EQ(measure_mot(truth, tracks, "MOT20-01")->rules, MotRules::kMot20);
  EXPECT_EQ(measure_mot(truth, tracks, "", {MotRules::kPlain})->clear.tp, 2);
}

TEST(MotEval, AnIdTwiceInAFrameIsRefused) {
  const auto once = parse_mot("3,5,0,0,10,10\n").value();
  const auto twice = parse_mot("3,5,0,0,10,10\n3,5,40,0,10,10\n").value();
  EXPECT_EQ(measure_mot(once, twice, "").error().message, "tracks, frame 3: id 5 stands there twice");
  EXPECT_EQ(measure_mot(twice, once, "").error().message, "truth, frame 3: id 5 stands there twice");
}

}  // namespace
}  // namespace poise
