// `poise detect`, `poise predict --detector` and `poise eval --detector` as people run them.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "poise/base/random.h"
#include "poise/image/codec.h"
#include "program.h"

namespace poise {
namespace {

const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/";
const std::string kTiny = kGolden + "darknet/tiny.weights";

class Detect : public Program {
 protected:
  void noise(const std::string& name, int width = 80, int height = 60, std::uint64_t seed = 1) const {
    Image image(width, height);
    Random random(seed);
    for (int y = 0; y < height; ++y)
      std::generate_n(image.row(y), width * 3, [&] { return static_cast<std::uint8_t>(random.below(256)); });
    fs::create_directories((folder_ / name).parent_path());
    ASSERT_TRUE(write_image(folder_ / name, image).ok());
  }
  Outcome poise(const Strings& words) const { return run(words); }
};

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}
TEST_F(Detect, BoxesGoFromDetectToPredictAndEval) {
  for (int i = 1; i <= 5; ++i) noise("in/shot" + std::to_string(i) + ".png", 80 + i, 60, static_cast<std::uint64_t>(i));
  const Outcome found =
      poise({"detect", "in", "--detector", kTiny, "--detect-threshold", "0.1", "--out", "boxes.json", "--json", "-"});
  ASSERT_EQ(found.code, 0) << found.err;
  const Json summary = parse_json(found.out).value();
  EXPECT_EQ(summary.integer("pictures").value(), 5);
  const Json boxes = json("boxes.json");
  ASSERT_FALSE(boxes.as_array().empty()) << "weights at random find something at such a threshold";
  EXPECT_EQ(static_cast<std::int64_t>(boxes.as_array().size()), summary.integer("persons").value());
  for (const Json& entry : boxes.as_array()) {
    EXPECT_EQ(entry.integer("category_id").value(), 1);
    EXPECT_EQ(entry.string("file_name").value(),
              "in/shot" + std::to_string(entry.integer("image_id").value()) + ".png");
    EXPECT_GT(entry.number("score").value(), 0.1);
  }

  const Outcome with_file = poise({"predict", "in", "--boxes", "boxes.json", "--out", "a", "--no-image"});
  const Outcome at_once =
      poise({"predict", "in", "--detector", kTiny, "--detect-threshold", "0.1", "--out", "b", "--no-image"});
  ASSERT_EQ(with_file.code, 0) << with_file.err;
  ASSERT_EQ(at_once.code, 0) << at_once.err;
  EXPECT_TRUE(contains(at_once.out, "ms a person")) << at_once.out;
  for (int i = 1; i <= 5; ++i) {
    const std::string name = "/in/shot" + std::to_string(i) + ".poses.json";
    const Json a = json("a" + name);
    const Json b = json("b" + name);
    EXPECT_EQ(a.find("persons")->dump(), b.find("persons")->dump()) << i;
    EXPECT_EQ(b.string("box_source").value(), "tiny.weights");
    EXPECT_EQ(b.find("settings")->find("detector")->string("family").value(), "yolov3");
  }

  write("truth.json", R"({"images": [{"id": 7, "file_name": "shot1.png", "width": 81, "height": 60}],
    "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 1, 70, 50], "area": 3500, "iscrowd": 0},
                    {"id": 2, "image_id": 7, "category_id": 9, "bbox": [5, 5, 9, 9], "area": 81, "iscrowd": 0}],
    "categories": [{"id": 3, "name": "person"}, {"id": 9, "name": "dog"}]})");
  const Outcome measured =
      poise({"eval", "--detector", kTiny, "--annotations", "truth.json", "--images", "in", "--json", "-"});
  ASSERT_EQ(measured.code, 0) << measured.err;
  const Json figures = parse_json(measured.out).value();
  EXPECT_EQ(figures.integer("persons").value(), 1) << "the dog is nobody";
  EXPECT_NEAR(figures.number("threshold").value(), 0.4, 1e-6);
  for (const char* name : {"AP", "AP50", "recall", "precision"}) EXPECT_TRUE(figures.number(name).ok()) << name;
}

