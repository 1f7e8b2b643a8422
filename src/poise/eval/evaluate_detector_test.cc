#include "poise/eval/evaluate_detector.h"

#include <gtest/gtest.h>

#include "kit/temporary_folder.h"
#include "poise/base/file.h"
#include "poise/image/codec.h"

namespace poise {
namespace {

const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/";

class EvaluateDetector : public testing::Test {
 protected:
  static Image picture(int shift) {
    Image image(90, 50);
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width() * 3; ++x)
        image.row(y)[x] = static_cast<std::uint8_t>((x * 7 + y * 13 + (x * y) % 31 + shift) % 256);
    }
    return image;
  }
  static Detector detector() { return Detector::load(kGolden + "darknet/tiny.weights", {.threshold = 0.05F}).value(); }

  /// The truth of the first picture is what the detector says of it, less its last box; the second is of nobody.
  std::size_t write_truth() const {
    Detector finder = detector();
    for (int i = 0; i < 2; ++i) write_image(folder_ / (std::to_string(i) + ".png"), picture(i)).value();
    const Image first = read_image(folder_ / "0.png").value();
    const auto boxes = finder.detect(first.view()).value();
    Json annotations = Json::array();
    for (std::size_t i = 0; i + 1 < boxes.size(); ++i) {
      const Box& box = boxes[i].box;
      annotations.push(Json::Object{{"id", static_cast<std::int64_t>(i + 1)},
                                    {"image_id", 1},
                                    {"category_id", 5},
                                    {"iscrowd", 0},
                                    {"area", box.area()},
                                    {"bbox", Json::Array{box.x, box.y, box.width, box.height}}});
    }
    Json images = Json::array();
    for (int i = 0; i < 2; ++i)
      images.push(
          Json::Object{{"id", i + 1}, {"file_name", std::to_string(i) + ".png"}, {"width", 90}, {"height", 50}});
    Json categories = Json::array();
    categories.push(Json::Object{{"id", 5}, {"name", "person"}});
    Json set = Json::object();
    set.set("images", std::move(images));
    set.set("annotations", std::move(annotations));
    set.set("categories", std::move(categories));
    write_file_atomic(folder_ / "truth.json", set.dump()).value();
    return boxes.size() - 1;
  }

  const kit::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(EvaluateDetector, CountsWhoIsFoundAndWhoIsNot) {
  const std::size_t truths = write_truth();
  ASSERT_GT(truths, 0U);
  NamedDetector finder{"tiny.weights", detector()};
  const DetectorReport report =
      evaluate_detector(finder, {(folder_ / "truth.json").string(), folder_.string()}).value();
  EXPECT_EQ(report.pictures, 2U);
  EXPECT_EQ(report.right, truths);
  EXPECT_EQ(report.recall, 1.0);
  EXPECT_LT(report.precision, 1.0);  // the box that the truth lacks
  EXPECT_EQ(report.prominent, report.prominent_found);
  EXPECT_EQ(report.empty_pictures, 1U);
  EXPECT_FLOAT_EQ(report.threshold, 0.05F);
  EXPECT_FLOAT_EQ(finder.detector.card().head.threshold, 0.05F);
  const Image second = read_image(folder_ / "1.png").value();
  const auto somebody = finder.detector.detect(second.view()).value();
  EXPECT_EQ(report.empty_with_somebody, somebody.empty() ? 0U : 1U);
  const Json json = to_json(report);
  EXPECT_EQ(json.find("detector")->string("file").value(), "tiny.weights");
  EXPECT_FLOAT_EQ(static_cast<float>(json.find("detector")->number("threshold").value()), 0.05F);
  EXPECT_EQ(json.number("recall").value(), 1.0);
  EXPECT_EQ(json.integer("persons").value(), static_cast<std::int64_t>(truths));
  EXPECT_EQ(json.number("AP50").value(), report.evaluation.figures[1].second);
  const Json results = coco_results_json(report);
  EXPECT_GE(results.as_array().size(), truths);
  for (const Json& entry : results.as_array()) EXPECT_EQ(entry.integer("category_id").value(), 5);
}

TEST_F(EvaluateDetector, WhatIsMissingIsNamed) {
  write_truth();
  NamedDetector finder{"tiny.weights", detector()};
  std::filesystem::remove(folder_ / "1.png");
  const auto missing = evaluate_detector(finder, {(folder_ / "truth.json").string(), folder_.string()});
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("1.png"), std::string::npos) << missing.error().message;
  EXPECT_FALSE(evaluate_detector(finder, {(folder_ / "nowhere.json").string(), folder_.string()}).ok());
}

}  // namespace
}  // namespace poise
