#include "poise/infer/picture_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "kit/temporary_folder.h"
#include "poise/base/file.h"
#include "poise/image/codec.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

class Writer : public testing::Test {
 protected:
  static FrameResult frame(const std::string& name) {
    FrameResult frame;
    frame.source = name;
    frame.width = 40;
    frame.height = 30;
    Pose& pose = frame.poses.emplace_back();
    pose.box = {5, 5, 20, 20};
    pose.keypoints.resize(17, {{12, 9}, 0.8F});
    return frame;
  }
  PictureWriter open(PictureWriterOptions options) const {
    options.folder = folder_ / "out";
    return PictureWriter::open(std::move(options), find_skeleton("coco17").value(), {"m.onnx", "abc"}).value();
  }
  const kit::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(Writer, TextAndPictureOfEachPicture) {
  const PictureWriter writer = open({});
  std::vector<fs::path> files;
  ASSERT_TRUE(writer.write("a/b.png", Image(40, 30), frame("a/b.png"), {}, &files).ok());
  ASSERT_EQ(files.size(), 2U);
  for (const fs::path& file : files) EXPECT_TRUE(fs::exists(file)) << file;
  EXPECT_EQ(files[0], folder_ / "out/a/b.poses.json");
  EXPECT_EQ(read_image(files[1]).value().width(), 40);
}

TEST_F(Writer, OneFileARun) {
  PictureWriter writer = open({.format = "coco", .image = false});
  EXPECT_FALSE(writer.is_done("a.png"));
  ASSERT_TRUE(writer.add(frame("a.png")).ok());
  ASSERT_TRUE(writer.add(frame("b.png")).ok());
  ASSERT_TRUE(writer.write("a.png", Image(40, 30), frame("a.png")).ok());
  ASSERT_TRUE(writer.finish().ok());
  const Bytes bytes = read_file(folder_ / "out/results.json", 1 << 20).value();
  const Json json = parse_json(BytesView(bytes)).value();
  ASSERT_EQ(json.as_array().size(), 2U);
  EXPECT_EQ(json.as_array()[1].integer("image_id").value(), 2);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "out"), fs::directory_iterator()), 1);
}

TEST_F(Writer, AFileOfARunThatIsNotWholeHasAnotherName) {
  PictureWriter writer = open({.format = "coco", .image = false});
  ASSERT_TRUE(writer.add(frame("a.png")).ok());
  ASSERT_TRUE(writer.finish(false).ok());
  EXPECT_FALSE(fs::exists(folder_ / "out/results.json"));
  EXPECT_EQ(writer.run_file(false), folder_ / "out/results.json.partial");
  EXPECT_TRUE(fs::exists(writer.run_file(false)));
  EXPECT_EQ(open({}).run_file(), "");
}

TEST_F(Writer, WhatIsListedIsThere) {
  const PictureWriter writer = open({});
  fs::create_directories(folder_ / "out/a.poses.jpg");  // in the way of the picture
  std::vector<fs::path> files;
  EXPECT_FALSE(writer.write("a.png", Image(40, 30), frame("a.png"), {}, &files).ok());
  EXPECT_EQ(files, std::vector{folder_ / "out/a.poses.json"});
  EXPECT_FALSE(writer.is_done("a.png"));
}

