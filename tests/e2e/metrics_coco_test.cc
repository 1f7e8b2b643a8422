// `poise metrics coco`, run as a user runs it.

#include <algorithm>

#include "poise/image/codec.h"
#include "program.h"

namespace poise {
namespace {

const std::string kGolden = POISE_SOURCE_DIR "/tests/golden/coco/";

class MetricsCoco : public Program {
 protected:
  Outcome coco(Strings arguments) const {
    arguments.insert(arguments.begin(), {"metrics", "coco"});
    return run(arguments);
  }
  /// An error in one line that holds `part`, and nothing on standard output.
  void expect_error(const Strings& arguments, const std::string& part) const {
    const Outcome outcome = coco(arguments);
    EXPECT_EQ(outcome.code, 1) << outcome.out;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(contains(outcome.err, part)) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
};

TEST_F(MetricsCoco, TableAsPeopleKnowIt) {
  const Outcome outcome = coco({kGolden + "truth.json", kGolden + "results.json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(
      contains(outcome.out, " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = 0.143\n"));
  EXPECT_TRUE(
      contains(outcome.out, " Average Recall     (AR) @[ IoU=0.75      | area=   all | maxDets= 20 ] = 0.417\n"));
  EXPECT_TRUE(contains(outcome.out, "variant cocoapi, sigmas coco17 (17), area as annotated"));
  EXPECT_TRUE(contains(outcome.out, "a truth has id 0"));
  EXPECT_TRUE(contains(outcome.out, "detections left out"));
}

TEST_F(MetricsCoco, JsonIsFlatAndWhole) {
  const Outcome printed = coco({kGolden + "truth.json", kGolden + "results.json", "--json", "--per-joint"});
  ASSERT_EQ(printed.code, 0) << printed.err;
  const Json json = parse_json(printed.out).value();
  const auto wanted = parse_json(slurp(kGolden + "figures.json"))->numbers("figures").value();
  std::size_t i = 0;
  for (const char* name : {"AP", "AP50", "AP75", "APm", "APl", "AR", "AR50", "AR75", "ARm", "ARl"}) {
    EXPECT_NEAR(json.number(name).value(), wanted[i++], 1e-12) << name;
  }
  EXPECT_TRUE(json.number("AP_joint_16").ok());
  EXPECT_EQ(json.integer("detections").value(), 43);
  for (const auto& [name, value] : json.as_object()) EXPECT_FALSE(value.is_object() || value.is_array()) << name;
  const Outcome written = coco({kGolden + "truth.json", kGolden + "results.json", "--json", "out.json"});
  EXPECT_TRUE(contains(written.out, "Average Precision"));
  EXPECT_EQ(this->json("out.json").number("AP").value(), json.number("AP").value());
}

TEST_F(MetricsCoco, PlotsAndIntervals) {
  const Outcome outcome = coco({kGolden + "truth.json", kGolden + "results.json", "--plots", "plots", "--bootstrap",
                                "50", "--seed", "3", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* name : {"plots/precision_recall.png", "plots/error_classes.png"}) {
    EXPECT_TRUE(read_image(folder_ / name).ok()) << name;
  }
  const Json json = parse_json(outcome.out).value();
  EXPECT_LE(json.number("AP_low").value(), json.number("AP_high").value());
  EXPECT_TRUE(json.integer("errors_miss").ok());
  EXPECT_EQ(json.integer("bootstrap_seed").value(), 3);
}

TEST_F(MetricsCoco, FaultsAreOneLine) {
  const std::string truth = kGolden + "truth.json";
  const std::string results = kGolden + "results.json";
  write("empty", "");
  write("unknown.json", R"([{"image_id": 123456, "category_id": 1, "score": 1, "keypoints": []}])");
  write("deep.json", std::string(100'000, '['));
  write("nan.json", R"([{"image_id": 1, "category_id": 1, "score": NaN}])");
  write("cut.json", slurp(results).substr(0, 3000));
  expect_error({truth, "empty"}, "empty: not valid JSON: the file is empty");
  expect_error({truth, "unknown.json"}, "123456 is no image of the truth");
  expect_error({truth, "deep.json"}, "nested deeper than 256");
  expect_error({truth, "nan.json"}, "NaN");
  expect_error({truth, "cut.json"}, "truncated");
  expect_error({results, truth}, "swapped");
  expect_error({truth, "none.json"}, "none.json: no such file");
  expect_error({truth, results, "--sigmas", ".1,.2"}, "2 sigmas for 17 joints");
  const Outcome part = coco({truth, results, "--part", "foot"});
  EXPECT_EQ(part.code, 2);
  EXPECT_TRUE(contains(part.err, "--variant xtcocotools")) << part.err;
  EXPECT_EQ(coco({truth}).code, 2);
  EXPECT_EQ(run({"metrics"}).code, 2);
}

TEST_F(MetricsCoco, NoDetectionIsNoError) {
  write("none.json", "[]");
  const Outcome outcome = coco({kGolden + "truth.json", "none.json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "the results hold no detection"));
  EXPECT_TRUE(contains(outcome.out, "= 0.000"));
}

}  // namespace
}  // namespace poise
