// `poise track` on drawn pictures; where the build has FFmpeg, its drawn video is read back.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "e2e/program.h"
#include "kit/figure_set.h"
#include "poise/base/json.h"

namespace poise {
namespace {

class Track : public Program {
 protected:
  /// Copies of one drawn picture of 320x240: somebody who stands still.
  void write_frames(int count) const {
    kit::FigureSetOptions options;
    options.count = 1;
    kit::write_figure_set(folder_ / "one", options);
    fs::create_directories(folder_ / "frames");
    for (int i = 0; i < count; ++i) {
      fs::copy_file(folder_ / "one" / "000000000001.jpg", folder_ / "frames" / ("frame_" + std::to_string(i) + ".jpg"));
    }
  }

  std::vector<Json> lines(const fs::path& file) const {
    std::istringstream text(slurp(folder_ / file));
    std::vector<Json> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(parse_json(line).value());
    return lines;
  }
};

TEST_F(Track, OnePersonKeepsOneIdInEveryFormat) {
  write_frames(12);
  const Outcome outcome = run({"track", "frames", "--detector", "none", "--no-video", "-f", "poise", "-f", "mot", "-f",
                               "csv", "--track-score", "0", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json summary = parse_json(outcome.out).value();
  EXPECT_EQ(summary.find("frames")->as_integer(), 12);
  EXPECT_EQ(summary.find("ids")->as_integer(), 1);
  EXPECT_EQ(summary.find("files")->as_array().size(), 3U);
  const std::vector<Json> frames = lines("poise-out/frames.jsonl");
  ASSERT_EQ(frames.size(), 13U) << "a first line that says what follows";
  for (std::size_t i = 1; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].find("frame")->as_integer(), static_cast<std::int64_t>(i) - 1);
    ASSERT_EQ(frames[i].find("persons")->as_array().size(), 1U);
    EXPECT_EQ(frames[i].find("persons")->as_array()[0].find("track_id")->as_integer(), 1);
  }
  EXPECT_TRUE(contains(slurp(folder_ / "poise-out/frames.txt"), "\n12,1,1,1,320,240,"));
  EXPECT_TRUE(
      contains(slurp(folder_ / "poise-out/frames.csv"), "frame,seconds,id,score,joint,x,y,joint_score,filled\n0,0,1,"));
}

TEST_F(Track, SmoothedOfflineWithoutLag) {
  write_frames(20);
  const Outcome outcome = run({"track", "frames", "--detector", "none", "--track-score", "0", "--smooth", "offline",
                               "-f", "poise", "-f", "csv", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json summary = parse_json(outcome.out).value();
  const Json* smoothing = summary.find("smoothing");
  ASSERT_NE(smoothing, nullptr);
  EXPECT_EQ(smoothing->find("kind")->as_string(), "offline");
  EXPECT_EQ(smoothing->find("filled_persons")->as_integer(), 0);
  EXPECT_EQ(lines("poise-out/frames.jsonl").size(), 21U);
#ifdef POISE_HAS_VIDEO
  const Outcome again = run({"track", "poise-out/frames.poses.mp4", "--detector", "none", "--no-video", "--json", "-"});
  EXPECT_EQ(parse_json(again.out).value().find("frames")->as_integer(), 20) << "the second round draws all of them";
#endif
  const Outcome piped = run({"-c", std::string("'") + POISE_PROGRAM +
                                       "' track - --raw 64x48:bgr24@30 --detector none --smooth offline < /dev/null"},
                            "/bin/sh");
  EXPECT_EQ(piped.code, 1);
#ifdef POISE_HAS_VIDEO
  EXPECT_TRUE(contains(piped.err, "--no-video")) << piped.err;
#endif
}

TEST_F(Track, PartsOfAVideo) {
  write_frames(30);
  const Outcome outcome = run({"track", "frames/frame_%d.jpg", "--rate", "10", "--start", "1", "--duration", "1",
                               "--every", "2", "--detector", "none", "--no-video", "-q", "--flow", "lk"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<Json> frames = lines("poise-out/frame__d.jsonl");
  ASSERT_EQ(frames.size(), 6U);
  EXPECT_EQ(frames[1].find("frame")->as_integer(), 10);
  EXPECT_EQ(frames[5].find("frame")->as_integer(), 18);
}

TEST_F(Track, RawFramesThatEndTooSoonKeepWhatCameBefore) {
  std::ofstream(folder_ / "raw") << std::string(std::size_t{64} * 48 * 3 * 2 + 5, '\x55');
  const Outcome outcome = run({"-c", std::string("'") + POISE_PROGRAM +
                                         "' track - --raw 64x48:bgr24@30 --detector none --no-video --flow none < raw"},
                              "/bin/sh");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "missing")) << outcome.err;
  EXPECT_EQ(lines("poise-out/frames.jsonl").size(), 3U);
}

TEST_F(Track, WhatCannotBeDoneIsSaid) {
  EXPECT_TRUE(contains(run({"track", "-"}).err, "--raw"));
  EXPECT_EQ(run({"track", "nothing.mp4"}).code, 1);
  EXPECT_EQ(run({"track", "nothing.mp4", "--similarity", "colour"}).code, 2);
  std::ofstream(folder_ / "text.mp4") << "no video at all";
  const Outcome outcome = run({"track", "text.mp4"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "text.mp4") || contains(outcome.err, "no videos")) << outcome.err;
}

#ifdef POISE_HAS_VIDEO
TEST_F(Track, TheDrawnVideoIsFollowedAgain) {
  write_frames(10);
  ASSERT_EQ(run({"track", "frames", "--detector", "none", "-q"}).code, 0);
  ASSERT_TRUE(fs::exists(folder_ / "poise-out/frames.poses.mp4"));
  const Outcome again =
      run({"track", "poise-out/frames.poses.mp4", "--detector", "none", "--no-video", "--json", "-", "-o", "again"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(parse_json(again.out).value().find("frames")->as_integer(), 10);
  EXPECT_EQ(lines("again/frames.poses.jsonl").at(1).find("width")->as_integer(), 320);
}

TEST_F(Track, AVideoThatIsCutShortGivesItsFramesAndOneError) {
  write_frames(40);
  ASSERT_EQ(run({"track", "frames", "--detector", "none", "-q"}).code, 0);
  const std::string whole = slurp(folder_ / "poise-out/frames.poses.mp4");
  for (const double part : {0.0, 0.01, 0.3, 0.9}) {
    std::ofstream(folder_ / "cut.mp4", std::ios::binary)
        << whole.substr(0, static_cast<std::size_t>(part * static_cast<double>(whole.size())));
    const Outcome outcome = run({"track", "cut.mp4", "--detector", "none", "--no-video", "-q"});
    EXPECT_EQ(outcome.code, 1) << part;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}
#endif

}  // namespace
}  // namespace poise