TEST_F(Writer, DoneIsWhereAllFilesAreThereAndNoneIsEmpty) {
  const PictureWriter plain = open({});
  const PictureWriter with_heatmaps = open({.heatmaps = true});
  EXPECT_FALSE(plain.is_done("a.png"));
  ASSERT_TRUE(plain.write("a.png", Image(40, 30), frame("a.png")).ok());
  EXPECT_TRUE(plain.is_done("a.png"));
  EXPECT_FALSE(with_heatmaps.is_done("a.png"));
  Estimate::Heatmaps heatmaps;
  heatmaps.maps = Tensor(Shape{17, 4, 3});
  ASSERT_TRUE(with_heatmaps.write("a.png", Image(40, 30), frame("a.png"), std::span(&heatmaps, 1)).ok());
  EXPECT_TRUE(with_heatmaps.is_done("a.png"));
  for (const char* name : {"out/a.heatmaps.npy", "out/a.heatmaps.jpg", "out/a.poses.json", "out/a.poses.jpg"}) {
    fs::rename(folder_ / name, folder_ / "kept");
    std::ofstream(folder_ / name).flush();  // of no bytes
    EXPECT_FALSE(with_heatmaps.is_done("a.png")) << name;
    fs::rename(folder_ / "kept", folder_ / name);
    EXPECT_TRUE(with_heatmaps.is_done("a.png")) << name;
  }
  FrameResult nobody = frame("b.png");
  nobody.poses.clear();
  ASSERT_TRUE(with_heatmaps.write("b.png", Image(40, 30), nobody).ok());
  EXPECT_TRUE(with_heatmaps.is_done("b.png"));  // who has no heatmaps
}

TEST_F(Writer, AFormatOfOnesOwnIsOneFunctionAndOneLine) {
  std::vector<OutputFormat> formats(output_formats().begin(), output_formats().end());
  formats.push_back(
      {"count",
       "how many",
       {.suffix = ".count", .of_picture = [](const FrameResult& frame, const Skeleton&, const Provenance&, float) {
          return std::to_string(frame.poses.size());
        }}});
  const PictureWriter writer = PictureWriter::open({.folder = folder_ / "out", .format = "count", .image = false},
                                                   find_skeleton("coco17").value(), {"m.onnx", "abc"}, formats)
                                   .value();
  ASSERT_TRUE(writer.write("a.png", Image(40, 30), frame("a.png")).ok());
  const Bytes bytes = read_file(folder_ / "out/a.count", 16).value();
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "1");
}

TEST_F(Writer, AStreamTakesTheTextInPlaceOfFiles) {
  for (const std::string format : {"poise", "openpose", "csv", "coco"}) {
    std::string text;
    PictureWriterOptions options{.format = format};
    options.stream = [&text](std::string_view piece) {
      text += piece;
      return Status();
    };
    PictureWriter writer = open(options);
    for (const char* name : {"a.png", "b.png"}) {
      ASSERT_TRUE(writer.add(frame(name)).ok());
      ASSERT_TRUE(writer.write(name, Image(40, 30), frame(name)).ok());
    }
    ASSERT_TRUE(writer.finish().ok());
    EXPECT_FALSE(fs::exists(folder_ / "out")) << format;
    EXPECT_FALSE(writer.is_done("a.png"));
    const auto lines = std::count(text.begin(), text.end(), '\n');
    EXPECT_EQ(lines, format == "csv" ? 1 + 2 * 17 : format == "coco" ? 1 : 2) << format << text;
  }
}

TEST_F(Writer, JointScoresAreWrittenWithinOne) {
  FrameResult high = frame("a.png");
  high.poses[0].keypoints[0].score = 1.25F;
  high.poses[0].keypoints[1].score = -0.5F;
  PictureWriter writer = open({.format = "coco", .image = false});
  ASSERT_TRUE(writer.add(high).ok());
  ASSERT_TRUE(writer.finish().ok());
  const Json json = parse_json(read_file(folder_ / "out/results.json", 1 << 20).value()).value();
  const auto& numbers = json.as_array()[0].find("keypoints")->as_array();
  EXPECT_EQ(numbers[2].as_number(), 1);
  EXPECT_EQ(numbers[5].as_number(), 0);
}

TEST_F(Writer, WhatCannotBeIsSaidBeforeAnyWork) {
  std::ofstream(folder_ / "file") << "x";
  EXPECT_FALSE(PictureWriter::open({.folder = folder_ / "file"}, {}, {}).ok());
  EXPECT_EQ(PictureWriter::open({.folder = folder_ / "out", .format = "xml"}, {}, {}).error().code,
            ErrorCode::kNotFound);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

}  // namespace
}  // namespace poise
