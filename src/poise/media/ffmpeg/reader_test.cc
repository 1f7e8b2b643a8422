#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kit/temporary_folder.h"
#include "poise/image/codec.h"
#include "poise/media/ffmpeg/ffmpeg.h"
#include "poise/media/test_frames.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
using namespace testing_frames;

fs::path golden(const std::string& name) { return fs::path(POISE_SOURCE_DIR) / "tests/golden/videos" / name; }

Read read_video(const fs::path& path, const VideoOpenOptions& options = {}) {
  auto source = open_video(path.string(), options);
  if (!source.ok()) return {{}, source.error().message};
  return read_all(**source);
}

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

int grey(const VideoFrame& frame) { return frame.image.row(frame.image.height() / 2)[frame.image.width() / 2 * 3]; }

std::vector<int> greys(const Read& read) {
  std::vector<int> values;
  for (const VideoFrame& frame : read.frames) values.push_back(grey(frame));
  return values;
}

/// R, G, B or W, as read.
char colour_at(const Image& image, int x, int y) {
  const std::uint8_t* pixel = image.row(y) + x * 3;
  const bool red = pixel[0] > 128, green = pixel[1] > 128, blue = pixel[2] > 128;
  if (red && green && blue) return 'W';
  return red ? 'R' : green ? 'G' : blue ? 'B' : '.';
}

/// Of the first row, then of the last.
std::string corners(const Image& image) {
  const int right = image.width() - 4, bottom = image.height() - 4;
  return {colour_at(image, 3, 3), colour_at(image, right, 3), colour_at(image, 3, bottom),
          colour_at(image, right, bottom)};
}

TEST(VideoReader, FramesAreUpright) {
  struct Turned {
    const char* file;
    const char* corners;  // as the program ffmpeg shows them
    int width, height;
  };
  for (const Turned& turned : {Turned{"plain.mp4", "RGBW", 48, 32}, Turned{"turned90.mp4", "GWRB", 32, 48},
                               Turned{"turned180.mp4", "WBGR", 48, 32}, Turned{"turned270.mp4", "BRWG", 32, 48},
                               Turned{"mirrored.h264", "GRWB", 48, 32}}) {
    const auto source = open_video(golden(turned.file).string()).value();
    EXPECT_EQ(source->info().width, turned.width) << turned.file;
    EXPECT_EQ(source->info().height, turned.height) << turned.file;
    const Read read = read_all(*source);
    EXPECT_EQ(read.error, "") << turned.file;
    ASSERT_EQ(read.frames.size(), 2U) << turned.file;
    for (const VideoFrame& frame : read.frames) {
      EXPECT_EQ(frame.image.width(), turned.width) << turned.file;
      EXPECT_EQ(corners(frame.image), turned.corners) << turned.file;
    }
  }
}

TEST(VideoReader, TimesThatAreUnevenAreKeptInOrderOfPresentation) {
  for (const char* file : {"uneven.mp4", "uneven.mkv"}) {
    const Read read = read_video(golden(file));
    EXPECT_EQ(read.error, "") << file;
    const std::vector<double> times{0, .04, .08, .5, .51, 2, 2.033, 2.066};
    ASSERT_EQ(read.frames.size(), times.size()) << file;
    for (std::size_t i = 0; i < times.size(); ++i) {
      EXPECT_NEAR(read.frames[i].seconds, times[i], 1.1e-3) << file << ' ' << i;
      EXPECT_EQ(read.frames[i].index, static_cast<std::int64_t>(i)) << file;
      if (i > 0) {
        EXPECT_GT(grey(read.frames[i]), grey(read.frames[i - 1])) << file;
      }
    }
  }
}

TEST(VideoReader, WithoutTimesFramesComeAtTheirRate) {
  const Read read = read_video(golden("mirrored.h264"));
  ASSERT_EQ(read.frames.size(), 2U);
  EXPECT_DOUBLE_EQ(read.frames[0].seconds, 0);
  EXPECT_NEAR(read.frames[1].seconds, .04, 1e-6);
}

