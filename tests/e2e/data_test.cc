// `poise data check` and `poise data pack`, from the command line.

#include <gtest/gtest.h>

#include "kit/figure.h"
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
    const Skeleton coco = find_skeleton("coco17").value();
    Json images = Json::array();
    Json annotations = Json::array();
    for (int i = 0; i < count; ++i) {
      const Size size{320, 240};
      const kit::FigurePicture figure =
          kit::draw_figures({.size = size, .people = 1, .seed = static_cast<std::uint64_t>(i) + 1});
      const std::string name = std::to_string(i) + ".jpg";
      write_image(folder_ / "images" / name, figure.image).value();
      images.push(Json::Object{{"id", i}, {"file_name", name}, {"width", size.width}, {"height", size.height}});
      const Annotation& truth = figure.people.at(0);
      Json joints = Json::array();
      int labelled = 0;
      for (std::size_t j = 0; j < truth.keypoints.size(); ++j) {
        const auto& joint = truth.keypoints[j];
        const bool moved = i == 0 && j == 9 && out > 0;
        joints.push(moved ? static_cast<float>(size.width - 1) + out : joint.point.x);
        joints.push(joint.point.y);
        joints.push(moved ? 2 : static_cast<int>(joint.visibility));
        labelled += joint.visibility == Visibility::kAbsent ? 0 : 1;
      }
      Json box = Json::array();
      for (const float v : {truth.box.x, truth.box.y, truth.box.width, truth.box.height}) box.push(v);
      annotations.push(Json::Object{{"id", i + 1},
                                    {"image_id", i},
                                    {"category_id", 1},
                                    {"iscrowd", 0},
                                    {"bbox", std::move(box)},
                                    {"area", truth.area},
                                    {"num_keypoints", labelled},
                                    {"keypoints", std::move(joints)}});
    }
    Json names = Json::array();
    for (const Joint& joint : coco.joints) names.push(joint.name);
    Json categories = Json::array();
    categories.push(Json::Object{{"id", 1}, {"name", "person"}, {"keypoints", std::move(names)}});
    const Json set = Json::Object{
        {"images", std::move(images)}, {"annotations", std::move(annotations)}, {"categories", std::move(categories)}};
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
  EXPECT_TRUE(contains(outcome.out, "0.jpg, annotation 1: left_wrist, up to 30 px outside")) << outcome.out;
  const Json json = parse_json(read_file(folder_ / "c.json", 1U << 20U).value()).value();
  EXPECT_EQ(json.integer("errors").value(), 1);
  EXPECT_EQ(json.find("counts")->integer("joint outside image").value(), 1);
  EXPECT_EQ(json.find("findings")->as_array().at(0).integer("id").value(), 1);
  EXPECT_EQ(read_image(folder_ / "s.jpg").value().width(), 4 * 288);
}

TEST_F(Data, PacksOnceAndNeverOver) {
  write_set(4, 0);
  const std::vector<std::string> command{"data",      "pack", "set.json", "--images", "images",
                                         "--longest", "96",   "--out",    "packed"};
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "4 persons in 1 shards")) << outcome.err;
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
  const Outcome wrong = run({"data", "pack", "images/0.jpg", "--images", ".", "--out", "packed"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_TRUE(contains(wrong.err, "images/0.jpg")) << wrong.err;
}

}  // namespace
}  // namespace poise
