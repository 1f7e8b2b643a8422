#include "poise/media/picture_sequence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "kit/temporary_folder.h"
#include "poise/image/codec.h"
#include "poise/media/test_frames.h"

namespace poise {
namespace {

using namespace testing_frames;

class PictureSequenceTest : public ::testing::Test {
 protected:
  /// A picture whose red says which it is.
  void add(const std::string& name, int red, int width = 4) {
    write_image(folder_ / name, plain(width, 3, static_cast<std::uint8_t>(red), 0, 0)).value();
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  std::vector<int> reds(const std::string& source) {
    const auto opened = open_pictures(source);
    if (!opened.ok()) throw Exception(opened.error());
    std::vector<int> found;
    const Read read = read_all(**opened);
    for (const VideoFrame& frame : read.frames) {
      EXPECT_EQ(frame.index, static_cast<std::int64_t>(found.size()));
      found.push_back(frame.image.data()[0]);
    }
    EXPECT_EQ(read.error, "");
    return found;
  }
  const kit::TemporaryFolder folder_;
};

TEST_F(PictureSequenceTest, AFolderIsReadByNumber) {
  add("shot_10.png", 10), add("shot_9.png", 9), add("shot_100.png", 100), add("shot_09b.png", 11);
  std::ofstream(folder_ / "notes.txt") << "no picture";
  EXPECT_EQ(reds(folder_.path().string()), (std::vector{9, 11, 10, 100}));
}

TEST_F(PictureSequenceTest, AGlob) {
  add("a1.png", 1), add("a2.png", 2), add("b3.png", 3);
  EXPECT_EQ(reds(at("a*.png")), (std::vector{1, 2}));
}

TEST_F(PictureSequenceTest, APatternTakesItsDigitsAndGapsToo) {
  add("f_0002.png", 2), add("f_0007.png", 7), add("f_007.png", 70), add("f_00008.png", 80), add("f_12345.png", 123),
      add("f_0001.png", 1), add("g_0001.png", 99);
  EXPECT_EQ(reds(at("f_%04d.png")), (std::vector{1, 2, 7, 123}));
  add("h_2.png", 2), add("h_11.png", 11), add("h_03.png", 3);
  EXPECT_EQ(reds(at("h_%d.png")), (std::vector{2, 11}));
}

TEST_F(PictureSequenceTest, RateSizeAndCountAreSaid) {
  add("1.png", 1), add("2.png", 2, 6);
  const auto source = open_pictures(folder_.path().string(), {.frames_per_second = 12.5}).value();
  EXPECT_EQ(source->info().width, 4);
  EXPECT_EQ(source->info().height, 3);
  EXPECT_EQ(source->info().frames, 2);
  EXPECT_DOUBLE_EQ(source->info().frames_per_second, 12.5);
  const Read read = read_all(*source);
  EXPECT_EQ(read.frames[1].image.width(), 6);  // a size of its own
  EXPECT_DOUBLE_EQ(read.frames[1].seconds, .08);
}

TEST_F(PictureSequenceTest, ABrokenPictureIsNamedAndThoseBeforeItAreGood) {
  add("1.png", 1), add("2.png", 2), add("4.png", 4);
  std::ofstream(folder_ / "3.png") << "no picture";
  const auto source = open_pictures(at("*.png")).value();
  const Read read = read_all(*source);
  EXPECT_EQ(read.frames.size(), 2U);
  EXPECT_NE(read.error.find("3.png"), std::string::npos) << read.error;
}

TEST_F(PictureSequenceTest, UnreadableOnesArePassedOverWhereSomebodyIsTold) {
  add("2.png", 2), add("4.png", 4);
  for (const char* name : {"1.png", "3.png", "notes.txt"}) std::ofstream(folder_ / name) << "no picture";
  std::string told, noted;
  PictureSequenceOptions options;
  options.frames_per_second = 10;
  options.unreadable = [&](const Error& error) { told += error.message + "\n"; };
  options.note = [&](const std::string& line) { noted += line; };
  const auto source = open_pictures(folder_.path().string(), options).value();
  const Read read = read_all(*source);
  EXPECT_EQ(read.error, "");
  ASSERT_EQ(read.frames.size(), 2U);
  EXPECT_EQ(read.frames[0].index, 1);  // their places stay empty
  EXPECT_EQ(read.frames[1].index, 3);
  EXPECT_DOUBLE_EQ(read.frames[1].seconds, .3);
  EXPECT_NE(told.find("1.png: "), std::string::npos) << told;
  EXPECT_NE(told.find("3.png: "), std::string::npos) << told;
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 2);
  EXPECT_EQ(noted, "1 file not read: TXT");

  std::filesystem::remove(folder_ / "2.png"), std::filesystem::remove(folder_ / "4.png");
  const auto none = open_pictures(folder_.path().string(), options);
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("none of its 2 pictures can be read"), std::string::npos) << none.error().message;
}

TEST_F(PictureSequenceTest, WhatIsNotThere) {
  EXPECT_EQ(open_pictures(at("f_%04d.png")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(open_pictures(at("*.png")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(open_pictures(at("none/%d.png")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(open_pictures(folder_.path().string()).error().code, ErrorCode::kNotFound);
  add("1.png", 1);
  EXPECT_EQ(open_pictures(folder_.path().string(), {.frames_per_second = 0}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(PictureSequenceTest, KnowsWhatIsForIt) {
  add("odd%d.png", 1);
  EXPECT_TRUE(names_pictures(folder_.path().string()));
  EXPECT_TRUE(names_pictures(at("f_%06d.jpg")));
  EXPECT_TRUE(names_pictures(at("f_%d.jpg")));
  EXPECT_TRUE(names_pictures(at("*.jpg")));
  EXPECT_FALSE(names_pictures(at("match.mp4")));
  EXPECT_FALSE(names_pictures(at("100%.mp4")));
  EXPECT_FALSE(names_pictures(at("odd%d.png")));  // a file of that name
  EXPECT_FALSE(names_pictures("rtsp://camera/a?b=%d"));
  EXPECT_FALSE(names_pictures("0"));
}

TEST_F(PictureSequenceTest, CanBeInterrupted) {
  add("1.png", 1);
  const auto source = open_pictures(folder_.path().string()).value();
  source->interrupt();
  EXPECT_FALSE(source->next().value());
}

}  // namespace
}  // namespace poise
