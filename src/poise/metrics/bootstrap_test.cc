#include "poise/metrics/bootstrap.h"

#include <gtest/gtest.h>

#include <string>

namespace poise {
namespace {

BytesView view(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

struct Data {
  CocoTruth truth;
  CocoResults results;
  CocoEvalOptions options;
  CocoEvaluation evaluation;
};

/// One person an image; every second is found.
Data half_found(int images) {
  std::string list, truths, found;
  for (int i = 1; i <= images; ++i) {
    const std::string id = std::to_string(i);
    const std::string comma = i > 1 ? "," : "";
    list += comma + R"({"id": )" + id + "}";
    truths += comma + R"({"id": )" + id + R"(, "image_id": )" + id +
              R"(, "category_id": 1, "area": 2000, "bbox": [0, 0, 9, 9], "keypoints": [5, 5, 2]})";
    if (i % 2 == 0) {
      found += std::string(found.empty() ? "" : ",") + R"({"image_id": )" + id +
               R"(, "category_id": 1, "score": 0.5, "keypoints": [5, 5, 1]})";
    }
  }
  Data data;
  const std::string truth =
      R"({"images": [)" + list + R"(], "categories": [{"id": 1}], "annotations": [)" + truths + "]}";
  const std::string results = "[" + found + "]";
  data.truth = parse_coco_truth(view(truth)).value();
  data.results = parse_coco_results(view(results), data.truth).value();
  data.options.sigmas = {.5};
  data.evaluation = evaluate_coco(data.truth, data.results, data.options).value();
  return data;
}

TEST(Bootstrap, IntervalsAreThoseOfABinomial) {
  const Data data = half_found(100);
  const auto intervals =
      bootstrap_coco(data.truth, data.results, data.evaluation.matches, data.options, {.samples = 2000}).value();
  ASSERT_EQ(intervals.size(), 10U);
  EXPECT_EQ(intervals[5].name, "AR");  // the share found: .5, standard deviation .05
  EXPECT_NEAR(intervals[5].low, .5 - 1.96 * .05, .015);
  EXPECT_NEAR(intervals[5].high, .5 + 1.96 * .05, .015);
  EXPECT_EQ(intervals[9].low, -1.0);  // nobody is large
}

TEST(Bootstrap, SeedDecidesAndThreadsDoNot) {
  const Data data = half_found(30);
  const auto run = [&](std::uint64_t seed, int threads) {
    const auto intervals = bootstrap_coco(data.truth, data.results, data.evaluation.matches, data.options,
                                          {.samples = 50, .seed = seed, .threads = threads});
    return std::pair(intervals->at(5).low, intervals->at(5).high);
  };
  EXPECT_EQ(run(7, 1), run(7, 4));
  EXPECT_NE(run(7, 1), run(8, 1));
}

TEST(Bootstrap, NonsenseIsAnError) {
  const Data data = half_found(2);
  const auto code = [&](BootstrapOptions options) {
    return bootstrap_coco(data.truth, data.results, data.evaluation.matches, data.options, options).error().code;
  };
  EXPECT_EQ(code({.samples = 1}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({.confidence = 1}), ErrorCode::kInvalidArgument);
}

TEST(Bootstrap, QuantilesAreLinearInBetween) {
  EXPECT_EQ(quantile({1, 2, 4}, .5), 2.0);
  EXPECT_EQ(quantile({1, 2, 4}, .75), 3.0);
  EXPECT_EQ(quantile({1, 2, 4}, 0), 1.0);
  EXPECT_EQ(quantile({1, 2, 4}, 1), 4.0);
}

}  // namespace
}  // namespace poise
