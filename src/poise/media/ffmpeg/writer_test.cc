#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "kit/temporary_folder.h"
#include "poise/base/random.h"
#include "poise/media/ffmpeg/ffmpeg.h"
#include "poise/media/ffmpeg/open_input.h"
#include "poise/media/test_frames.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
using namespace testing_frames;

std::string golden(const std::string& name) { return std::string(POISE_SOURCE_DIR) + "/tests/golden/videos/" + name; }

bool has_encoder(const std::string& name) { return avcodec_find_encoder_by_name(name.c_str()) != nullptr; }

Read read_video(const fs::path& path) {
  auto source = open_video(path.string());
  if (!source.ok()) return {{}, source.error().message};
  return read_all(**source);
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// What cannot be compressed.
Image noise(int width, int height, std::uint64_t seed) {
  Image image(width, height);
  Random random(seed);
  for (int i = 0; i < width * height * 3; ++i) image.data()[i] = static_cast<std::uint8_t>(random.below(256));
  return image;
}

class VideoWriter : public ::testing::Test {
 protected:
  /// Greys that rise from frame to frame.
  Status write(const std::string& name, const VideoWriteOptions& options, const std::vector<double>& times) {
    POISE_TRY(auto sink, create_video(folder_.path() / name, options));
    summary_ = sink->summary();
    for (std::size_t i = 0; i < times.size(); ++i) {
      const auto level = static_cast<std::uint8_t>(40 + 5 * i);
      const Image image = plain(options.width, options.height, level, level, level);
      POISE_RETURN_IF_ERROR(sink->add(image.view(), times[i]));
    }
    return sink->finish();
  }
  const kit::TemporaryFolder folder_;
  std::string summary_;
};

std::vector<double> steady(int count, double rate) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) times.push_back(i / rate);
  return times;
}

TEST_F(VideoWriter, EveryContainerAndEncoderIsReadBack) {
  struct Kind {
    const char *file, *encoder, *codec;
  };
  std::size_t made = 0;
  for (const Kind& kind :
       {Kind{"a.mp4", "libx264", "h264"}, Kind{"b.mov", "libx264", "h264"}, Kind{"c.mkv", "libx264", "h264"},
        Kind{"d.m4v", "mpeg4", "mpeg4"}, Kind{"e.avi", "mpeg4", "mpeg4"}, Kind{"f.mkv", "mjpeg", "mjpeg"},
        Kind{"g.webm", "libvpx-vp9", "vp9"}, Kind{"h.webm", "libvpx", "vp8"}}) {
    if (!has_encoder(kind.encoder)) continue;
    ++made;
    const Status written =
        write(kind.file, {.width = 64, .height = 48, .frames_per_second = 25, .encoder = kind.encoder}, steady(20, 25));
    ASSERT_TRUE(written.ok()) << kind.file << ": " << written.error().message;
    EXPECT_EQ(summary_, std::string(kind.codec) + " (" + kind.encoder + ")");
    const Read read = read_video(folder_.path() / kind.file);
    EXPECT_EQ(read.error, "") << kind.file;
    ASSERT_EQ(read.frames.size(), 20U) << kind.file;
    for (int i = 0; i < 20; ++i) {
      const VideoFrame& frame = read.frames[static_cast<std::size_t>(i)];
      EXPECT_NEAR(frame.seconds, i / 25.0, 1.1e-3) << kind.file;
      EXPECT_NEAR(frame.image.row(24)[32 * 3], 40 + 5 * i, 8) << kind.file;
    }
  }
  EXPECT_GT(made, 0U);
  EXPECT_EQ(files_in(folder_.path()), made) << "no temporary file stays";
}

TEST_F(VideoWriter, WithoutANamedEncoderTheFirstThatWorks) {
  ASSERT_TRUE(write("a.mp4", {.width = 64, .height = 48}, steady(3, 30)).ok());
  if (has_encoder("libx264")) {
    EXPECT_EQ(summary_, "h264 (libx264)");
  }
  EXPECT_EQ(read_video(folder_.path() / "a.mp4").frames.size(), 3U);
}