TEST(VideoReader, WhatAnEditListLeavesOutIsNotMissed) {
  const Read whole = read_video(golden("steady.mp4")), part = read_video(golden("edited.mp4"));
  EXPECT_EQ(whole.error, "");
  EXPECT_EQ(part.error, "");
  ASSERT_EQ(whole.frames.size(), 24U);
  ASSERT_EQ(part.frames.size(), 9U);
  for (std::size_t i = 0; i < part.frames.size(); ++i) {
    EXPECT_NEAR(part.frames[i].seconds, .04 * static_cast<double>(i), 1e-6);
    EXPECT_EQ(grey(part.frames[i]), grey(whole.frames[i + 15]));
  }
}

TEST(VideoReader, TheSameFramesFromEveryContainer) {
  const Read whole = read_video(golden("steady.mp4"));
  for (const char* file : {"steady.mkv", "fragments.mp4", "sound.mp4", "pcm.mkv"}) {
    const Read read = read_video(golden(file));
    EXPECT_EQ(read.error, "") << file;
    EXPECT_EQ(greys(read), greys(whole)) << file;
  }
}

TEST(VideoReader, InfoSaysWhatIsThere) {
  const auto with_sound = open_video(golden("sound.mp4").string()).value();
  EXPECT_TRUE(with_sound->info().audio);
  EXPECT_FALSE(with_sound->info().live);
  EXPECT_EQ(with_sound->info().codec, "h264");
  EXPECT_EQ(with_sound->info().frames, 24);
  EXPECT_NEAR(with_sound->info().frames_per_second, 25, 1e-9);
  EXPECT_FALSE(open_video(golden("steady.mp4").string()).value()->info().audio);
  // Matroska does not count, but says how long it is.
  EXPECT_EQ(open_video(golden("steady.mkv").string()).value()->info().frames, 24);
}

TEST(VideoReader, AChangeOfSizeIsNoError) {
  const Read read = read_video(golden("sizes.h264"));
  EXPECT_EQ(read.error, "");
  ASSERT_EQ(read.frames.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(read.frames[i].image.width(), i < 4 ? 32 : 48) << i;
    EXPECT_EQ(read.frames[i].image.height(), i < 4 ? 32 : 64) << i;
  }
}

TEST(VideoReader, OddSidesToTheLastPixel) {
  const Read exact = read_video(golden("odd.mkv")), lossy = read_video(golden("odd.avi"));
  ASSERT_EQ(exact.frames.size(), 2U);
  ASSERT_EQ(lossy.frames.size(), 2U);
  for (const Read* read : {&exact, &lossy}) {
    const Image& image = read->frames[1].image;
    ASSERT_EQ(image.width(), 35);
    ASSERT_EQ(image.height(), 27);
    int worst = 0;
    for (int y = 0; y < 27; ++y) {
      for (int x = 0; x < 35; ++x) {
        const std::uint8_t* pixel = image.row(y) + x * 3;
        // The encoder took what is beside the picture into the colour of the last columns.
        if (read == &lossy && x > 32) continue;
        worst =
            std::max({worst, std::abs(pixel[0] - x * 7), std::abs(pixel[1] - y * 9), std::abs(pixel[2] - (x + y) * 4)});
      }
    }
    EXPECT_LE(worst, read == &exact ? 0 : 24);
  }
  // What libjpeg makes of the same bytes, to the edge.
  const std::string bytes = slurp(golden("odd.avi"));
  const std::size_t begin = bytes.find("\xff\xd8\xff");
  ASSERT_NE(begin, std::string::npos);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const Image still = decode_image({data + begin, bytes.size() - begin}).value().image;
  ASSERT_EQ(still.size(), lossy.frames[0].image.size());
  int sum = 0;
  for (int i = 0; i < 35 * 27 * 3; ++i) sum += std::abs(still.data()[i] - lossy.frames[0].image.data()[i]);
  EXPECT_LE(sum, 3 * 35 * 27 * 3) << "three levels in the mean, for it spreads colours otherwise";
}

