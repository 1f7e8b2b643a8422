// `poise track` on drawn pictures; where the build has FFmpeg, its drawn video is read back.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "e2e/frames.h"
#include "e2e/program.h"
#include "kit/rtsp_server.h"
#include "poise/base/json.h"

namespace poise {
namespace {

class Track : public Program {
 protected:
  /// As the program itself reads it.
  void expect_playable(const std::string& video, std::size_t frames) const {
    const Outcome again =
        run({"track", video, "--detector", "none", "--no-video", "--flow", "none", "--json", "-", "-o", "again"});
    EXPECT_EQ(again.code, 0) << video << ": " << again.err;
    if (again.code != 0) return;
    EXPECT_EQ(parse_json(again.out).value().find("frames")->as_integer(), static_cast<std::int64_t>(frames)) << video;
  }

  std::vector<Json> lines(const fs::path& file) const {
    std::istringstream text(slurp(folder_ / file));
    std::vector<Json> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(parse_json(line).value());
    return lines;
  }
};

TEST_F(Track, OnePersonKeepsOneIdInEveryFormat) {
  write_frames(folder_, 12);
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
  write_frames(folder_, 20);
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
  EXPECT_EQ(piped.code, 2);
#ifdef POISE_HAS_VIDEO
  EXPECT_TRUE(contains(piped.err, "--no-video")) << piped.err;
#endif
}

TEST_F(Track, PartsOfAVideo) {
  write_frames(folder_, 30);
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

/// Raw frames of 64x48, all alike.
std::string raw_frames(int count) {
  return std::string(std::size_t{64} * 48 * 3 * static_cast<std::size_t>(count), '\x55');
}

/// What comes faster than it can be followed: whatever the speed of the machine, no frame waits behind another one.
TEST_F(Track, LiveFramesAreFollowedOrDroppedAndTheLastIsSeen) {
  constexpr int kFrames = 400;
  ASSERT_EQ(mkfifo((folder_ / "camera").c_str(), 0600), 0);
  const pid_t child = start({"-c", std::string("exec '") + POISE_PROGRAM +
                                       "' track - --raw 64x48:bgr24@30 --live --detector none --no-video --flow none "
                                       "--json - < camera"},
                            "/bin/sh");
  std::ofstream(folder_ / "camera") << raw_frames(kFrames);
  const Outcome outcome = finish(child);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json summary = parse_json(outcome.out).value();
  const std::int64_t frames = summary.find("frames")->as_integer();
  EXPECT_GT(frames, 0);
  EXPECT_EQ(frames + summary.find("dropped")->as_integer(), kFrames);
  EXPECT_GT(summary.find("longest_lag_ms")->as_number(), 0);
  const std::vector<Json> written = lines("poise-out/frames.jsonl");
  ASSERT_EQ(static_cast<std::int64_t>(written.size()), frames + 1);
  EXPECT_EQ(written.back().find("frame")->as_integer(), kFrames - 1);
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
std::string golden(const std::string& name) { return std::string(POISE_SOURCE_DIR) + "/tests/golden/videos/" + name; }

/// Ctrl-C while it waits for a frame: what was done has its names, and can be played.
TEST_F(Track, CtrlCKeepsWhatWasDone) {
  ASSERT_EQ(mkfifo((folder_ / "camera").c_str(), 0600), 0);
  const pid_t child = start({"-c", std::string("exec '") + POISE_PROGRAM +
                                       "' track - --raw 64x48:bgr24@30 --detector none --flow none -q < camera"},
                            "/bin/sh");
  std::ofstream camera(folder_ / "camera");  // stays open: no end comes
  camera << raw_frames(12) << std::flush;
  // The drawn video is begun with the first frame, beside the poses' file.
  const auto files = [&] {
    std::error_code error;
    return std::distance(fs::directory_iterator(folder_ / "poise-out", error), fs::directory_iterator());
  };
  siginfo_t ended{};
  while (files() < 2 && waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == 0) {
    usleep(10'000);
  }
  kill(child, SIGTERM);  // as a service manager does
  const Outcome outcome = finish(child);
  EXPECT_EQ(outcome.code, 143) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const std::size_t frames = lines("poise-out/frames.jsonl").size() - 1;
  EXPECT_GE(frames, 1U);
  EXPECT_LE(frames, 12U);
  expect_playable("poise-out/frames.poses.mp4", frames);
}

TEST_F(Track, WhatIsNoVideoIsOneLine) {
  write("empty.mp4", "");
  for (const std::string& file : {golden("sound.m4a"), golden("cover.m4a"), golden("none.mp4"), golden("none.mkv"),
                                  golden("qtrle.mov"), std::string("empty.mp4")}) {
    const Outcome outcome = run({"track", file, "--detector", "none"});
    EXPECT_EQ(outcome.code, 1) << file;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, fs::path(file).filename().string() + ": ")) << outcome.err;
    EXPECT_FALSE(exists("poise-out")) << "nothing was begun";
  }
}

TEST_F(Track, AChangeOfSizeIsFollowedAndTheVideoKeepsItsSize) {
  ASSERT_EQ(run({"track", golden("sizes.h264"), "--detector", "none", "-q"}).code, 0);
  const std::vector<Json> frames = lines("poise-out/sizes.jsonl");
  ASSERT_EQ(frames.size(), 9U);
  EXPECT_EQ(frames[4].find("width")->as_integer(), 32);
  EXPECT_EQ(frames[5].find("width")->as_integer(), 48);
  expect_playable("poise-out/sizes.poses.mp4", 8);
}

TEST_F(Track, OfWhatIsCutShortThePartThatIsThereIsWritten) {
  const std::string whole = slurp(golden("steady.mkv"));
  write("cut.mkv", whole.substr(0, whole.size() * 8 / 10));
  const Outcome outcome = run({"track", "cut.mkv", "--detector", "none", "-q"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  const std::size_t frames = lines("poise-out/cut.jsonl").size() - 1;
  EXPECT_GT(frames, 2U);
  EXPECT_LT(frames, 24U);
  expect_playable("poise-out/cut.poses.mp4", frames);
}

TEST_F(Track, SoundGoesWithTheFrames) {
  const Outcome outcome = run({"track", golden("sound.mp4"), "--detector", "none", "--start", "0.4", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(parse_json(outcome.out).value().find("video")->as_string(), "with sound"));
  expect_playable("poise-out/sound.poses.mp4", 14);
}

TEST_F(Track, WhereTheDiskIsFullWhatWasDoneIsKept) {
  std::string noise = raw_frames(200);
  std::uint32_t state = 1;
  for (char& byte : noise) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24U);
  write("noise", noise);
  // 400 blocks of half or of a whole KiB, of which the end of the video has its share.
  const Outcome outcome =
      run({"-c", std::string("ulimit -f 400; exec '") + POISE_PROGRAM +
                     "' track - --raw 64x48:bgr24@30 --detector none --flow none --format mot -q < noise"},
          "/bin/sh");
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "no room")) << outcome.err;
  const std::string table = slurp(folder_ / "poise-out/frames.txt");
  ASSERT_FALSE(table.empty());
  const std::string last = table.substr(table.rfind('\n', table.size() - 2) + 1);
  // The frame that found no room has its poses.
  expect_playable("poise-out/frames.poses.mp4", std::stoul(last) - 1);
}

/// A camera that never ends, for a while: the end of the range is the end, and not a connection that is lost.
TEST_F(Track, APartOfAStream) {
  const kit::RtspServer server;
  if (!server.runs()) GTEST_SKIP() << kit::kNoServer;
  const Outcome outcome = run({"track", server.address(), "--duration", "0.5", "--detector", "none", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json summary = parse_json(outcome.out).value();
  EXPECT_GT(summary.find("frames")->as_integer(), 0);
  EXPECT_EQ(summary.find("reconnections")->as_integer(), 0);
  expect_playable("poise-out/stream.poses.mp4", static_cast<std::size_t>(summary.find("frames")->as_integer()));
}

#ifdef POISE_HAS_WINDOW
TEST_F(Track, WhatIsShownIsTheDrawnFrames) {
  setenv("SDL_VIDEO_DUMMY_SAVE_FRAMES", "1", 1);
  const Outcome outcome = run({"SDL_VIDEODRIVER=dummy", POISE_PROGRAM, "track", golden("steady.mp4"), "--detector",
                               "none", "-q", "--show", "--no-video", "--duration", "0.2"},
                              "/usr/bin/env");
  unsetenv("SDL_VIDEO_DUMMY_SAVE_FRAMES");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string picture = slurp(folder_ / "SDL_window1-00000001.bmp");
  ASSERT_GT(picture.size(), 54U);
  EXPECT_EQ(picture.substr(0, 2), "BM");
  EXPECT_EQ(picture[18], 32);  // its width
  EXPECT_FALSE(exists("poise-out/steady.poses.mp4"));
}

TEST_F(Track, WithoutAScreenThereIsNoWindow) {
  const Outcome outcome = run({"-u", "DISPLAY", "-u", "WAYLAND_DISPLAY", "-u", "SDL_VIDEODRIVER", POISE_PROGRAM,
                               "track", golden("steady.mp4"), "--show"},
                              "/usr/bin/env");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "no window can be opened")) << outcome.err;
  EXPECT_FALSE(exists("poise-out"));
}
#endif

TEST_F(Track, TheDrawnVideoIsFollowedAgain) {
  write_frames(folder_, 10);
  ASSERT_EQ(run({"track", "frames", "--detector", "none", "-q"}).code, 0);
  ASSERT_TRUE(fs::exists(folder_ / "poise-out/frames.poses.mp4"));
  const Outcome again =
      run({"track", "poise-out/frames.poses.mp4", "--detector", "none", "--no-video", "--json", "-", "-o", "again"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(parse_json(again.out).value().find("frames")->as_integer(), 10);
  EXPECT_EQ(lines("again/frames.poses.jsonl").at(1).find("width")->as_integer(), 320);
}

TEST_F(Track, AVideoThatIsCutShortGivesItsFramesAndOneError) {
  write_frames(folder_, 40);
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