TEST_F(VideoWriter, ColoursComeBack) {
  for (const int height : {64, 720}) {  // BT.601 below 720 rows, BT.709 from there
    const fs::path path = folder_.path() / (std::to_string(height) + ".mp4");
    auto sink = create_video(path, {.width = 64, .height = height, .quality = 5}).value();
    const Image image = plain(64, height, 200, 60, 30);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(sink->add(image.view(), i / 30.0).ok());
    ASSERT_TRUE(sink->finish().ok());
    const Read read = read_video(path);
    ASSERT_EQ(read.frames.size(), 3U);
    const std::uint8_t* pixel = read.frames[0].image.row(height / 2) + 32 * 3;
    EXPECT_NEAR(pixel[0], 200, 4);
    EXPECT_NEAR(pixel[1], 60, 4);
    EXPECT_NEAR(pixel[2], 30, 4);
  }
}

TEST_F(VideoWriter, UnevenTimesAreKept) {
  const std::vector<double> times{3, 3.04, 3.08, 3.5, 3.51, 5, 5.033};  // counted from the first
  for (const char* name : {"a.mp4", "b.mkv"}) {
    ASSERT_TRUE(write(name, {.width = 32, .height = 32}, times).ok());
    const Read read = read_video(folder_.path() / name);
    EXPECT_EQ(read.error, "") << name;
    ASSERT_EQ(read.frames.size(), times.size()) << name;
    for (std::size_t i = 0; i < times.size(); ++i) EXPECT_NEAR(read.frames[i].seconds, times[i] - 3, 1.1e-3) << name;
  }
  // AVI knows but a steady rate.
  ASSERT_TRUE(write("c.avi", {.width = 32, .height = 32, .frames_per_second = 25}, times).ok());
  const Read read = read_video(folder_.path() / "c.avi");
  ASSERT_EQ(read.frames.size(), times.size());
  for (std::size_t i = 0; i < times.size(); ++i) EXPECT_NEAR(read.frames[i].seconds, times[i] - 3, .061);
}

TEST_F(VideoWriter, AnOddSideRepeatsItsLastPixel) {
  auto sink = create_video(folder_.path() / "a.mkv", {.width = 35, .height = 27, .quality = 1}).value();
  Image image = plain(35, 27, 90, 90, 90);
  for (int y = 0; y < 27; ++y) {
    for (int x = 32; x < 35; ++x) std::fill_n(image.row(y) + x * 3, 3, std::uint8_t{200});
  }
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(sink->add(image.view(), i / 30.0).ok());
  ASSERT_TRUE(sink->finish().ok());
  const Read read = read_video(folder_.path() / "a.mkv");
  ASSERT_EQ(read.frames.size(), 2U);
  const Image& back = read.frames[0].image;
  ASSERT_EQ(back.width(), 36);
  ASSERT_EQ(back.height(), 28);
  for (const int y : {0, 26, 27}) {
    EXPECT_NEAR(back.row(y)[10 * 3], 90, 6) << y;
    EXPECT_NEAR(back.row(y)[35 * 3], 200, 12) << y;
  }
}

struct SoundPacket {
  double seconds;
  std::string bytes;
};

std::vector<SoundPacket> sound_of(const std::string& file) {
  std::vector<SoundPacket> packets;
  auto input = av::open_sound_input(file);
  if (!input.ok()) return packets;
  const av::Packet packet = av::make_packet();
  while (av_read_frame(input->demuxer.get(), packet.get()) >= 0) {
    if (packet->stream_index == input->stream->index) {
      packets.push_back({av::seconds(packet->pts, input->stream->time_base),
                         {reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size)}});
    }
    av_packet_unref(packet.get());
  }
  return packets;
}

