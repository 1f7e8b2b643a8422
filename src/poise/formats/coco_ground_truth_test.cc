#include "poise/formats/coco_ground_truth.h"

#include <gtest/gtest.h>

#include <string>

namespace poise {
namespace {

Result<CocoTruth> parse(const std::string& text, CocoPart part = CocoPart::kBody) {
  return parse_coco_truth({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, part);
}

std::string file(const std::string& annotations, const std::string& images = R"({"id": 5}, {"id": 2})") {
  return R"({"info": {}, "annotations": [)" + annotations + R"(], "images": [)" + images +
         R"(], "categories": [{"id": 1, "name": "person", "keypoints": ["a", "b"]}]})";
}

std::string row(const std::string& members, int id = 1) {
  return R"({"id": )" + std::to_string(id) + R"(, "image_id": 5, "category_id": 1, "bbox": [1, 2, 3, 4])" + members +
         "}";
}

std::string message(const std::string& text) {
  const auto truth = parse(text);
  EXPECT_FALSE(truth.ok()) << text;
  return truth.ok() ? "" : truth.error().message;
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(CocoTruth, RowsAsTheFileGivesThem) {
  const CocoTruth truth =
      parse(file(row(R"(, "area": 7.25, "iscrowd": 1, "num_keypoints": 1, "keypoints": [1.5, 2, 2, 0, 0, 0],
                     "segmentation": [[1, 2, 3]])") +
                 "," + row(R"(, "area": 1, "keypoints": [1, 2, 1, 3, 4, 2])", 9)))
          .value();
  ASSERT_EQ(truth.size(), 2U);
  EXPECT_EQ(truth.images[0].id, 2);  // sorted
  EXPECT_EQ(truth.image, (std::vector<int>{1, 1}));
  EXPECT_EQ(truth.joints, 2);
  EXPECT_EQ(truth.area, (std::vector<double>{7.25, 1}));
  EXPECT_EQ(truth.crowd, (std::vector<std::uint8_t>{1, 0}));
  EXPECT_EQ(truth.num_keypoints, (std::vector<int>{1, 2}));  // the second counted
  EXPECT_EQ(truth.keypoints, (std::vector<double>{1.5, 2, 2, 0, 0, 0, 1, 2, 1, 3, 4, 2}));
  EXPECT_EQ(truth.box[0], (std::array<double, 4>{1, 2, 3, 4}));
  EXPECT_EQ(truth.categories[0].keypoints, (std::vector<std::string>{"a", "b"}));
}

TEST(CocoTruth, WhatBelongsNowhereIsLeftOutAndCounted) {
  const CocoTruth truth =
      parse(file(R"({"id": 1, "image_id": 77, "category_id": 1, "bbox": [0, 0, 1, 1], "keypoints": [9, 9, 9, 9, 9, 9]},
                 {"id": 2, "image_id": 5, "category_id": 8, "bbox": [0, 0, 1, 1]},)" +
                     row("", 0) + "," + row(R"(, "area": 3, "keypoints": [1, 2, 2, 3, 4, 2])", 4),
                 R"({"id": 5, "crowdIndex": 0.5}, {"id": 2}, {"id": 5, "file_name": "last.jpg"})"))
          .value();
  EXPECT_EQ(truth.size(), 2U);
  EXPECT_EQ(truth.unknown_image, 1U);
  EXPECT_EQ(truth.unknown_category, 1U);
  EXPECT_EQ(truth.without_keypoints, 1U);
  EXPECT_EQ(truth.without_area, 1U);
  EXPECT_EQ(truth.duplicate_images, 1U);
  EXPECT_TRUE(truth.has_id_zero);
  EXPECT_EQ(truth.images.size(), 2U);
  EXPECT_EQ(truth.images[1].file_name, "last.jpg");  // the last of equal ids, as in Python
  EXPECT_EQ(truth.keypoints, (std::vector<double>{0, 0, 0, 0, 0, 0, 1, 2, 2, 3, 4, 2}));
}

TEST(CocoTruth, PartsOfTheWholeBody) {
  const std::string text = file(row(R"(, "keypoints": [1, 1, 1], "foot_kpts": [2, 2, 2], "face_kpts": [3, 3, 3],
                                    "lefthand_kpts": [4, 4, 4], "righthand_kpts": [5, 5, 5])"));
  EXPECT_EQ(parse(text, CocoPart::kFace)->keypoints, (std::vector<double>{3, 3, 3}));
  EXPECT_EQ(parse(text, CocoPart::kWholeBody)->keypoints,
            (std::vector<double>{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5}));
  EXPECT_EQ(parse(text, CocoPart::kNone)->joints, 0);
}

TEST(CocoTruth, FaultsAreNamed) {
  EXPECT_TRUE(says(message(file(row("") + "," + row(""))), "annotations[1].id 1 is that of an earlier annotation"));
  EXPECT_TRUE(says(message(file(row(R"(, "keypoints": [1, 2])"))), "annotations[0].keypoints must be finite numbers"));
  EXPECT_TRUE(
      says(message(file(row(R"(, "keypoints": [1, 2, 2])") + "," + row(R"(, "keypoints": [1, 2, 2, 3, 4, 2])", 2))),
           "annotations[1] has 2 joints, earlier ones have 1"));
  EXPECT_TRUE(says(message(file(row(R"(, "keypoints": [1, NaN, 2])"))), "is not valid JSON: NaN is no number"));
  EXPECT_TRUE(says(message(file(row(R"(, "area": "big")"))), "annotations[0].area must be a finite number"));
  EXPECT_TRUE(says(message(file(row(R"(, "area": -2)"))), "annotations[0].area is negative"));
  EXPECT_TRUE(says(message(file(row(R"(, "bbox": [1, 2, 3])"))), "annotations[0].bbox must be four"));
  EXPECT_TRUE(says(message(file(row(R"(, "bbox": [1, 2, -3, 4])"))), "negative size"));
  EXPECT_TRUE(says(message(file("7")), "annotations[0] must be an object"));
  EXPECT_TRUE(says(message(file(R"({"id": "x"})")), "annotations[0].id must be an integer"));
  EXPECT_TRUE(says(message(file("", "{}")), "images[0]: member \"id\" is missing"));
  EXPECT_TRUE(says(message("[]"), "swapped"));
  EXPECT_TRUE(says(message("{}"), "lists no images"));
  EXPECT_TRUE(says(message(R"({"images": [{"id": 1}]})"), "lists no categories"));
  EXPECT_EQ(read_coco_truth("/nonexistent.json").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace poise
