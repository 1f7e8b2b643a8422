#include "poise/formats/coco_results_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "poise/formats/writers.h"

namespace poise {
namespace {

BytesView view(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

CocoTruth truth() {
  static const std::string text = R"({"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 1}, {"id": 3}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "area": 1,
                     "keypoints": [1, 1, 2, 2, 2, 2]}]})";
  return parse_coco_truth(view(text)).value();
}

std::string entry(int image, const std::string& score, const std::string& members = "", int category = 1) {
  return R"({"image_id": )" + std::to_string(image) + R"(, "category_id": )" + std::to_string(category) +
         R"(, "score": )" + score + R"(, "keypoints": [1, 2, 0.5, 4, 6, 0])" + members + "}";
}

Result<CocoResults> parse(const std::string& entries, const CocoResultsOptions& options = {}) {
  return parse_coco_results(view("[" + entries + "]"), truth(), options);
}

std::string message(const std::string& entries, const CocoResultsOptions& options = {}) {
  const auto results = parse(entries, options);
  EXPECT_FALSE(results.ok()) << entries;
  return results.ok() ? "" : results.error().message;
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(CocoResults, RowsBestFirstWithTheirAreas) {
  const CocoResults r = parse(entry(2, "0.1") + "," + entry(1, "0.2") + "," + entry(1, "0.9")).value();
  EXPECT_EQ(r.index, (std::vector<std::uint64_t>{2, 1, 0}));
  EXPECT_EQ(r.image, (std::vector<int>{0, 0, 1}));
  EXPECT_EQ(r.area, (std::vector<double>{12, 12, 12}));  // 3 x 4, around the joints
  EXPECT_EQ(r.box[0], (std::array<double, 4>{1, 2, 3, 4}));
  EXPECT_EQ(r.keypoints[2], .5);
  EXPECT_EQ(r.in_file, 3U);
}

TEST(CocoResults, TheFirstEntryDecidesWhereAreasComeFrom) {
  const std::string box = R"(, "bbox": [0, 0, 10, 10])";
  EXPECT_EQ(parse(entry(1, "1", box) + "," + entry(1, "1", box))->area, (std::vector<double>{100, 100}));
  EXPECT_EQ(parse(entry(1, "1") + "," + entry(1, "1", box))->area, (std::vector<double>{12, 12}));
  EXPECT_EQ(parse(entry(1, "1", R"(, "bbox": [])"))->area, (std::vector<double>{12}));
  EXPECT_TRUE(says(message(entry(1, "1", box) + "," + entry(1, "1")), "results[1] has no bbox, but the first entry"));
}

TEST(CocoResults, OnlyTheBestOfAnImageAreKept) {
  CocoResultsOptions two;
  two.max_per_image = 2;
  std::string entries;
  for (const char* score : {"0.5", "0.5", "0.7", "0.5", "0.1"}) entries += entry(1, score) + ",";
  const CocoResults r = parse(entries + entry(1, "0.2", "", 3), two).value();
  EXPECT_EQ(r.index, (std::vector<std::uint64_t>{2, 0, 5}));  // of equal scores the earlier; categories apart
  EXPECT_EQ(r.beyond_max, 3U);
  two.max_per_image = 0;
  EXPECT_EQ(parse(entries + entry(1, "0.2", "", 3), two)->size(), 6U);
}

TEST(CocoResults, WhatIsLeftOutIsCounted) {
  CocoResultsOptions options;
  options.drop_unseen = true;
  const std::string unseen = R"({"image_id": 1, "category_id": 1, "score": 1, "keypoints": [1, 2, 0, 4, 6, 0]})";
  const CocoResults r = parse(unseen + "," + entry(1, "1") + "," + entry(1, "1", "", 77), options).value();
  EXPECT_EQ(r.size(), 1U);
  EXPECT_EQ(r.unseen, 1U);
  EXPECT_EQ(r.unknown_category, 1U);
  EXPECT_EQ(parse("").value().size(), 0U);
}

TEST(CocoResults, ThreadsChangeNothing) {
  std::string entries;
  for (int i = 0; i < 20'000; ++i) entries += entry(1 + i % 2, std::to_string(i % 7)) + ",";
  entries.pop_back();
  CocoResultsOptions options;
  options.threads = 1;
  const CocoResults one = parse(entries, options).value();
  options.threads = 5;
  const CocoResults five = parse(entries, options).value();
  EXPECT_EQ(one.index, five.index);
  EXPECT_EQ(one.keypoints, five.keypoints);
  EXPECT_EQ(one.in_file, 20'000U);
}

TEST(CocoResults, FaultsAreNamed) {
  const std::string good = entry(1, "1") + ",";
  EXPECT_TRUE(says(message(good + entry(9, "1")), "results[1].image_id 9 is no image of the truth"));
  EXPECT_TRUE(says(message(good + entry(1, "NaN")), "results[1] (byte "));
  EXPECT_TRUE(says(message(good + entry(1, "NaN")), "is not valid JSON: NaN is no number"));
  EXPECT_TRUE(says(message(good + entry(1, "-Infinity")), "-Infinity is no number"));
  EXPECT_FALSE(message(good + entry(1, "1e999")).empty());
  EXPECT_TRUE(says(message(entry(1, "\"1\"")), "results[0].score must be a finite number"));
  EXPECT_TRUE(
      says(message(R"({"category_id": 1, "score": 1, "keypoints": [1,1,1,1,1,1]})"), "results[0].image_id is missing"));
  EXPECT_TRUE(says(message(R"({"image_id": 1, "category_id": 1, "score": 1, "keypoints": [1, 2, 3]})"),
                   "results[0] has 1 joint, it must have 2"));
  EXPECT_TRUE(says(message(R"({"image_id": 1, "category_id": 1, "score": 1})"), "results[0].keypoints is missing"));
  EXPECT_TRUE(says(message(R"({"image_id": 1, "category_id": 1, "score": 1, "segmentation": {}})"), "segmentation"));
  EXPECT_TRUE(says(message(good + R"({"image_id": 1, "category_id")"), "not valid JSON"));
  EXPECT_TRUE(says(message(good + "5"), "results[1] must be an object"));
  CocoResultsOptions boxes;
  boxes.part = CocoPart::kNone;
  EXPECT_TRUE(says(message(entry(1, "1"), boxes), "results[0].bbox is missing"));
  EXPECT_TRUE(says(parse_coco_results(view("{}"), truth()).error().message, "swapped"));
  EXPECT_TRUE(says(parse_coco_results(view("[" + entry(1, "1")), truth()).error().message, "truncated"));
  EXPECT_EQ(read_coco_results("/nonexistent.json", truth()).error().code, ErrorCode::kNotFound);
}

TEST(CocoResults, TheFirstFaultIsTheOneNamed) {
  // A fault in an early batch, a truncation after it.
  std::string text = "[" + entry(9, "1");
  for (int i = 0; i < 30'000; ++i) text += "," + entry(1, "1");
  EXPECT_TRUE(says(parse_coco_results(view(text), truth()).error().message, "results[0].image_id 9"));
}

TEST(CocoResults, PartScoresFallBackOnTheScore) {
  const std::string truth_text = R"({"images": [{"id": 1}], "categories": [{"id": 1}], "annotations": [
    {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "area": 1, "foot_kpts": [1, 1, 2]}]})";
  const CocoTruth feet = parse_coco_truth(view(truth_text), CocoPart::kFoot).value();
  CocoResultsOptions options;
  options.part = CocoPart::kFoot;
  const std::string body = R"({"image_id": 1, "category_id": 1, "score": 0.25, "keypoints": [0, 0, 1, 2, 3, 1],
                             "foot_kpts": [7, 8, 9])";
  const auto r =
      parse_coco_results(view("[" + body + "}," + body + R"(, "foot_score": 0.75}])"), feet, options).value();
  EXPECT_EQ(r.score, (std::vector<double>{.75, .25}));
  EXPECT_EQ(r.keypoints, (std::vector<double>{7, 8, 9, 7, 8, 9}));
  EXPECT_EQ(r.area, (std::vector<double>{6, 6}));  // of the body's joints, as xtcocotools has it
}

