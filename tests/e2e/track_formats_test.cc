// What `poise track` writes in the formats of others, `poise predict -v`, and the metrics that read such files.

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "e2e/frames.h"
#include "e2e/program.h"
#include "kit/figure_set.h"
#include "poise/base/json.h"
#include "poise/formats/posetrack.h"

namespace poise {
namespace {

class TrackFormats : public Program {};

TEST_F(TrackFormats, EachHasItsFiles) {
  write_frames(folder_, 4);
  const Outcome outcome = run({"track",       "frames", "--detector", "none",     "--no-video", "--track-score", "0",
                               "--min-score", "0",      "-f",         "openpose", "-f",         "posetrack",     "-f",
                               "trc",         "-f",     "bvh",        "-f",       "coco",       "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(parse_json(outcome.out).value().find("files")->as_array().size(), 5U);
  const Json people =
      parse_json(slurp(folder_ / "poise-out/frames_keypoints/frames_000000000003_keypoints.json")).value();
  EXPECT_EQ(people.find("people")->as_array().at(0).find("person_id")->as_array().at(0).as_integer(), 1);
  EXPECT_TRUE(contains(slurp(folder_ / "poise-out/frames_person1.trc"), "\tpx\t"));
  EXPECT_TRUE(contains(slurp(folder_ / "poise-out/frames_person1.bvh"), "ROOT hips_2d_image_plane"));
  EXPECT_EQ(parse_json(slurp(folder_ / "poise-out/frames.results.json")).value().as_array().size(), 4U);

  // What was followed, measured against itself with heads of 40 pixels.
  PosetrackSequence truth = read_posetrack(folder_ / "poise-out/frames.json").value();
  for (PosetrackFrame& frame : truth.frames) {
    for (PosetrackPerson& person : frame.persons) person.head = {0, 0, 40, 0};
  }
  fs::create_directories(folder_ / "gt");
  std::ofstream(folder_ / "gt/frames.json") << posetrack17_json(truth).dump();
  fs::create_directories(folder_ / "pred");
  fs::copy_file(folder_ / "poise-out/frames.json", folder_ / "pred/frames.json");
  const Outcome measured = run({"metrics", "posetrack", "gt", "pred", "--json"});
  ASSERT_EQ(measured.code, 0) << measured.err;
  const Json figures = parse_json(measured.out).value();
  EXPECT_EQ(figures.find("AP")->as_number(), 100);
  EXPECT_EQ(figures.find("MOTA")->as_number(), 100);
  EXPECT_EQ(figures.find("MOTA_left_wrist")->as_number(), 100);
  EXPECT_EQ(figures.find("frames")->as_integer(), 4);
  const Outcome converted = run({"convert-results", "poise-out/frames.json", "--from", "posetrack", "--to",
                                 "posetrack17", "-o", "pred/frames.json"});
  ASSERT_EQ(converted.code, 0) << converted.err;
  EXPECT_TRUE(contains(slurp(folder_ / "pred/frames.json"), "annolist"));
  const Outcome again = run({"metrics", "posetrack", "gt", "pred"});
  EXPECT_TRUE(contains(again.out, "MOTA           100.00 100.00")) << again.out << again.err;
  EXPECT_TRUE(contains(run({"metrics", "posetrack", "gt", "pred", "--quirks", "last"}).err, "summed-distances"));
  EXPECT_TRUE(contains(run({"metrics", "posetrack", "gt/frames.json", "pred"}).err, "two files or two folders"));
}

TEST_F(TrackFormats, TwoThatWouldWriteOneFileAreRefused) {
  write_frames(folder_, 1);
  const Outcome outcome =
      run({"track", "frames", "--detector", "none", "--no-video", "-f", "posetrack", "-f", "posetrack17"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, "frames.json")) << outcome.err;
  EXPECT_FALSE(fs::exists(folder_ / "poise-out/frames.json"));
}

TEST_F(TrackFormats, PredictTakesAVideoFrameByFrame) {
  write_frames(folder_, 3);
  const Outcome outcome = run({"predict", "-v", "frames", "--detector", "none", "--no-image", "--format", "csv"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "3 frames, 3 persons")) << outcome.out;
  const std::string text = slurp(folder_ / "poise-out/frames.csv");
  EXPECT_TRUE(contains(text, "\n2,")) << "three frames";
  EXPECT_TRUE(contains(text, "\n0,0,,")) << "without ids";
  const Outcome poise = run({"predict", "-v", "frames", "--detector", "none", "--no-image", "-q", "-o", "again"});
  ASSERT_EQ(poise.code, 0) << poise.err;
  EXPECT_TRUE(contains(slurp(folder_ / "again/frames.jsonl"), "\"flip_test\""));

  EXPECT_EQ(run({"predict"}).code, 2);
  EXPECT_EQ(run({"predict", "one/000000000001.jpg", "-v", "frames"}).code, 2);
  EXPECT_EQ(run({"predict", "-v", "nothing.mp4"}).code, 1);
  EXPECT_TRUE(contains(run({"predict", "-v", "frames", "--heatmaps"}).err, "not for videos"));
}

TEST_F(TrackFormats, AnglesOfResultsThatAreTheTruth) {
  kit::FigureSetOptions options;
  options.count = 12;
  const Json annotations = kit::write_figure_set(folder_ / "set", options);
  std::ofstream(folder_ / "truth.json") << annotations.dump();
  Json results = Json::array();
  for (const Json& one : annotations.find("annotations")->as_array()) {
    Json entry = Json::object();
    for (const char* name : {"image_id", "category_id", "bbox", "keypoints"}) entry.set(name, *one.find(name));
    entry.set("score", 1.0);
    results.push(std::move(entry));
  }
  std::ofstream(folder_ / "results.json") << results.dump();
  const Outcome outcome = run({"metrics", "angles", "truth.json", "results.json", "--samples", "50", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json figures = parse_json(outcome.out).value();
  EXPECT_GT(figures.find("left_elbow.read")->as_integer(), 0);
  EXPECT_EQ(figures.find("left_elbow.mean_abs_error")->as_number(), 0);
  EXPECT_EQ(figures.find("left_knee.big_error_rate")->as_number(), 0);
  EXPECT_NEAR(figures.find("left_knee.slope")->as_number(), 1, 1e-12);
  const Outcome one = run({"metrics", "angles", "truth.json", "results.json", "--angle", "5,7,9"});
  EXPECT_TRUE(contains(one.out, "5,7,9: ")) << one.out << one.err;
  EXPECT_TRUE(
      contains(run({"metrics", "angles", "truth.json", "results.json", "--angle", "tail"}).err, "no angle is called"));
}

}  // namespace
}  // namespace poise