TEST(VideoReader, TenBitsAreRead) {
  const Read read = read_video(golden("deep.mkv"));
  EXPECT_EQ(read.error, "");
  ASSERT_EQ(read.frames.size(), 2U);
  EXPECT_NEAR(grey(read.frames[0]), 16, 1);
  EXPECT_NEAR(grey(read.frames[1]), 24, 1);
}

TEST(VideoReader, ColoursByTheMatrixAndTheRangeThatAreNamed) {
  for (const char* file : {"bt709.mkv", "bt601_full.mkv", "untagged.mkv"}) {
    const Read read = read_video(golden(file));
    ASSERT_EQ(read.frames.size(), 1U) << file;
    const std::uint8_t* pixel = read.frames[0].image.row(16) + 16 * 3;
    EXPECT_NEAR(pixel[0], 200, 2) << file;
    EXPECT_NEAR(pixel[1], 60, 2) << file;
    EXPECT_NEAR(pixel[2], 30, 2) << file;
  }
}

TEST(VideoReader, APartKeepsIndicesAndTimes) {
  VideoOpenOptions options;
  options.range = {.start = .3, .duration = .2, .every = 2};
  const Read part = read_video(golden("steady.mp4"), options), whole = read_video(golden("steady.mp4"));
  EXPECT_EQ(part.error, "");
  ASSERT_EQ(part.frames.size(), 3U);  // at .32, .4 and .48
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(part.frames[i].index, static_cast<std::int64_t>(8 + 2 * i));
    EXPECT_NEAR(part.frames[i].seconds, .32 + .08 * static_cast<double>(i), 1e-6);
    EXPECT_EQ(grey(part.frames[i]), grey(whole.frames[8 + 2 * i]));
  }
}

TEST(VideoReader, APartFarBehindIsSoughtAndTheSame) {
  const kit::TemporaryFolder folder;
  for (const char* name : {"long.mp4", "long.mkv", "long.avi"}) {
    const fs::path path = folder.path() / name;
    VideoWriteOptions options{.width = 32, .height = 32, .frames_per_second = 20};
    auto sink = create_video(path, options).value();
    for (int i = 0; i < 200; ++i) {
      const auto level = static_cast<std::uint8_t>(20 + i);
      const Image image = plain(32, 32, level, level, level);
      ASSERT_TRUE(sink->add(image.view(), i / 20.0).ok());
    }
    ASSERT_TRUE(sink->finish().ok());
    const Read whole = read_video(path);
    ASSERT_EQ(whole.frames.size(), 200U) << name;
    VideoOpenOptions part;
    part.range = {.start = 6.5, .duration = 1, .every = 1};
    const Read read = read_video(path, part);
    EXPECT_EQ(read.error, "") << name;
    ASSERT_EQ(read.frames.size(), 20U) << name;
    for (std::size_t i = 0; i < 20; ++i) {
      EXPECT_EQ(read.frames[i].index, static_cast<std::int64_t>(130 + i)) << name;
      EXPECT_NEAR(read.frames[i].seconds, whole.frames[130 + i].seconds, 1e-6) << name;
      EXPECT_EQ(grey(read.frames[i]), grey(whole.frames[130 + i])) << name;
    }
    part.range = {.start = 100};
    const Read behind = read_video(path, part);
    EXPECT_EQ(behind.error, "") << name;
    EXPECT_TRUE(behind.frames.empty()) << name;
  }
}

class BadVideo : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_.path() / name, std::ios::binary) << bytes;
    return folder_.path() / name;
  }
  static Error error_of(const std::string& source, const VideoOpenOptions& options = {}) {
    auto opened = open_video(source, options);
    if (!opened.ok()) return opened.error();
    while (true) {
      auto frame = (*opened)->next();
      if (!frame.ok()) return frame.error();
      if (!*frame) return {ErrorCode::kIo, "no error"};
    }
  }
  const kit::TemporaryFolder folder_;
};

