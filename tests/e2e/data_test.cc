// `poise data check` and `poise data pack`, from the command line.

#include <gtest/gtest.h>

#include "kit/figure_set.h"
#include "poise/base/json.h"
#include "poise/data/pack.h"
#include "poise/image/codec.h"
#include "program.h"

namespace poise {
namespace {

class Data : public Program {
 protected:
  /// Drawn figures in images/ and their labels in set.json; the first person's left wrist lies `out` pixels outside.
  void write_set(int count, float out) const {
    const Json set =
        kit::write_figure_set(folder_ / "images", {.count = count, .change = [out](std::size_t i, auto& truth) {
                                                     if (i == 0 && out > 0) truth.keypoints.at(9).point.x = 319 + out;
                                                   }});
    write_file_atomic(folder_ / "set.json", std::string_view(set.dump())).value();
  }
};

TEST_F(Data, GoodLabelsPass) {
  write_set(4, 0);
  const Outcome outcome = run({"data", "check", "set.json", "--images", "images"});
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "4 images, 4 persons")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "0 errors, 0 warnings")) << outcome.out;
}

TEST_F(Data, AFaultIsNamedCountedAndDrawn) {
  write_set(4, 30);
  const Outcome outcome =
      run({"data", "check", "set.json", "--images", "images", "--sheet", "s.jpg", "--json", "c.json"});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "000000000001.jpg, annotation 1: left_wrist, up to 30 px outside")) << outcome.out;
  const Json json = parse_json(read_file(folder_ / "c.json", 1U << 20U).value()).value();
  EXPECT_EQ(json.integer("errors").value(), 1);
  EXPECT_EQ(json.find("counts")->integer("joint outside image").value(), 1);
  EXPECT_EQ(json.find("findings")->as_array().at(0).integer("id").value(), 1);
  EXPECT_EQ(read_image(folder_ / "s.jpg").value().width(), 4 * 288);
}

TEST_F(Data, AllFaultsAreToldAtOnce) {
  write_set(3, 0);
  Json set = json("set.json");
  const auto list = [&](const char* name) -> Json::Array { return set.find(name)->as_array(); };
  Json::Array annotations = list("annotations");
  annotations.push_back(Json::Object{{"id", 90}, {"image_id", 1}, {"category_id", 1}, {"bbox", "none"}});
  annotations.push_back(
      Json::Object{{"id", 91}, {"image_id", 77}, {"category_id", 1}, {"bbox", Json::Array{1, 1, 9, 9}}});
  annotations.push_back(
      Json::Object{{"id", 91}, {"image_id", 1}, {"category_id", 1}, {"bbox", Json::Array{1, 1, 9, 9}}});
  Json::Array images = list("images");
  images.push_back(Json::Object{{"id", 50}, {"file_name", "../../etc/passwd"}, {"width", 9}, {"height", 9}});
  images.push_back(Json::Object{{"id", 51}, {"file_name", "absent.png"}, {"width", 9}, {"height", 9}});
  set.set("annotations", annotations);
  set.set("images", images);
  write("set.json", set.dump());
  const Outcome outcome = run({"data", "check", "set.json", "--images", "images"});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  for (const char* part :
       {"annotations[3].bbox", "annotations[5].id 91 is that of an earlier annotation",
        "1 annotation is of images that the file does not list, the first of image 77",
        "\"../../etc/passwd\" lies outside the folder", "absent.png: no such file", "5 errors", "left_wrist"}) {
    EXPECT_TRUE(contains(outcome.out, part)) << part << " in " << outcome.out;
  }
}

TEST_F(Data, IdsThatAreNoNumbersAndIdsOfTwoImagesAreNamed) {
  write_set(3, 0);
  Json set = json("set.json");
  const auto with_ids = [&](const Json& first, const Json& second) {
    Json::Array images = set.find("images")->as_array();
    images[0].set("id", first);
    images[1].set("id", second);
    Json changed = set;
    changed.set("images", images);
    return changed;
  };
  write("texts.json", with_ids("a", "2").dump());
  const Outcome texts = run({"data", "check", "texts.json", "--images", "images"});
  EXPECT_EQ(texts.code, 1) << texts.err;
  EXPECT_TRUE(contains(texts.out, R"(images[0].id must be an integer, it is "a": number images)")) << texts.out;
  EXPECT_TRUE(contains(texts.out, R"(images[1].id must be an integer, it is "2": number images)")) << texts.out;
  write("twice.json", with_ids(1, 1).dump());
  const Outcome twice = run({"data", "check", "twice.json", "--images", "images"});
  EXPECT_EQ(twice.code, 1) << twice.err;
  EXPECT_TRUE(contains(twice.out, R"(the id 1 is that of "000000000001.jpg" and of "000000000002.jpg")")) << twice.out;

  Json::Array annotations = set.find("annotations")->as_array();
  for (Json& one : annotations) one.set("image_id", "x");
  set.set("annotations", annotations);
  write("entries.json", set.dump());
  const std::string said = R"(annotations[0].image_id must be an integer, it is "x": number images)";
  for (const Strings& words : {Strings{"data", "check", "entries.json", "--images", "images"},
                               {"eval", "-a", "entries.json", "-i", "images"},
                               {"metrics", "coco", "entries.json", "entries.json"},
                               {"convert-results", "entries.json", "--to", "csv", "--out", "o.csv"},
                               {"predict", "images", "--boxes", "entries.json"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 1) << words[0];
    EXPECT_TRUE(contains(outcome.out + outcome.err, said)) << words[0] << outcome.out << outcome.err;
  }
}

TEST_F(Data, PacksOnceAndNeverOver) {
  write_set(4, 0);
  const std::vector<std::string> command{"data",      "pack", "set.json", "--images", "images",
                                         "--longest", "96",   "--out",    "packed"};
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "4 persons in 1 shard, ")) << outcome.err;
  const auto set = PackedDataSet::open(folder_ / "packed").value();
  ASSERT_EQ(set->size(), 4U);
  EXPECT_LE(set->get(0).picture.height, 146);
  const Outcome again = run(command);
  EXPECT_EQ(again.code, 1);
  EXPECT_TRUE(contains(again.err, "holds a packed data set already")) << again.err;
}

TEST_F(Data, WrongUseIsSaid) {
  write_set(1, 0);
  EXPECT_EQ(run({"data", "check", "set.json"}).code, 2);  // --images
  EXPECT_EQ(run({"data"}).code, 2);
  const Outcome missing = run({"data", "pack", "set.json", "--images", ".", "--out", "packed"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_TRUE(contains(missing.err, "1 picture is not in .")) << missing.err;
  const Outcome wrong = run({"data", "pack", "images/000000000001.jpg", "--images", ".", "--out", "packed"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_TRUE(contains(wrong.err, "images/000000000001.jpg")) << wrong.err;
}

}  // namespace
}  // namespace poise