TEST(CocoResults, WhatWasFoundIsAsIfItHadBeenWrittenAndRead) {
  std::vector<FrameResult> frames(2);
  Json written = Json::array();
  float value = 0.1F;
  for (std::size_t i = 0; i < 2; ++i) {
    frames[i].source = "a.jpg";
    frames[i].image_id = static_cast<std::int64_t>(2 - i);
    for (int p = 0; p < 30; ++p) {
      Pose pose;
      const auto next = [&] { return value = value * 1.37F > 400 ? value * 0.0021F : value * 1.37F; };
      pose.box = {next(), next(), next(), next()};
      pose.score = next();
      for (int j = 0; j < 2; ++j) pose.keypoints.push_back({{next(), next()}, next()});
      frames[i].poses.push_back(pose);
    }
    append_coco_results(frames[i], 0, written);
  }
  const std::string text = written.dump();
  for (const CocoPart part : {CocoPart::kBody, CocoPart::kNone}) {
    CocoResultsOptions options;
    options.part = part;
    const CocoTruth people = parse_coco_truth(view(R"({"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 1}],
      "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "area": 1,
                       "keypoints": [1, 1, 2, 2, 2, 2]}]})"),
                                              part)
                                 .value();
    const CocoResults read = parse_coco_results(view(text), people, options).value();
    const CocoResults direct = coco_results_of(frames, people, options).value();
    EXPECT_EQ(direct.index, read.index);
    EXPECT_EQ(direct.image, read.image);
    EXPECT_EQ(direct.score, read.score);
    EXPECT_EQ(direct.area, read.area);
    EXPECT_EQ(direct.box, read.box);
    EXPECT_EQ(direct.keypoints, read.keypoints);
    EXPECT_EQ(direct.beyond_max, read.beyond_max);
  }
  frames[1].poses[3].keypoints[1].score = std::nanf("");
  EXPECT_FALSE(coco_results_of(frames, truth()).ok());
}

}  // namespace
}  // namespace poise