TEST_F(BadVideo, IsNamedWithWhatIsWrong) {
  struct Bad {
    std::string source;
    ErrorCode code;
    const char* says;
  };
  const std::vector<Bad> all{
      {golden("absent.mp4").string(), ErrorCode::kNotFound, "no such file"},
      {golden("").string(), ErrorCode::kIo, "folder"},
      {golden("sound.m4a").string(), ErrorCode::kMalformed, "it has sound, but no video"},
      {golden("cover.m4a").string(), ErrorCode::kMalformed, "it has sound, but no video"},
      {golden("none.mp4").string(), ErrorCode::kMalformed, "no video"},
      {golden("none.mkv").string(), ErrorCode::kMalformed, ""},
      {golden("qtrle.mov").string(), ErrorCode::kUnsupported, "qtrle"},
      {golden("plain.nut").string(), ErrorCode::kMalformed, ""},
      {write("empty.mp4", "").string(), ErrorCode::kMalformed, ""},
      {write("text.mp4", "This is no video at all.\n").string(), ErrorCode::kMalformed, ""},
      {"/dev/null", ErrorCode::kIo, "device"},
      {"ftp://127.0.0.1/a.mp4", ErrorCode::kUnsupported, "rtsp, rtsps, http and https"},
      {"udp://127.0.0.1:9", ErrorCode::kUnsupported, "rtsp, rtsps, http and https"},
      {"http://me:secret@127.0.0.1:1/a.mp4", ErrorCode::kIo, "http://127.0.0.1:1/a.mp4"},
      {"rtsp://me:secret@127.0.0.1:1/a", ErrorCode::kIo, "rtsp://127.0.0.1:1/a"},
  };
  for (const Bad& bad : all) {
    const Error error = error_of(bad.source);
    EXPECT_EQ(error.code, bad.code) << bad.source << ": " << error.message;
    EXPECT_NE(error.message.find(bad.says), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find('\n'), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find("secret"), std::string::npos) << error.message;
    if (bad.source[0] == '/') {
      EXPECT_TRUE(error.message.starts_with(bad.source + ": ")) << error.message;
    }
  }
}