TEST_F(VideoWriter, SoundIsKeptPacketByPacket) {
  const std::vector<SoundPacket> before = sound_of(golden("sound.mp4"));
  ASSERT_GT(before.size(), 10U);
  for (const char* name : {"a.mp4", "b.mkv"}) {
    ASSERT_TRUE(write(name, {.width = 32, .height = 32, .frames_per_second = 25, .audio_from = golden("sound.mp4")},
                      steady(24, 25))
                    .ok());
    EXPECT_TRUE(summary_.ends_with(", with sound")) << summary_;
    const std::vector<SoundPacket> after = sound_of((folder_.path() / name).string());
    const std::size_t skipped = before.front().seconds < 0 ? 1 : 0;  // what the coder needs to get going
    ASSERT_EQ(after.size(), before.size() - skipped) << name;
    for (std::size_t i = 0; i < after.size(); ++i) {
      EXPECT_EQ(after[i].bytes, before[i + skipped].bytes) << name << ' ' << i;
      EXPECT_NEAR(after[i].seconds, before[i + skipped].seconds, 2e-3) << name << ' ' << i;
    }
    EXPECT_EQ(read_video(folder_.path() / name).frames.size(), 24U);
  }
}

TEST_F(VideoWriter, SoundOfThePartThatTheFramesAreFrom) {
  const std::vector<SoundPacket> before = sound_of(golden("sound.mp4"));
  VideoWriteOptions options{.width = 32, .height = 32, .frames_per_second = 25, .audio_from = golden("sound.mp4")};
  options.audio_range = {.start = .4, .duration = .2};
  std::vector<double> times = steady(5, 25);
  for (double& time : times) time += .4;
  ASSERT_TRUE(write("a.mkv", options, times).ok());
  std::vector<SoundPacket> wanted;
  for (const SoundPacket& packet : before) {
    if (packet.seconds >= .4 && packet.seconds < .6) wanted.push_back(packet);
  }
  const std::vector<SoundPacket> after = sound_of((folder_.path() / "a.mkv").string());
  ASSERT_EQ(after.size(), wanted.size());
  ASSERT_FALSE(after.empty());
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].bytes, wanted[i].bytes);
    EXPECT_NEAR(after[i].seconds, wanted[i].seconds - .4, 2e-3);
  }
}

