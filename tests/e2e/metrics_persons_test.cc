// `poise metrics pck|pdj|pcp|pckh`, `poise convert-results` and `poise eval`, run as a user runs them.

#include <algorithm>

#include "poise/image/codec.h"
#include "program.h"

namespace poise {
namespace {

const std::string kGolden = POISE_SOURCE_DIR "/tests/golden/persons/";
const std::string kTinyModel = POISE_SOURCE_DIR "/tests/golden/pytorch_tiny/pose_resnet_tiny.onnx";
const fs::path kShared = fs::path(POISE_SOURCE_DIR) / "../shared";

class MetricsPersons : public Program {
 protected:
  Json figures(Strings arguments) const {
    arguments.insert(arguments.begin(), "metrics");
    arguments.emplace_back("--json");
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    auto json = parse_json(outcome.out);
    EXPECT_TRUE(json.ok()) << outcome.out;
    return json.ok() ? *json : Json::object();
  }
  void expect_error(const Strings& arguments, const std::string& part) const {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 1) << outcome.out;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(contains(outcome.err, part)) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
};

TEST_F(MetricsPersons, JsonHoldsTheFiguresOfTheReference) {
  const Json golden = parse_json(slurp(kGolden + "figures.json")).value();
  Json all = Json::object();
  for (const char* metric : {"pck", "pdj", "pcp"}) {
    const Json json = figures({metric, kGolden + "joints.mat", kGolden + "found.mat", "--annotation", "observer"});
    EXPECT_EQ(json.string("annotation").value(), "observer-centric");
    for (const auto& [name, value] : json.as_object()) {
      EXPECT_FALSE(value.is_object() || value.is_array()) << name;
      all.set(name, value);
    }
  }
  for (const auto& [name, value] : golden.find("leeds")->as_object()) {
    EXPECT_NEAR(all.number(name).value(), value.as_number(), 1e-9) << name;
  }
  const Json pckh = figures({"pckh", kGolden + "gt_valid.mat", kGolden + "pred.mat"});
  for (const auto& [name, value] : golden.find("pckh")->as_object()) {
    EXPECT_NEAR(pckh.number(name).value(), value.as_number(), 1e-9) << name;
  }
  EXPECT_EQ(pckh.string("annotation").value(), "person-centric");
}

TEST_F(MetricsPersons, TablesNameProtocolAndConvention) {
  const Strings files = {kGolden + "joints.mat", kGolden + "found.mat", "--annotation", "person"};
  const auto table = [&](const char* metric, Strings more) {
    Strings arguments = {"metrics", metric};
    arguments.insert(arguments.end(), files.begin(), files.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  };
  EXPECT_TRUE(contains(table("pck", {"--plots", "out"}),
                       "PCK@0.2, reference: torso (left shoulder to right hip), person-centric"));
  EXPECT_TRUE(read_image(folder_ / "out/PCK.png").ok());
  EXPECT_TRUE(contains(table("pck", {"--reference", "bbox", "--threshold", "0.1"}),
                       "PCK@0.1, reference: box (its longer side), person-centric"));
  EXPECT_TRUE(contains(table("pcp", {}), "note: 1 true stick has no length, which is wrong"));
  EXPECT_TRUE(contains(table("pdj", {"--plots", "out"}), "PDJ@0.2"));
  EXPECT_TRUE(read_image(folder_ / "out/PDJ.png").ok());
}

TEST_F(MetricsPersons, FaultsAreOneLine) {
  expect_error({"metrics", "pck", kGolden + "joints.mat", kGolden + "found.mat"}, "say --annotation");
  expect_error({"metrics", "pck", kGolden + "found.mat", kGolden + "found.mat"}, "swapped");
  expect_error({"metrics", "pck", kGolden + "gt_valid.mat", kGolden + "found.mat"}, "60 persons, the predictions 50");
  expect_error({"metrics", "pckh", kGolden + "joints.mat", kGolden + "found.mat", "--annotation", "person"},
               "head box");
  expect_error({"metrics", "pck", "none.mat", kGolden + "found.mat"}, "none.mat");
  write("other.mat", "no such format");
  expect_error({"metrics", "pck", "other.mat", kGolden + "found.mat"}, "not a .mat file");
  expect_error({"convert-results", "other.mat", "--to", "coco", "--out", "x"}, "not a .mat file");
  EXPECT_EQ(run({"metrics", "pck", "a"}).code, 2);
}

/// The same figures whatever format the predictions were carried in.
TEST_F(MetricsPersons, ConvertedFilesGiveTheSameFigures) {
  const std::string truth = kGolden + "joints.mat";
  const double before =
      figures({"pck", truth, kGolden + "found.mat", "--annotation", "person"}).number("PCK_mean").value();
  ASSERT_EQ(run({"convert-results", truth, "--to", "coco", "--out", "truth.json"}).code, 0);
  const Strings formats = {"coco", "csv", "openpose", "poise"};
  for (const std::string& format : formats) {
    const std::string out = format == "coco" ? "r.json" : format == "csv" ? "r.csv" : "folder-" + format;
    const Outcome converted =
        run({"convert-results", kGolden + "found.mat", "--from", "lsp", "--to", format, "--out", out});
    ASSERT_EQ(converted.code, 0) << converted.err;
    Strings arguments = {"pck", "truth.json", out};
    if (format == "coco" || format == "openpose") arguments.insert(arguments.end(), {"--joints-format", "lsp"});
    EXPECT_NEAR(figures(arguments).number("PCK_mean").value(), before, 1e-9) << format;
  }
}

TEST_F(MetricsPersons, EvalMeasuresWhatItWrites) {
  // Two pictures without anything in them: what is tested is the stream, not the network.
  for (const char* name : {"pics/a.png", "pics/b.png"}) {
    fs::create_directories(folder_ / "pics");
    Image image(64, 80);
    for (int y = 0; y < image.height(); ++y)
      std::fill_n(image.row(y), 3 * image.width(), static_cast<std::uint8_t>(3 * y));
    write_image(folder_ / name, image).value();
  }
  const Outcome info = run({"info", kTinyModel, "--json"});
  ASSERT_EQ(info.code, 0) << info.err;
  std::string annotations;
  for (int i = 1; i <= 2; ++i) {
    std::string keypoints;
    for (int j = 0; j < 17; ++j) keypoints += (j == 0 ? "" : ",") + std::to_string(10 + 2 * j) + ",40,2";
    annotations += std::string(i == 1 ? "" : ",") + R"({"id":)" + std::to_string(i) + R"(,"image_id":)" +
                   std::to_string(i) +
                   R"(,"category_id":1,"bbox":[5,5,50,70],"area":2000,"iscrowd":0,"num_keypoints":17,"keypoints":[)" +
                   keypoints + "]}";
  }
  write("gt.json",
        R"({"images":[{"id":1,"file_name":"a.png","width":64,"height":80},{"id":2,"file_name":"b.png","width":64,
    "height":80}],"categories":[{"id":1,"name":"person"}],"annotations":[)" +
            annotations + "]}");
  const Strings base = {"eval",          "--model", kTinyModel,     "--preset",  "simple-baselines",
                        "--annotations", "gt.json", "--images",     "pics",      "--quiet",
                        "--json",        "--out",   "results.json", "--threads", "1"};
  const Outcome oks = run(base);
  ASSERT_EQ(oks.code, 0) << oks.err;
  const Json measured = parse_json(oks.out).value();
  EXPECT_EQ(measured.string("box_source").value(), "ground truth");
  EXPECT_EQ(measured.integer("boxes").value(), 2);
  EXPECT_GT(measured.number("persons_per_second").value(), 0);
  const Json again = figures({"coco", "gt.json", "results.json"});
  for (const char* name : {"AP", "AP50", "AR"})
    EXPECT_EQ(measured.number(name).value(), again.number(name).value()) << name;
  Strings pck = base;
  pck.insert(pck.end(), {"--metric", "pck", "--threshold", "0.5", "--reference", "bbox"});
  const Outcome outcome = run(pck);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(parse_json(outcome.out)->number("PCK_mean").value(),
            figures({"pck", "gt.json", "results.json", "--threshold", "0.5", "--reference", "bbox"})
                .number("PCK_mean")
                .value());
  fs::remove(folder_ / "pics/b.png");
  expect_error(base, "b.png");
  Strings boxes = base;
  boxes.insert(boxes.end(), {"--boxes", "boxes.json"});
  write("boxes.json", R"([{"image_id": 1, "category_id": 1, "bbox": [5, 5, 50, 70], "score": 0.5}])");
  const Outcome detections = run(boxes);
  ASSERT_EQ(detections.code, 0) << detections.err;
  EXPECT_EQ(parse_json(detections.out)->string("box_source").value(), "detections, boxes.json");
  EXPECT_EQ(parse_json(detections.out)->integer("pictures_without_boxes").value(), 1);
  Strings looking = base;
  looking.insert(looking.end(), {"--detector", POISE_SOURCE_DIR "/tests/golden/darknet/tiny.weights",
                                 "--detect-threshold", "0.05", "--pose-nms", "none"});
  fs::copy(folder_ / "pics/a.png", folder_ / "pics/b.png");
  const Outcome found = run(looking);
  ASSERT_EQ(found.code, 0) << found.err;
  EXPECT_EQ(parse_json(found.out)->string("box_source").value(), "tiny.weights");
  EXPECT_EQ(parse_json(found.out)->string("pose_nms").value(), "none");
}

TEST_F(MetricsPersons, TrainedNetworkOnPhotographs) {
  const fs::path model = kShared / "models/ultralight-simplepose.onnx";
  const fs::path data = kShared / "data/coco-persons";
  if (!fs::exists(model) || !fs::exists(data)) GTEST_SKIP() << "../shared (trained network, photographs) is not there";
  const Outcome outcome =
      run({"eval", "--model", model.string(), "--preset", "gluon", "--annotations", (data / "persons.json").string(),
           "--images", (data / "images").string(), "--quiet", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NEAR(parse_json(outcome.out)->number("AP").value(), .5256, .003);
}

TEST_F(MetricsPersons, PersonsWithoutATorsoAreLeftOutAloud) {
  const fs::path model = kShared / "models/ultralight-simplepose.onnx";
  const fs::path data = kShared / "data/lspet";
  if (!fs::exists(model) || !fs::exists(data)) GTEST_SKIP() << "../shared (trained network, LSPET) is not there";
  const Outcome outcome =
      run({"eval", "--model", model.string(), "--preset", "gluon", "--annotations", (data / "val.json").string(),
           "--images", (data / "images").string(), "--metric", "pck", "--quiet"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "note: 141 of 500 persons left out")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "12 joints matched by name")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "boxes: ground truth")) << outcome.out;
}

}  // namespace
}  // namespace poise
