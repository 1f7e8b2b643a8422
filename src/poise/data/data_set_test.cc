#include "poise/data/data_set.h"

#include <gtest/gtest.h>

#include "poise/data/sample.h"
#include "poise/data/test_people.h"

namespace poise {
namespace {

using testing_people::figures;
using testing_people::Folder;

constexpr DataSetOptions kNoImages{.check_images = false};

/// A COCO file of one picture, 100x80, and what `annotations` says, about joints a, b, c.
std::filesystem::path file(const Folder& folder, const std::string& annotations,
                           const std::string& names = R"(["nose","left_tip","right_tip"])",
                           const std::string& picture = "1.jpg") {
  const std::string text = R"({"images":[{"id":7,"file_name":")" + picture +
                           R"(","width":100,"height":80}],"annotations":[)" + annotations +
                           R"(],"categories":[{"id":1,"name":"person","keypoints":)" + names + "}]}";
  write_file_atomic(folder / "set.json", std::string_view(text)).value();
  return folder / "set.json";
}

std::string one(int id, const std::string& rest) {
  return R"({"id":)" + std::to_string(id) + R"(,"image_id":7,"category_id":1,)" + rest + "}";
}

TEST(CocoDataSet, FirstPixelIsZero) {
  const Folder folder;
  const auto set =
      coco_data_set(file(folder, one(1, R"("bbox":[0,0,50,60],"area":9,"keypoints":[0,0,2, 99,79,1, 5,5,0])")), "",
                    kNoImages)
          .value();
  const Person person = set->get(0);
  EXPECT_EQ(person.keypoints[0].point, (Point{0, 0}));
  EXPECT_EQ(person.keypoints[0].visibility, Visibility::kVisible);
  EXPECT_EQ(person.keypoints[1].point, (Point{99, 79}));
  EXPECT_EQ(person.keypoints[1].visibility, Visibility::kOccluded);
  EXPECT_EQ(person.keypoints[2].visibility, Visibility::kAbsent);
  EXPECT_EQ(person.weights, (std::vector<float>{1, 1, 0}));  // v of 1 and 2 both count fully
  EXPECT_EQ(person.picture, (Size{100, 80}));
  EXPECT_EQ(person.image_id, 7);
  EXPECT_EQ(person.area, 9);
}

TEST(CocoDataSet, CleansAndSelectsAsTheAuthorsDo) {
  const Folder folder;
  const std::string labelled = R"(,"keypoints":[9,9,2,0,0,0,0,0,0])";
  const auto set =
      coco_data_set(file(folder, one(1, R"("bbox":[-10,20,200,30],"area":5)" + labelled) + "," +
                                     one(2, R"("bbox":[1,1,9,9],"area":5,"iscrowd":1)" + labelled) + "," +
                                     one(3, R"("bbox":[1,1,9,9],"area":0)" + labelled) + "," +
                                     one(4, R"("bbox":[1,1,1,9],"area":5)" + labelled) + "," +
                                     one(5, R"("bbox":[1,1,9,9],"area":5,"keypoints":[0,0,0,0,0,0,0,0,0])") + "," +
                                     R"({"id":6,"image_id":8,"category_id":1,"bbox":[1,1,9,9],"area":5)" + labelled +
                                     "}," + one(8, R"("bbox":[10,20,30,40])" + labelled)),
                    "", kNoImages)
          .value();
  ASSERT_EQ(set->size(), 2U);
  EXPECT_EQ(set->get(0).box, (Box{0, 20, 99, 29}));  // to min(W-1, 0 + 199), 20 + 29
  EXPECT_EQ(set->get(1).box, (Box{10, 20, 29, 39}));
  EXPECT_EQ(set->get(1).area, 29 * 39);  // the file does not say
  EXPECT_EQ(set->left_out().crowd, 1U);
  EXPECT_EQ(set->left_out().empty_box, 2U);
  EXPECT_EQ(set->left_out().no_joints, 1U);
  EXPECT_EQ(set->left_out().unlisted_image, 1U);
  EXPECT_EQ(set->left_out().total(), 5U);
}

