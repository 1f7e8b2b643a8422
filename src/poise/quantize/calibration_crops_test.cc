#include "poise/quantize/calibration_crops.h"

#include <gtest/gtest.h>

#include "kit/temporary_folder.h"
#include "poise/base/file.h"
#include "poise/crop/crop.h"
#include "poise/image/codec.h"

namespace poise {
namespace {

/// Ten pictures of 40x30 pixels, each of one grey: 20 * i.
class CalibrationCrops : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 10; ++i) {
      Image image(40, 30);
      for (int y = 0; y < 30; ++y) std::fill_n(image.row(y), 40 * 3, static_cast<std::uint8_t>(20 * i));
      from_.pictures.push_back(folder_ / (std::to_string(i + 1) + ".png"));
      write_image(from_.pictures.back(), image).value();
    }
    card_.input.size = {16, 16};
  }
  void write_boxes(int image, const std::string& box) {
    from_.boxes = folder_ / "boxes.json";
    std::string entries;
    for (int i = 0; i < 8; ++i) {
      entries += (i == 0 ? "" : ",") + std::string(R"({"image_id": )") + std::to_string(image) +
                 R"(, "category_id": 1, "score": 1, "bbox": )" + box + "}";
    }
    write_file_atomic(from_.boxes, std::string_view("[" + entries + "]")).value();
  }
  std::string error(std::size_t batch = 2) { return read_calibration_crops(from_, card_, batch).error().message; }

  kit::TemporaryFolder folder_;
  CalibrationPictures from_;
  ModelCard card_;
};

TEST_F(CalibrationCrops, AreSpreadOverAllPicturesInWholeBatches) {
  from_.count = 9;
  std::vector<std::size_t> done;
  const auto batches = read_calibration_crops(from_, card_, 4, [&](std::size_t now, std::size_t total, const auto&) {
                         EXPECT_EQ(total, 8U);
                         done.push_back(now);
                         return true;
                       }).value();
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].shape(), (Shape{4, 3, 16, 16}));
  EXPECT_EQ(done.size(), 8U);
  // Person i of 9 is picture i * 10 / 9 of 10; at the crop's middle lies the picture's grey.
  const auto middle = [&](std::size_t batch, std::size_t i) {
    return batches[batch].floats()[i * 3 * 256 + 8 * 16 + 8];
  };
  EXPECT_FLOAT_EQ(middle(0, 3), 60.0F / 255);
  EXPECT_FLOAT_EQ(middle(1, 3), 140.0F / 255);
}

TEST_F(CalibrationCrops, FollowTheBoxesOfAFile) {
  write_boxes(5, "[8, 6, 20, 20]");
  const auto batches = read_calibration_crops(from_, card_, 2).value();
  ASSERT_EQ(batches.size(), 4U);
  for (const Tensor& batch : batches) EXPECT_FLOAT_EQ(batch.floats()[8 * 16 + 8], 80.0F / 255);
}

TEST_F(CalibrationCrops, WhatIsMissingIsSaid) {
  from_.count = 7;
  EXPECT_EQ(error(), "a count of 7 is too few: 8 people are needed at least");
  from_.count = 128;
  EXPECT_EQ(error(8), "there are 10 people to calibrate on, 16 are needed at least");
  write_boxes(77, "[8, 6, 20, 20]");
  EXPECT_EQ(error(),
            "there are 0 people to calibrate on, 8 are needed at least: do the boxes belong to these pictures?");
  write_boxes(3, "[8, 6, 0, 20]");
  EXPECT_NE(error().find("3.png: box 0"), std::string::npos) << error();
  write_file_atomic(from_.pictures[2], std::string_view("no picture")).value();
  write_boxes(3, "[8, 6, 20, 20]");
  EXPECT_EQ(error().find(from_.pictures[2].string()), 0U) << error();
  from_.boxes.clear();
  const auto stopped = read_calibration_crops(from_, card_, 2, [](auto, auto, const auto&) { return false; });
  EXPECT_EQ(stopped.error().message, "stopped");
}

}  // namespace
}  // namespace poise