TEST_F(VideoWriter, SoundThatCannotBeKeptIsLeftOutAloud) {
  VideoWriteOptions options{.width = 32, .height = 32, .audio_from = golden("pcm.mkv")};
  ASSERT_TRUE(write("a.mp4", options, steady(3, 30)).ok());
  EXPECT_NE(summary_.find("pcm_s16le) left out"), std::string::npos) << summary_;
  options.audio_from = golden("steady.mp4");
  ASSERT_TRUE(write("b.mp4", options, steady(3, 30)).ok());
  EXPECT_NE(summary_.find("no sound to keep"), std::string::npos) << summary_;
  options.audio_from = golden("absent.mp4");
  EXPECT_EQ(write("c.mp4", options, steady(3, 30)).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(fs::exists(folder_.path() / "c.mp4"));
}

TEST_F(VideoWriter, WrongFramesAreRefusedAndTheOthersKept) {
  auto sink = create_video(folder_.path() / "a.mp4", {.width = 32, .height = 32}).value();
  const Image right = plain(32, 32, 9, 9, 9), wrong = plain(32, 30, 9, 9, 9);
  ASSERT_TRUE(sink->add(right.view(), 0).ok());
  EXPECT_EQ(sink->add(wrong.view(), .1).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(sink->add(right.view(), 0).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(sink->add(right.view(), std::nan("")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(sink->add(right.view(), 1e9).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(sink->add(right.view(), .1).ok());
  ASSERT_TRUE(sink->finish().ok());
  EXPECT_EQ(read_video(folder_.path() / "a.mp4").frames.size(), 2U);
}

TEST_F(VideoWriter, NothingIsLeftWithoutFinishOrWithoutAFrame) {
  const Image image = plain(32, 32, 9, 9, 9);
  {
    auto sink = create_video(folder_.path() / "a.mp4", {.width = 32, .height = 32}).value();
    ASSERT_TRUE(sink->add(image.view(), 0).ok());
  }
  {
    auto sink = create_video(folder_.path() / "a.mp4", {.width = 32, .height = 32}).value();
    EXPECT_EQ(sink->finish().error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(files_in(folder_.path()), 0U);
}

TEST_F(VideoWriter, OptionsAreChecked) {
  const auto code_of = [&](const std::string& name, const VideoWriteOptions& options) {
    auto sink = create_video(folder_.path() / name, options);
    return sink.ok() ? ErrorCode::kIo : sink.error().code;
  };
  EXPECT_EQ(code_of("a.mp4", {.width = 0, .height = 32}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("a.mp4", {.width = 32, .height = 17'000}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("a.mp4", {.width = 32, .height = 32, .frames_per_second = 0}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("a.mp4", {.width = 32, .height = 32, .quality = 52}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("a.gif", {.width = 32, .height = 32}), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of("a.webm", {.width = 32, .height = 32, .encoder = "mjpeg"}), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of("a.mp4", {.width = 32, .height = 32, .encoder = "nonesuch"}), ErrorCode::kUnsupported);
  EXPECT_EQ(files_in(folder_.path()), 0U);
}

/// Adds noise until there is no room; how many frames were taken. The error and the end are checked.
int fill(const fs::path& path, const VideoWriteOptions& options) {
  auto sink = create_video(path, options);
  EXPECT_TRUE(sink.ok()) << sink.error().message;
  if (!sink.ok()) return 0;
  const int kMost = 3000;
  for (int i = 0; i < kMost; ++i) {
    const Image image = noise(options.width, options.height, static_cast<std::uint64_t>(i));
    const Status added = (*sink)->add(image.view(), i / 30.0);
    if (added.ok()) continue;
    EXPECT_EQ(added.error().code, ErrorCode::kIo);
    EXPECT_TRUE(added.error().message.starts_with(path.string())) << added.error().message;
    EXPECT_NE(added.error().message.find("no room"), std::string::npos) << added.error().message;
    const Status finished = (*sink)->finish();
    EXPECT_TRUE(finished.ok()) << path << ": " << finished.error().message;
    return i;
  }
  ADD_FAILURE() << path << ": " << kMost << " frames were added";
  return kMost;
}

void expect_what_was_taken(const fs::path& path, int taken) {
  const Read read = read_video(path);
  EXPECT_EQ(read.error, "") << path;
  EXPECT_GT(taken, 5) << path;
  EXPECT_EQ(static_cast<int>(read.frames.size()), taken) << path;
}

/// Files of this process may grow to so many bytes.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(VideoWriter, WhereFilesMayGrowNoFurtherWhatWasTakenIsKept) {
  for (const char* name : {"a.mp4", "b.mkv", "c.avi"}) {
    const fs::path path = folder_.path() / name;
    int taken = 0;
    {
      const FileSizeLimit limit(1'500'000);
      taken = fill(path, {.width = 160, .height = 120, .audio_from = golden("sound.mp4"), .threads = 1});
    }
    EXPECT_LE(fs::file_size(path), 1'500'000U);
    expect_what_was_taken(path, taken);
  }
}

TEST_F(VideoWriter, OnAFullDiskWhatWasTakenIsKept) {
  // A small disk of this process's own, gone with it.
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=2m") != 0) {
    GTEST_SKIP() << "no disk can be mounted here";
  }
  for (const char* name : {"a.mp4", "b.mkv", "c.avi"}) {
    const fs::path path = folder_.path() / name;
    const int taken = fill(path, {.width = 160, .height = 120, .threads = 1});
    expect_what_was_taken(path, taken);
    EXPECT_EQ(files_in(folder_.path()), 1U);
    fs::remove(path);
  }
  umount2(folder_.path().c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace poise