TEST(CocoDataSet, TakesAnySkeleton) {
  const Folder folder;
  const auto set =
      coco_data_set(file(folder, one(1, R"("bbox":[1,1,9,9],"area":5,"keypoints":[1,2,2,3,4,2,5,6,2])")), "", kNoImages)
          .value();
  EXPECT_EQ(set->skeleton().joints[1].name, "left_tip");
  EXPECT_EQ(set->skeleton().joints[1].side, Side::kLeft);
  EXPECT_EQ(set->skeleton().flip_index(), (std::vector<int>{0, 2, 1}));
}

TEST(CocoDataSet, SaysWhatIsWrong) {
  const Folder folder;
  const std::string good = one(1, R"("bbox":[1,1,9,9],"area":5,"keypoints":[1,2,2,3,4,2,5,6,2])");
  const auto error = [&](const std::filesystem::path& path, const DataSetOptions& options = {}) {
    const auto set = coco_data_set(path, folder.path(), options);
    return set.ok() ? std::string() : set.error().message;
  };
  EXPECT_NE(error(file(folder, good)).find("1 picture is not in"), std::string::npos);
  EXPECT_NE(error(file(folder, good)).find("1.jpg"), std::string::npos);
  write_image(folder / "1.jpg", Image(100, 80)).value();
  EXPECT_EQ(error(file(folder, good)), "");
  EXPECT_NE(error(file(folder, good, R"(["a","b"])")).find("3 joints"), std::string::npos);
  EXPECT_NE(error(file(folder, good, R"(["a","b","c"])", "../../etc/passwd")).find("outside the folder"),
            std::string::npos);
  EXPECT_NE(error(file(folder, good, R"(["a","b","c"])", "/etc/passwd")).find("outside the folder"), std::string::npos);
  EXPECT_NE(error(file(folder, one(1, R"("bbox":[1,1,9,9],"area":5,"iscrowd":1,"keypoints":[1,2,2])"), R"(["a"])"))
                .find("nobody to learn from"),
            std::string::npos);
  EXPECT_NE(error(file(folder, one(1, R"("bbox":[1,1,9,9])"))).find("set.json"), std::string::npos);
  EXPECT_NE(error(file(folder, one(1, R"("bbox":[1,1,9,9],"area":5,"keypoints":[1e30,2,2])"), R"(["a"])")), "");
  EXPECT_NE(error(folder / "none.json"), "");
}

TEST(CocoDataSet, ReadsLspet) {
  const std::filesystem::path lspet = testing_people::lspet();
  if (!std::filesystem::exists(lspet)) GTEST_SKIP() << "no " << lspet;
  const auto set = coco_data_set(lspet / "train.json", lspet / "images").value();
  EXPECT_EQ(set->size(), 8499U);
  EXPECT_EQ(set->skeleton(), find_skeleton("lsp14").value());
  EXPECT_EQ(set->left_out().total(), 0U);
}

TEST(CocoDataSet, ReadsCocoPersons) {
  const std::filesystem::path coco = POISE_SOURCE_DIR "/../shared/data/coco-persons";
  if (!std::filesystem::exists(coco)) GTEST_SKIP() << "no " << coco;
  const auto set = coco_data_set(coco / "persons.json", coco / "images").value();
  EXPECT_EQ(set->size(), 163U);  // with keypoints, as the README there counts
  EXPECT_EQ(set->skeleton(), find_skeleton("coco17").value());
}

PoseSet mpii_like() {
  PoseSet set;
  set.is_truth = true;
  set.skeleton = find_skeleton("mpii16").value();
  PoseSet::Image image;
  image.name = "a.jpg";
  Annotation truth;
  truth.id = 3;
  truth.keypoints.resize(16);
  truth.keypoints[9] = {{50, 10}, Visibility::kVisible};
  truth.box = {-25, 0, 250, 250};
  truth.area = truth.box.area();
  image.truths.push_back(truth);
  set.images.push_back(std::move(image));
  return set;
}

