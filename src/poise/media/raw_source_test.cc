#include "poise/media/raw_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "poise/image/test_pictures.h"
#include "poise/media/test_frames.h"

namespace poise {
namespace {

using namespace testing_frames;

class RawSourceTest : public ::testing::Test {
 protected:
  RawSourceTest() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~RawSourceTest() override {
    close_writer();
    ::close(ends_[0]);
  }
  void write(const std::vector<std::uint8_t>& bytes) {
    ASSERT_EQ(::write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void close_writer() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  /// What comes out of these bytes.
  Read read(const char* format, const std::vector<std::uint8_t>& bytes) {
    write(bytes);
    close_writer();
    const auto source = open_raw(ends_[0], parse_raw_format(format).value()).value();
    return read_all(*source);
  }
  std::array<int, 2> ends_{};
};

std::vector<int> pixel(const VideoFrame& frame, int x, int y) {
  const std::uint8_t* at = frame.image.row(y) + x * 3;
  return {at[0], at[1], at[2]};
}

TEST(RawFormat, IsRead) {
  const RawFormat format = parse_raw_format("1280x720:nv12@29.97").value();
  EXPECT_EQ(format.width, 1280);
  EXPECT_EQ(format.height, 720);
  EXPECT_EQ(format.format, PixelFormat::kNv12);
  EXPECT_DOUBLE_EQ(format.frames_per_second, 29.97);
  EXPECT_DOUBLE_EQ(parse_raw_format("4x2:gray8")->frames_per_second, 30);
  EXPECT_EQ(frame_bytes(parse_raw_format("5x3:yuv420p").value()), 15U + 2 * 6);
}

TEST(RawFormat, WhatIsNoneSaysWhatIs) {
  for (const char* text : {"", "1280", "1280x720", "1280x720:", "1280x720:bgr25@30", "1280x720:bgr24@", "x720:bgr24@30",
                           "1280x720:bgr24@30fps", "1280x720:bgr24 30", "1280x99999999999:bgr24", "-4x4:bgr24@30",
                           "0x4:bgr24@30", "4x4:bgr24@0", "4x4:bgr24@nan", "4x4:bgr24@-1"}) {
    const auto format = parse_raw_format(text);
    ASSERT_FALSE(format.ok()) << text;
    EXPECT_EQ(format.error().code, ErrorCode::kInvalidArgument) << text;
  }
  EXPECT_NE(parse_raw_format("vga").error().message.find("1280x720:bgr24@30"), std::string::npos);
  EXPECT_EQ(parse_raw_format("2000000000x2000000000:gray8@1").error().code, ErrorCode::kTooLarge);
}

TEST_F(RawSourceTest, FramesKeepOrderColourAndTime) {
  const Read got = read("2x1:bgr24@10", {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16});
  EXPECT_EQ(got.error, "");
  ASSERT_EQ(got.frames.size(), 2U);
  EXPECT_EQ(pixel(got.frames[0], 0, 0), (std::vector{3, 2, 1}));
  EXPECT_EQ(pixel(got.frames[1], 1, 0), (std::vector{16, 15, 14}));
  EXPECT_EQ(got.frames[1].index, 1);
  EXPECT_DOUBLE_EQ(got.frames[1].seconds, .1);
}

TEST_F(RawSourceTest, RgbAndGrey) {
  EXPECT_EQ(pixel(read("1x1:rgb24@1", {1, 2, 3}).frames.at(0), 0, 0), (std::vector{1, 2, 3}));
}

TEST_F(RawSourceTest, Grey) {
  EXPECT_EQ(pixel(read("2x1:gray8@1", {7, 9}).frames.at(0), 1, 0), (std::vector{9, 9, 9}));
}

// BT.601: white is (235, 128, 128), black (16, 128, 128), pure red (81, 90, 240).
TEST_F(RawSourceTest, Yuv420pOfOddSides) {
  std::vector<std::uint8_t> bytes{235, 16, 81, 235, 16, 81, 235, 16, 81};
  bytes.insert(bytes.end(), {128, 90, 128, 90});
  bytes.insert(bytes.end(), {128, 240, 128, 240});
  const Read got = read("3x3:yuv420p@1", bytes);
  ASSERT_EQ(got.frames.size(), 1U);
  EXPECT_EQ(pixel(got.frames[0], 0, 0), (std::vector{255, 255, 255}));
  EXPECT_EQ(pixel(got.frames[0], 1, 2), (std::vector{0, 0, 0}));
  const std::vector<int> red = pixel(got.frames[0], 2, 1);
  EXPECT_NEAR(red[0], 255, 2);
  EXPECT_NEAR(red[1], 0, 2);
  EXPECT_NEAR(red[2], 0, 2);
}

TEST_F(RawSourceTest, Nv12) {
  const Read got = read("2x2:nv12@1", {81, 81, 81, 81, 90, 240});
  ASSERT_EQ(got.frames.size(), 1U);
  EXPECT_NEAR(pixel(got.frames[0], 1, 1)[0], 255, 2);
  EXPECT_NEAR(pixel(got.frames[0], 1, 1)[1], 0, 2);
}

TEST_F(RawSourceTest, APartOfAFrameAtTheEndIsAnError) {
  const Read got = read("2x2:gray8@1", {1, 2, 3, 4, 5});
  EXPECT_EQ(got.frames.size(), 1U);
  EXPECT_NE(got.error.find("frame 1: 3 of its 4 bytes are missing"), std::string::npos) << got.error;
}

TEST_F(RawSourceTest, NoBytesAreNoFrames) {
  const Read got = read("2x2:gray8@1", {});
  EXPECT_TRUE(got.frames.empty());
  EXPECT_EQ(got.error, "");
}

TEST_F(RawSourceTest, WaitsForAWriterAndCanBeInterrupted) {
  const auto source = open_raw(ends_[0], parse_raw_format("2x2:gray8@1").value()).value();
  write({1, 2});
  std::thread writer([&] { write({3, 4, 5}); });  // a frame in two pieces, and the beginning of one
  EXPECT_TRUE(source->next().value().has_value());
  writer.join();
  std::thread other([&] { source->interrupt(); });
  EXPECT_FALSE(source->next().value().has_value());
  other.join();
}

TEST(RawSource, AClosedDescriptorIsAnError) {
  const auto source = open_raw(9999, parse_raw_format("2x2:gray8@1").value()).value();
  EXPECT_EQ(source->next().error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace poise