TEST_F(Detect, DoublesGoUnlessTheyAreWanted) {
  noise("a.png");
  write("boxes.json", R"([{"file_name": "a.png", "bbox": [10, 10, 50, 40], "score": 0.9},
                          {"file_name": "a.png", "bbox": [10, 10, 50, 40], "score": 0.8},
                          {"file_name": "a.png", "bbox": [10, 10, 50, 40], "score": 0.1}])");
  const auto persons = [&](const Strings& more) {
    Strings words{"predict", "a.png", "--boxes", "boxes.json", "--no-image", "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = poise(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return json("poise-out/a.poses.json").find("persons")->as_array().size();
  };
  EXPECT_EQ(persons({}), 1U);
  EXPECT_EQ(persons({"--pose-nms", "none"}), 3U);
  EXPECT_EQ(persons({"--pose-nms", "none", "--detect-threshold", "0.5"}), 2U);
  EXPECT_LE(persons({"--pose-nms", "parametric"}), 1U);
}

TEST_F(Detect, WhatIsWrongIsSaidInOneLine) {
  noise("a.png");
  noise("ten.png", 10, 10);
  write("dogs.card.json", R"({"classes": ["cat", "dog", "horse", "cow"]})");
  const auto fails = [&](Strings words, const std::string& part, int code = 1) {
    const Outcome outcome = poise(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(lines(outcome.err), 1U) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, part)) << outcome.err;
  };
  fs::copy_file(kTiny, folder_ / "dogs.weights");
  fs::copy_file(kGolden + "darknet/tiny.cfg", folder_ / "dogs.cfg", fs::copy_options::overwrite_existing);
  fails({"predict", "a.png", "--detector", "dogs.weights"}, "does not look for people");
  fails({"predict", "a.png", "--detector", "nobody.onnx"}, "nobody.onnx");
  fails({"predict", "a.png", "--detector", kTiny, "--boxes", "b.json"}, "leave out --detector", 2);
  fails({"predict", "a.png", "--detector", "none", "--detect-threshold", "0.5"}, "no detector to set", 2);
  fails({"predict", "a.png", "--detector", "poise-small"}, "--model");
  fails({"predict", "a.png", "--model", kTiny}, "--detector");
  fails({"predict", "a.png", "--model", "poise-person"}, "--detector");
  fails({"detect", "a.png", "--detector", "none", "--out", "b.json"}, "finds nobody", 2);
  fails({"eval", "--detector", kTiny, "--boxes", "b.json", "--annotations", "t.json", "--images", "."},
        "leave out --detector", 2);
  fails({"predict", "a.png", "--boxes", "b.json", "--nms", "0.3"}, "no detector to set", 2);
  const std::string bare = POISE_SOURCE_DIR "/tests/golden/pytorch_tiny/pose_resnet_tiny.onnx";
  fails({"predict", "a.png", "--detector", bare}, "give --detector-preset (");
  fails({"predict", "a.png", "--model", bare}, "give --preset (");
  fails({"predict", "a.png", "--detector-preset", "yolox"}, "with --detector", 2);
  fails({"predict", "a.png", "--detector", "poise-person", "--detector-preset", "yolox"}, "without a card");
  fs::create_directories(folder_ / "taken");
  fails({"detect", "a.png", "--detector", kTiny, "--out", "taken"}, "is a folder");
  noise("two/a.png");
  noise("two/b.png");
  fs::copy_file(kTiny, folder_ / "few.weights");
  fs::copy_file(kGolden + "darknet/tiny.cfg", folder_ / "few.cfg");
  write("few.names", "person\ndog\n");
  fails({"detect", "two", "--detector", "few.weights", "--out", "b.json"}, ".names");
  std::string bytes = slurp(kTiny);
  write("short.weights", bytes.substr(0, bytes.size() - 4));
  write("long.weights", bytes + "more");
  for (const char* name : {"short", "long"})
    fs::copy_file(kGolden + "darknet/tiny.cfg", folder_ / (std::string(name) + ".cfg"));
  fails({"predict", "a.png", "--detector", "short.weights"}, "ends too early");
  fails({"predict", "a.png", "--detector", "long.weights"}, "bytes after");
  write("wrong.json", R"([{"image_id": 99, "bbox": [1, 1, 5, 5], "score": 0.9}])");
  fails({"predict", "a.png", "--boxes", "wrong.json"}, "none of the pictures");
  write("truth.json", R"({"images": [{"id": 7, "file_name": "a.png"}], "annotations": [], "categories":
    [{"id": 1, "name": "person", "keypoints": ["nose"]}]})");
  const Outcome eval = poise({"eval", "--annotations", "truth.json", "--images", ".", "--boxes", "wrong.json"});
  EXPECT_EQ(eval.code, 1);
  EXPECT_EQ(lines(eval.err), 1U) << eval.err;

  const Outcome ten = poise({"predict", "ten.png", "--detector", kTiny, "--detect-threshold", "0.05"});
  EXPECT_EQ(ten.code, 0) << ten.err;
  EXPECT_TRUE(exists("poise-out/ten.poses.jpg"));
}