TEST(PoseDataSet, TakesThePaddingOfMpiiOut) {
  // Their square is the crop itself, 200 s 1.25 wide: after our padding it must be that again, over edges or not.
  const auto set = pose_data_set(mpii_like(), "", {.box_padding = 1.25F, .check_images = false}).value();
  const Person person = set->get(0);
  const Box crop = padded_box(person.box, {.size = {256, 256}, .padding = 1.25F});
  EXPECT_NEAR(crop.x, -25, 1e-3);
  EXPECT_NEAR(crop.width, 250, 1e-3);
  EXPECT_EQ(person.image_id, 1);
  EXPECT_EQ(person.weights[9], 1);
  EXPECT_EQ(person.weights[8], 0);
}

TEST(PoseDataSet, GrowsBoxesThatAreTheJointsExtent) {
  PoseSet set = mpii_like();
  set.images[0].truths[0].box = {100, 100, 50, 80};
  const auto grown = pose_data_set(set, "", {.grow_boxes = 0.1F, .check_images = false}).value();
  const Box box = grown->get(0).box;
  EXPECT_NEAR(box.x, 95, 1e-4);
  EXPECT_NEAR(box.height, 95, 1e-4);  // 96, less the pixel of the authors' cleaning
}

TEST(PoseDataSet, RefusesPredictionsAndOddJoints) {
  PoseSet set = mpii_like();
  set.images[0].truths[0].keypoints.pop_back();
  EXPECT_FALSE(pose_data_set(set, "", kNoImages).ok());
  set = mpii_like();
  set.is_truth = false;
  EXPECT_NE(pose_data_set(set, "", kNoImages).error().message.find("predictions"), std::string::npos);
}

TEST(Mixed, MeetsByNameAndMissingJointsWeighNothing) {
  const Skeleton coco = find_skeleton("coco17").value();
  const auto lsp = pose_data_set(
                       [] {
                         PoseSet set = mpii_like();
                         set.skeleton = find_skeleton("lsp14").value();
                         auto& joints = set.images[0].truths[0].keypoints;
                         joints.assign(14, {{20, 30}, Visibility::kVisible});
                         joints[11] = {{44, 33}, Visibility::kVisible};  // left_wrist
                         return set;
                       }(),
                       "", kNoImages)
                       .value();
  const DataSetPtr both = mixed({figures(2), lsp}, {1, 1}, coco).value();
  ASSERT_EQ(both->size(), 3U);
  EXPECT_EQ(both->skeleton(), coco);
  EXPECT_EQ(both->get(1).id, 2);
  const Person person = both->get(2);
  ASSERT_EQ(person.keypoints.size(), 17U);
  EXPECT_EQ(person.keypoints[9].point, (Point{44, 33}));
  for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(person.weights[j], 0);  // no face in LSP
  for (std::size_t j = 5; j < 17; ++j) EXPECT_EQ(person.weights[j], 1);
}

TEST(Mixed, RefusesWhatCannotMeet) {
  Skeleton other = find_skeleton("coco17").value();
  other.name = "horse";
  for (Joint& joint : other.joints) joint.name += "_of_horse";
  EXPECT_NE(mixed({figures(1)}, {1}, other).error().message.find("matched by name"), std::string::npos);
  const Skeleton coco = find_skeleton("coco17").value();
  EXPECT_FALSE(mixed({figures(1)}, {1, 2}, coco).ok());
  EXPECT_FALSE(mixed({figures(1)}, {0}, coco).ok());
  EXPECT_FALSE(mixed({}, {}, coco).ok());
}

TEST(Subset, KeepsOrder) {
  const DataSetPtr part = subset(figures(4), {3, 1}).value();
  EXPECT_EQ(part->get(0).id, 4);
  EXPECT_EQ(part->get(1).id, 2);
  EXPECT_FALSE(subset(figures(4), {4}).ok());
}

}  // namespace
}  // namespace poise
