#include "poise/data/box_set.h"

#include <gtest/gtest.h>

#include <string>

namespace poise {
namespace {

const std::string kImages = R"("images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 80},
                                          {"id": 9, "file_name": "b.jpg", "width": 10, "height": 10}])";

Result<BoxSet> parsed(const std::string& text) { return parse_box_set(parse_json(text).value(), "photos"); }

std::string with(const std::string& annotations) {
  return "{" + kImages + R"(, "annotations": [)" + annotations + "]}";
}

TEST(BoxSet, PersonsAndIgnoredBoxesGoToTheirPictures) {
  const BoxSet set = parsed(with(R"({"image_id": 7, "bbox": [1, 2, 30.5, 40], "category_id": 1},
                                    {"image_id": 7, "bbox": [5, 5, 9, 9], "iscrowd": 1},
                                    {"image_id": 7, "bbox": [6, 6, 9, 9], "ignore": 1},
                                    {"image_id": 7, "bbox": [1, 2, 0, 40]}, {"image_id": 7, "bbox": [200, 2, 5, 40]})"))
                         .value();
  ASSERT_EQ(set.size(), 2U);
  EXPECT_EQ(set[0].path, "photos/a.jpg");
  EXPECT_EQ(set[0].picture, (Size{100, 80}));
  ASSERT_EQ(set[0].persons.size(), 1U);
  EXPECT_EQ(set[0].persons[0], (Box{1, 2, 30.5F, 40}));
  EXPECT_EQ(set[0].ignored.size(), 2U);
  EXPECT_TRUE(set[1].persons.empty());
}

TEST(BoxSet, OnlyThePersonCategoryCounts) {
  const std::string tail = R"("annotations": [{"image_id": 7, "bbox": [1, 2, 3, 4], "category_id": 1},
                                              {"image_id": 7, "bbox": [5, 2, 3, 4], "category_id": 3}]})";
  const BoxSet set =
      parsed("{" + kImages + R"(, "categories": [{"id": 3, "name": "person"}, {"id": 1, "name": "dog"}], )" + tail)
          .value();
  ASSERT_EQ(set[0].persons.size(), 1U);
  EXPECT_EQ(set[0].persons[0].x, 5);
  EXPECT_EQ(parsed("{" + kImages + R"(, "categories": [{"id": 1, "name": "dog"}], )" + tail).error().message,
            "no category is named person");
}

TEST(BoxSet, AnErrorNamesTheEntry) {
  const auto message = [](const std::string& text) { return parsed(text).error().message; };
  EXPECT_EQ(message(R"({"annotations": []})"), "\"images\" must be an array");
  EXPECT_EQ(message(R"({"images": [], "annotations": []})"), "it lists no picture");
  EXPECT_EQ(message(with(R"({"image_id": 8, "bbox": [1, 2, 3, 4]})")),
            "annotations[0].image_id is no listed picture's");
  EXPECT_EQ(message(with(R"({"image_id": 7, "bbox": [1, 2, 3]})")), "annotations[0].bbox must be four numbers");
  EXPECT_EQ(message(with(R"({"image_id": 7, "bbox": [1, 2, 3, 1e30]})")),
            "annotations[0].bbox must be four numbers of at most 1048576");
  EXPECT_EQ(message(R"({"images": [{"id": 1, "file_name": "a.jpg", "width": 0, "height": 4}], "annotations": []})"),
            "images[0]: width and height must be 1 to 1048576");
  EXPECT_EQ(message(R"({"images": [{"id": 1, "file_name": "a", "width": 4, "height": 4},
                                   {"id": 1, "file_name": "b", "width": 4, "height": 4}], "annotations": []})"),
            "images[1].id is there twice");
  const auto missing = read_box_set("/nowhere/boxes.json", "photos");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message.rfind("/nowhere/boxes.json", 0), 0U);
}

TEST(BoxSet, EveryNthPictureIsKeptForValidation) {
  BoxSet set(10);
  for (int i = 0; i < 10; ++i) set[static_cast<std::size_t>(i)].picture.width = i;
  const SplitBoxSet split = split_box_set(set, 4);
  ASSERT_EQ(split.val.size(), 2U);
  EXPECT_EQ(split.val[0].picture.width, 3);
  EXPECT_EQ(split.val[1].picture.width, 7);
  EXPECT_EQ(split.train.size(), 8U);
}

}  // namespace
}  // namespace poise