TEST_F(Detect, PicturesThatCannotBeReadAreNamedAndTheOthersDone) {
  noise("in/a.png");
  write("in/b.png", "no picture");
  noise("in/c.png");
  const Outcome outcome = poise({"detect", "in", "--detector", kTiny, "--out", "boxes.json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "in/b.png")) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "of 2 pictures")) << outcome.out;
  EXPECT_TRUE(exists("boxes.json"));
}

/// a.jpg beside a.png: the file of boxes has each picture's own name.
TEST_F(Detect, PicturesOfOneStemKeepTheirNames) {
  noise("in/a.png", 90, 60, 1);
  noise("in/a.jpg", 80, 60, 2);
  ASSERT_EQ(poise({"detect", "in", "--detector", kTiny, "--detect-threshold", "0.05", "--out", "boxes.json"}).code, 0);
  std::map<std::string, std::size_t> found;
  const Json boxes = json("boxes.json");
  for (const Json& entry : boxes.as_array()) found[entry.string("file_name").value()] += 1;
  ASSERT_EQ(found.size(), 2U);
  ASSERT_EQ(poise({"predict", "in", "--boxes", "boxes.json", "--pose-nms", "none", "--no-image"}).code, 0);
  for (const auto& [name, place] : std::map<std::string, std::string>{{"in/a.jpg", "a"}, {"in/a.png", "a.png"}})
    EXPECT_EQ(json("poise-out/in/" + place + ".poses.json").find("persons")->as_array().size(), found[name]) << name;
}

/// A file that is not whole would say of the pictures it leaves out that nobody is there.
TEST_F(Detect, AnOldFileOfBoxesStaysWhereNoPictureCouldBeRead) {
  write("b.png", "no picture");
  write("boxes.json", "old");
  EXPECT_EQ(poise({"detect", "b.png", "--detector", kTiny, "--out", "boxes.json"}).code, 1);
  EXPECT_EQ(slurp(folder_ / "boxes.json"), "old");
  EXPECT_TRUE(exists("boxes.json.partial"));
}

TEST_F(Detect, NobodyInAFileOfBoxesIsNoError) {
  noise("a.png");
  write("boxes.json", "[]");
  const Outcome outcome = poise({"predict", "a.png", "--boxes", "boxes.json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "nobody")) << outcome.err;
}

TEST_F(Detect, TheShippedDetectorIsTheDefault) {
  noise("a.png");
  fs::create_directories(folder_ / "poise-person");  // a run's folder, not a model
  ASSERT_EQ(poise({"detect", "a.png", "--out", "boxes.json", "--json", "summary.json"}).code, 0);
  EXPECT_EQ(json("summary.json").find("detector")->string("file").value(), "poise-person");
  EXPECT_EQ(poise({"detect", "a.png", "--detector", "poise-person", "--out", "boxes.json"}).code, 0);
  EXPECT_TRUE(contains(poise({"models", "show", "poise-person"}).out, "licence"));
}

/// Two thirds of FastestDet's AP50 and recall on the same pictures; models/README.md has the figures.
TEST_F(Detect, TheShippedDetectorFindsPeopleInPhotographs) {
  const fs::path data = fs::path(POISE_SOURCE_DIR) / "../shared/data/coco-persons";
  if (!fs::exists(data)) GTEST_SKIP() << "../shared (photographs) is not there";
  const Outcome measured =
      poise({"eval", "--detector", "poise-person", "--annotations", (data / "persons.json").string(), "--images",
             (data / "images").string(), "--json", "figures.json"});
  ASSERT_EQ(measured.code, 0) << measured.err;
  const Json figures = json("figures.json");
  EXPECT_GT(figures.number("AP50").value(), 0.295);
  EXPECT_GT(figures.number("recall").value(), 0.217);
  ASSERT_EQ(poise({"detect", (data / "no-person").string(), "--out", "none.json", "--json", "summary.json"}).code, 0);
  EXPECT_LT(json("summary.json").integer("pictures_with_persons").value(), 10);
}

}  // namespace
}  // namespace poise
