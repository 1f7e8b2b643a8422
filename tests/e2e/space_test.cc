// Poses in space on the command line: from several cameras, from one, and measured.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "e2e/program.h"
#include "poise/base/json.h"
#include "poise/formats/calibration.h"
#include "poise/formats/world_poses.h"
#include "poise/lift/test_room.h"

namespace poise {
namespace {

const fs::path kGolden = POISE_SOURCE_DIR "/tests/golden";
const fs::path kCalibration = POISE_SOURCE_DIR "/../shared/data/video/people_calibration.txt";

class Space : public Program {
 protected:
  /// cam1.csv to camN.csv, calib.toml, and truth.jsonl.
  void write_room(const Room& room) {
    std::ofstream(folder_ / "calib.toml") << calibration_toml(room.cameras);
    for (std::size_t c = 0; c < room.videos.size(); ++c) {
      std::ofstream file(folder_ / (room.cameras[c].name + ".csv"));
      file << csv_header();
      for (const TimedFrame& frame : room.videos[c].frames) {
        FrameResult result = frame.result;
        result.source = "frame" + std::to_string(1000 + frame.index);
        file << csv_rows(result, room.videos[c].skeleton);
      }
    }
    WorldPoseSet truth;
    truth.skeleton = room.videos[0].skeleton;
    for (std::size_t f = 0; f < room.truth.size(); ++f) {
      WorldFrame& frame = truth.frames.emplace_back();
      frame.index = static_cast<std::int64_t>(f);
      for (const auto& person : room.truth[f]) {
        WorldPose& pose = frame.poses.emplace_back();
        for (const Point3& joint : person) pose.keypoints.push_back({joint, 1});
      }
    }
    ASSERT_TRUE(write_world_poses(truth, {}, find_world_format("jsonl").value(), folder_ / "truth").ok());
  }
};

TEST_F(Space, TriangulatedAndMeasured) {
  write_room(walk(4, 8, 1.0));
  const Outcome outcome =
      run({"triangulate", "cam2.csv", "cam1.csv", "cam4.csv",    "cam3.csv", "--calibration", "calib.toml",
           "--rate",      "25",       "--out",    "match.jsonl", "--format", "jsonl",         "--format",
           "trc",         "--format", "bvh",      "--format",    "csv",      "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json report = parse_json(outcome.out).value();
  EXPECT_EQ(report.integer("people").value(), 2);
  EXPECT_LT(report.number("median_error_px").value(), 2);
  EXPECT_EQ(report.find("files")->as_array().size(), 6U);                           // two people in two formats
  EXPECT_EQ(report.find("cameras")->as_array()[0].string("name").value(), "cam2");  // by the files' names
  EXPECT_TRUE(contains(slurp(folder_ / "match_person2.trc"), "\tm\t25\t"));
  EXPECT_TRUE(contains(slurp(folder_ / "match_person1.bvh"), "ROOT hips"));
  const Outcome measured = run({"metrics", "mpjpe", "truth.jsonl", "match.jsonl", "--json"});
  ASSERT_EQ(measured.code, 0) << measured.err;
  const Json figures = parse_json(measured.out).value();
  EXPECT_LT(figures.number("mpjpe").value(), 0.01);
  EXPECT_GT(figures.number("mpjpe").value(), 0.001);
  EXPECT_EQ(figures.number("pck3d").value(), 1);
  EXPECT_EQ(figures.integer("missed").value(), 0);
}

TEST_F(Space, CamerasThatWereMovedAreAdjusted) {
  Room room = walk(4, 30, 0.5);
  Rigid3& pose = room.cameras[2].camera_from_world;
  const Matrix3 turn = rotation_from_vector({0.01, -0.01, 0.005});  // of the camera on the spot: some ten pixels
  pose = {turn * pose.rotation, turn * pose.translation};
  write_room(room);
  const Strings words{"triangulate", "cam1.csv",      "cam2.csv",   "cam3.csv",
                      "cam4.csv",    "--calibration", "calib.toml", "--json"};
  Strings adjusting = words;
  adjusting.insert(adjusting.end(), {"--save-calibration", "mended.toml"});
  const Json before = parse_json(run(words).out).value(), after = parse_json(run(adjusting).out).value();
  EXPECT_GT(before.number("median_error_px").value(), 2);
  EXPECT_LT(after.number("median_error_px").value(), 0.8);
  const auto mended = read_calibration(folder_ / "mended.toml").value();
  const Matrix3 back = mended[2].camera_from_world.rotation * transposed(pose.rotation);
  EXPECT_NEAR(length(vector_from_rotation(back)), 0.015, 0.003);
}

TEST_F(Space, PeopleOfFourRealCameras) {  // tests/golden/make_room.py
  if (!fs::exists(kCalibration)) GTEST_SKIP() << kCalibration << " is not there";
  Strings words{"triangulate"};
  for (int n = 1; n <= 4; ++n) words.push_back((kGolden / "room" / ("cam0" + std::to_string(n) + ".jsonl")).string());
  words.insert(words.end(), {"--calibration", kCalibration.string(), "--out", "match", "--json"});
  const Outcome outcome = run(words);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json report = parse_json(outcome.out).value();
  EXPECT_EQ(report.integer("frames").value(), 10);
  EXPECT_EQ(report.integer("people").value(), 3);
  EXPECT_LT(report.number("median_error_px").value(), 12);
  for (const Json& camera : report.find("cameras")->as_array()) {
    EXPECT_LT(camera.number("median_error_px").value(), 12) << camera.dump();
  }
  // A bone is as long in each frame.
  const WorldPoseSet set = read_world_poses(folder_ / "match.jsonl").value();
  std::vector<double> thighs;
  for (const WorldFrame& frame : set.frames) {
    for (const WorldPose& person : frame.poses) {
      if (person.track_id != 1 || !is_finite(person.keypoints[11].point)) continue;
      thighs.push_back(distance(person.keypoints[11].point, person.keypoints[13].point));
    }
  }
  ASSERT_GE(thighs.size(), 8U);
  const auto [low, high] = std::ranges::minmax(thighs);
  EXPECT_GT(low, 0.3);
  EXPECT_LT(high - low, 0.05);
}

TEST_F(Space, LiftedFromOneCamera) {
  write_room(walk(2, 8, 1.0));
  const Outcome outcome = run({"lift", "cam1.csv", "--camera", "calib.toml", "--camera-name", "cam1", "--out", "match",
                               "--format", "jsonl", "--format", "bvh", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(parse_json(outcome.out).value().integer("poses").value(), 16);
  EXPECT_EQ(read_world_poses(folder_ / "match.jsonl").value().frames.size(), 8U);
  const Outcome measured = run({"metrics", "mpjpe", "truth.jsonl", "match.jsonl", "--json"});
  ASSERT_EQ(measured.code, 0) << measured.err;
  EXPECT_LT(parse_json(measured.out).value().number("p_mpjpe").value(), 0.1);

  const Outcome assumed = run({"lift", "cam1.csv", "--out", "alone", "--quiet"});
  EXPECT_EQ(assumed.code, 0) << assumed.err;
  const Outcome which = run({"lift", "cam1.csv", "--camera", "calib.toml"});
  EXPECT_EQ(which.code, 2);
  EXPECT_TRUE(contains(which.err, "choose one by --camera-name: cam1 cam2")) << which.err;
  const Outcome other = run({"lift", "cam1.csv", "--model", "poise-small"});
  EXPECT_EQ(other.code, 1);
  EXPECT_TRUE(contains(other.err, "poise-small: it is no network that lifts poses")) << other.err;
}

TEST_F(Space, WhatCannotBeIsSaid) {
  write_room(walk(3, 2, 0));
  EXPECT_EQ(run({"triangulate", "cam1.csv", "--calibration", "calib.toml"}).code, 2);
  const Outcome count = run({"triangulate", "cam1.csv", "truth.jsonl", "--calibration", "calib.toml"});
  EXPECT_EQ(count.code, 1);
  EXPECT_TRUE(contains(count.err, "the calibration has 3 cameras (cam1 cam2 cam3), and 2 files")) << count.err;
  const Outcome none = run({"triangulate", "cam1.csv", "cam2.csv", "--calibration", "none.toml"});
  EXPECT_EQ(none.code, 1);
  EXPECT_TRUE(contains(none.err, "none.toml")) << none.err;
  const Outcome flat = run({"metrics", "mpjpe", "cam1.csv", "truth.jsonl"});
  EXPECT_EQ(flat.code, 1);
  EXPECT_TRUE(contains(flat.err, "cam1.csv")) << flat.err;
}

}  // namespace
}  // namespace poise