TEST_F(BadVideo, OpensNoOtherFileAndNoAddress) {
  const std::string inner = golden("steady.mp4").string();
  fs::copy_file(golden("steady.mp4"), folder_.path() / "inner.mp4");
  const std::vector<std::pair<std::string, std::string>> lists{
      {"a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + inner + "\n#EXT-X-ENDLIST\n"},
      {"b.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://" + inner + "\n#EXT-X-ENDLIST\n"},
      {"c.mp4", "ffconcat version 1.0\nfile inner.mp4\n"},
      {"d.sdp",
       "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
       "a=rtpmap:96 H264/90000\n"},
      {"e.mpd", "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"\" type=\"static\"/>"},
      {"f.avs", "Version()\n"},
  };
  for (const auto& [name, text] : lists) {
    const Error error = error_of(write(name, text).string());
    EXPECT_EQ(error.code, ErrorCode::kMalformed) << name << ": " << error.message;
    EXPECT_NE(error.message, "no error") << name;
  }
  for (const std::string& source : {"concat:" + inner, "subfile,,start,0,end,0,,:" + inner, "cache:" + inner}) {
    EXPECT_EQ(error_of(source).code, ErrorCode::kNotFound) << source;  // FFmpeg's own protocols are but names
  }
  // A name that looks like a protocol is a name.
  fs::copy_file(golden("steady.mp4"), folder_.path() / "concat:steady.mp4");
  EXPECT_EQ(read_video(folder_.path() / "concat:steady.mp4").frames.size(), 24U);
}

TEST_F(BadVideo, LargerThanTheLimitIsRefusedBeforeAFrameIsMade) {
  VideoOpenOptions options;
  options.max_pixels = 32 * 32 - 1;
  EXPECT_EQ(error_of(golden("steady.mp4").string(), options).code, ErrorCode::kTooLarge);
  options.max_pixels = 32 * 32;
  EXPECT_EQ(read_video(golden("steady.mp4"), options).frames.size(), 24U);
  // The size of the stream header of an AVI file, of which 10 kB are there.
  std::string bytes = slurp(golden("raw.avi"));
  const std::size_t format = bytes.find("strf");
  ASSERT_NE(format, std::string::npos);
  for (const std::size_t at : {format + 12, format + 16}) bytes.replace(at, 4, std::string("\x80\x3e\x00\x00", 4));
  const Error error = error_of(write("large.avi", bytes).string());
  EXPECT_EQ(error.code, ErrorCode::kTooLarge) << error.message;
  EXPECT_NE(error.message.find("16000x16000"), std::string::npos) << error.message;
}

TEST_F(BadVideo, AFrameThatGrowsBeyondTheLimitIsRefused) {
  VideoOpenOptions options;
  options.max_pixels = 40 * 40;
  const std::string bytes = slurp(golden("sizes.h264"));
  const std::size_t second = bytes.find(bytes.substr(0, 5), 5);  // its parameter sets
  ASSERT_NE(second, std::string::npos);
  // So long a first part that the second is not seen before it is there.
  std::string grown;
  for (int i = 0; i < 4000; ++i) grown += bytes.substr(0, second);
  const Read read = read_video(write("grown.h264", grown + bytes.substr(second)), options);
  EXPECT_GE(read.frames.size(), 4000U);
  EXPECT_NE(read.error.find("48x64, more than the limit of 1600 pixels"), std::string::npos) << read.error;
}

TEST_F(BadVideo, WhatAJumpLeftOutIsSaidOnceAndAllFramesAreGiven) {
  const Read read = read_video(golden("jump.ts"));
  EXPECT_EQ(read.frames.size(), 8U);
  EXPECT_NE(read.error.find("something is missing before a frame"), std::string::npos) << read.error;
}

TEST_F(BadVideo, OptionsAreChecked) {
  const std::string file = golden("steady.mp4").string();
  VideoOpenOptions options;
  options.range.start = -1;
  EXPECT_EQ(error_of(file, options).code, ErrorCode::kInvalidArgument);
  options = {};
  options.max_pixels = 0;
  EXPECT_EQ(error_of(file, options).code, ErrorCode::kInvalidArgument);
  options = {};
  options.timeout_seconds = 0;
  EXPECT_EQ(error_of(file, options).code, ErrorCode::kInvalidArgument);
  options = {};
  options.rtsp_transport = "pigeon";
  EXPECT_EQ(error_of(file, options).code, ErrorCode::kInvalidArgument);
}

TEST_F(BadVideo, CutShortGivesItsFramesAndSaysSo) {
  const Read whole = read_video(golden("steady.mp4"));
  for (const char* name : {"steady.mp4", "steady.mkv", "fragments.mp4", "edited.mp4", "odd.avi", "sound.mp4"}) {
    const std::string bytes = slurp(golden(name));
    const std::size_t all = read_video(golden(name)).frames.size();
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 40) {
      const Read read = read_video(write(std::string("cut_") + name, bytes.substr(0, size)));
      if (read.frames.size() == all) continue;  // what is missing is the index, or padding
      EXPECT_NE(read.error, "") << name << " of " << size << " bytes: " << read.frames.size() << " frames";
      EXPECT_LT(read.frames.size(), all);
    }
  }
}

TEST_F(BadVideo, StopsWhenItIsTold) {
  std::atomic<bool> stop = false;
  VideoOpenOptions options;
  options.stop = &stop;
  auto source = open_video(golden("steady.mp4").string(), options).value();
  ASSERT_TRUE(source->next().value());
  stop = true;
  EXPECT_FALSE(source->next().value());
  auto other = open_video(golden("steady.mp4").string()).value();
  ASSERT_TRUE(other->next().value());
  other->interrupt();
  EXPECT_FALSE(other->next().value());
  EXPECT_FALSE(open_video(golden("steady.mp4").string(), options).ok());
}

}  // namespace
}  // namespace poise
