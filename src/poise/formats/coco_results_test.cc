#include <gtest/gtest.h>

#include "poise/formats/writers.h"

namespace poise {
namespace {

FrameResult frame(const std::string& source) {
  FrameResult frame;
  frame.source = source;
  Pose pose;
  pose.keypoints = {{{1.5F, 2}, 0.5F}, {{3, 4.1F}, 0.25F}};
  pose.score = 0.75F;
  pose.box = {1, 2, 3, 4};
  frame.poses = {pose};
  return frame;
}

TEST(CocoResults, AnEntryHasWhatTheEvaluatorReads) {
  FrameResult one = frame("photos/a12.jpg");
  one.image_id = 42;
  Json results = Json::array();
  append_coco_results(one, 1, results);
  EXPECT_EQ(results.dump(),
            parse_json(R"([{"image_id": 42, "category_id": 1, "keypoints": [1.5, 2.0, 0.5, 3.0, 4.1, 0.25],
      "score": 0.75, "bbox": [1.0, 2.0, 3.0, 4.0], "file_name": "photos/a12.jpg"}])")
                .value()
                .dump());
}

TEST(CocoResults, TheIdIsTheBoxesFilesElseTheNamesElseTheCallers) {
  Json results;
  FrameResult known = frame("000000000139.jpg");
  known.image_id = 5;
  append_coco_results(known, 7, results);
  append_coco_results(frame("val/000000000139.jpg"), 8, results);
  append_coco_results(frame("team.jpg"), 9, results);
  ASSERT_EQ(results.as_array().size(), 3U);
  EXPECT_EQ(results.as_array()[0].integer("image_id").value(), 5);
  EXPECT_EQ(results.as_array()[1].integer("image_id").value(), 139);
  EXPECT_EQ(results.as_array()[2].integer("image_id").value(), 9);
}

TEST(CocoResults, NobodyAddsNothing) {
  FrameResult nobody = frame("a.jpg");
  nobody.poses.clear();
  Json results;
  append_coco_results(nobody, 1, results);
  EXPECT_EQ(results.dump(), "[]");
}

TEST(CocoResults, IdsOfPicturesAreDistinct) {
  using Paths = std::vector<std::filesystem::path>;
  using Ids = std::vector<std::int64_t>;
  const ImageIds numbers = image_ids(Paths{"a/7.jpg", "b/x_12.png"});
  EXPECT_EQ(numbers.ids, (Ids{7, 12}));
  EXPECT_EQ(numbers.note, "");
  const ImageIds names = image_ids(Paths{"x.png", "y.png"});
  EXPECT_EQ(names.ids, (Ids{1, 2}));
  EXPECT_EQ(names.note, "");
  const ImageIds mixed = image_ids(Paths{"2.png", "x.png", "y.png"});
  EXPECT_EQ(mixed.ids, (Ids{2, 1, 3}));
  EXPECT_EQ(mixed.note,
            "image_id is the number that ends a picture's name; of 3 pictures 2 have none: free numbers were given, "
            "file_name says of which picture");
  const ImageIds shared = image_ids(Paths{"a/5.png", "b/5.png", "b/1.png", "b/8.png"});
  EXPECT_EQ(shared.ids, (Ids{2, 3, 1, 8}));  // what is one picture's alone stays
  EXPECT_EQ(shared.note,
            "image_id is the number that ends a picture's name; of 4 pictures 2 share their number with others: free "
            "numbers were given, file_name says of which picture");
  const std::vector<std::optional<std::int64_t>> own{std::nullopt, 5, std::nullopt, std::nullopt};
  EXPECT_EQ(image_ids(Paths{"5.png", "x.png", "6.png", "6.jpg"}, own).ids, (Ids{1, 5, 2, 3}));
}

}  // namespace
}  // namespace poise
