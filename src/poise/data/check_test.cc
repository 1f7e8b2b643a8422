#include "poise/data/check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "poise/data/test_people.h"

namespace poise {
namespace {

using testing_people::figures;
using testing_people::Folder;

/// Figures in files, nothing wrong with them.
PoseSet good(const Folder& folder, int count) {
  PoseSet set;
  set.is_truth = true;
  set.skeleton = find_skeleton("coco17").value();
  for (int i = 0; i < count; ++i) {
    FigurePicture figure = draw_figures({.size = {320, 240}, .people = 1, .seed = static_cast<std::uint64_t>(i) + 1});
    PoseSet::Image& image = set.images.emplace_back();
    image.name = std::to_string(i) + ".jpg";
    image.width = 320;
    image.height = 240;
    image.truths = std::move(figure.people);
    write_image(folder / image.name, figure.image).value();
  }
  return set;
}

std::size_t count(const CheckReport& report, Fault fault) { return report.counts[static_cast<std::size_t>(fault)]; }

void swap_joints(PoseSet& set, std::size_t image, std::size_t a, std::size_t b) {
  std::swap(set.images[image].truths[0].keypoints[a], set.images[image].truths[0].keypoints[b]);
}

TEST(Check, GoodDataHasNoFaults) {
  const Folder folder;
  const CheckReport report = check_data(good(folder, 30), folder.path());
  EXPECT_EQ(report.images, 30U);
  EXPECT_EQ(report.persons, 30U);
  EXPECT_GT(report.labelled, 300U);
  for (const Finding& finding : report.findings) ADD_FAILURE() << finding.image << ": " << finding.detail;
}

TEST(Check, FindsWhatIsWrongWithPictures) {
  const Folder folder;
  PoseSet set = good(folder, 5);
  std::filesystem::remove(folder / "0.jpg");
  write_file_atomic(folder / "1.jpg", std::string_view("\xFF\xD8\xFF no picture")).value();
  set.images[2].width = 300;
  std::filesystem::copy_file(folder / "3.jpg", folder / "4.jpg", std::filesystem::copy_options::overwrite_existing);
  const CheckReport report = check_data(set, folder.path());
  EXPECT_EQ(count(report, Fault::kMissingImage), 1U);
  EXPECT_EQ(count(report, Fault::kBrokenImage), 1U);
  EXPECT_EQ(count(report, Fault::kOtherSize), 1U);
  EXPECT_EQ(count(report, Fault::kDuplicateImage), 1U);
  EXPECT_EQ(report.errors(), 3U);
  EXPECT_GE(report.warnings(), 1U);
  EXPECT_EQ(report.findings[0].fault, Fault::kMissingImage);
  EXPECT_EQ(report.findings[0].image, 0U);
}

TEST(Check, FindsWhatIsWrongWithPersons) {
  const Folder folder;
  PoseSet set = good(folder, 6);
  auto joint = [&](std::size_t image, std::size_t j) -> Annotation::TrueKeypoint& {
    auto& k = set.images[image].truths[0].keypoints[j];
    k.visibility = Visibility::kVisible;
    return k;
  };
  joint(0, 9).point = {400, 100};
  joint(0, 10).point = {-30, 100};
  joint(1, 9).point = {2, 2};
  set.images[2].truths[0].box = {10, 10, 20, 0};
  set.images[3].truths[0].box.width = 12;
  set.images[3].truths[0].box.height = 20;
  set.images[4].truths.push_back(set.images[4].truths[0]);
  set.images[5].truths[0].box = {1000, 10, 20, 20};
  const CheckReport report = check_data(set, folder.path());
  EXPECT_EQ(count(report, Fault::kJointOutsideImage), 1U);
  EXPECT_EQ(count(report, Fault::kEmptyBox), 2U);
  EXPECT_EQ(count(report, Fault::kTinyBox), 1U);
  EXPECT_EQ(count(report, Fault::kDuplicatePerson), 1U);
  const auto find = [&](Fault fault, std::size_t image) {
    return std::ranges::find_if(report.findings,
                                [&](const Finding& f) { return f.fault == fault && f.image == image; });
  };
  const auto outside = find(Fault::kJointOutsideImage, 0);
  ASSERT_NE(outside, report.findings.end());
  EXPECT_EQ(outside->joints, (std::vector<int>{9, 10}));
  EXPECT_NE(outside->detail.find("left_wrist and 1 more"), std::string::npos);
  EXPECT_NE(find(Fault::kJointOutsideBox, 1), report.findings.end());
}

TEST(Check, FindsExchangedSides) {
  const Folder folder;
  // Legs spread, arms out: a person that no exchange leaves alike.
  PoseSet set = good(folder, 1);
  const std::vector<Point> front = {{100, 20}, {103, 17},  {97, 17},  {107, 19},  {93, 19}, {120, 50},
                                    {80, 50},  {150, 55},  {50, 55},  {180, 50},  {20, 50}, {112, 110},
                                    {88, 110}, {140, 150}, {60, 150}, {150, 180}, {50, 180}};
  Annotation& truth = set.images[0].truths[0];
  for (std::size_t j = 0; j < front.size(); ++j) truth.keypoints[j] = {front[j], Visibility::kVisible};
  EXPECT_TRUE(likely_swaps(truth, set.skeleton).empty());
  for (const std::size_t pair : {7U, 9U, 15U}) {  // elbows, wrists, ankles
    swap_joints(set, 0, pair, pair + 1);
    const auto swaps = likely_swaps(truth, set.skeleton);
    EXPECT_EQ(std::ranges::count(swaps, static_cast<int>(pair)), 1) << pair;
    swap_joints(set, 0, pair, pair + 1);
  }
  // All of the legs: the torso crosses.
  for (const std::size_t pair : {11U, 13U, 15U}) swap_joints(set, 0, pair, pair + 1);
  EXPECT_FALSE(likely_swaps(truth, set.skeleton).empty());
  for (const std::size_t pair : {5U, 7U, 9U}) swap_joints(set, 0, pair, pair + 1);  // seen from behind
  EXPECT_TRUE(likely_swaps(truth, set.skeleton).empty());
}

TEST(Check, AnEmptySetAndWhatIsListedNowhereAreErrors) {
  const Folder folder;
  PoseSet set = good(folder, 2);
  set.unlisted_image = 3;
  set.unlisted_category = 1;
  set.faults = {"annotations[4].bbox must be four finite numbers"};
  CheckReport report = check_data(set, folder.path());
  EXPECT_EQ(count(report, Fault::kUnlistedImage), 4U);
  EXPECT_EQ(count(report, Fault::kWrongEntry), 1U);
  EXPECT_EQ(count(report, Fault::kEmptySet), 0U);
  EXPECT_EQ(report.errors(), 5U);
  EXPECT_EQ(report.findings.size(), 3U);
  EXPECT_EQ(report.findings[0].detail, set.faults[0]);
  for (PoseSet::Image& image : set.images) image.truths.clear();
  report = check_data(set, folder.path());
  EXPECT_EQ(count(report, Fault::kEmptySet), 1U);
  EXPECT_NE(to_json(report, set).dump().find("nobody has a labelled joint"), std::string::npos);
  EXPECT_EQ(check_data(PoseSet{}, folder.path()).errors(), 1U) << "no picture at all";
}

TEST(Check, NumbersFromZeroToOneAreNoPixels) {
  const Folder folder;
  PoseSet set = good(folder, 3);
  const auto shrink = [](Annotation& truth, bool box, bool joints) {
    if (box) truth.box = {truth.box.x / 320, truth.box.y / 240, truth.box.width / 320, truth.box.height / 240};
    for (auto& joint : truth.keypoints) {
      if (joints) joint.point = {joint.point.x / 320, joint.point.y / 240};
    }
  };
  shrink(set.images[0].truths[0], true, true);
  shrink(set.images[1].truths[0], true, false);
  shrink(set.images[2].truths[0], false, true);
  const CheckReport report = check_data(set, folder.path());
  EXPECT_EQ(count(report, Fault::kNormalised), 3U);
  EXPECT_EQ(report.errors(), 3U);
  EXPECT_EQ(report.warnings(), 0U) << "said once, as what it is";
  EXPECT_GT(report.labelled, 30U);
  EXPECT_NE(report.findings[0].detail.find("multiply by the picture's width"), std::string::npos);
  set.images[0].truths[0].box = {};  // a person without a box, and a box of a pixel and a half, are something else
  set.images[1].truths[0].box = {0, 0, 1.5F, 1};
  shrink(set.images[2].truths[0], true, false);
  set.images[2].truths[0].keypoints.assign(17, {});
  EXPECT_EQ(count(check_data(set, folder.path()), Fault::kNormalised), 2U) << "joints of the first, box of the last";
}

TEST(Check, AFileUnderTwoIdsIsFoundWhetherItIsThereOrNot) {
  const Folder folder;
  PoseSet set = good(folder, 3);
  for (std::size_t i = 0; i < 3; ++i) set.images[i].id = static_cast<std::int64_t>(i) + 7;
  set.images[2].name = "0.jpg";
  const auto said = [&] {
    const CheckReport report = check_data(set, folder.path());
    EXPECT_EQ(count(report, Fault::kDuplicateImage), 1U);
    return report.findings.back().detail;
  };
  EXPECT_EQ(said(), "listed twice, as image 7 and 9");
  std::filesystem::remove(folder / "0.jpg");
  EXPECT_EQ(said(), "listed twice, as image 7 and 9");
}

TEST(Check, AMissingFolderIsSaidOnce) {
  const Folder folder;
  const PoseSet set = good(folder, 3);
  const CheckReport report = check_data(set, folder / "elsewhere");
  EXPECT_EQ(count(report, Fault::kMissingImage), 3U);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].detail,
            (folder / "elsewhere").string() + " is no folder: name the one that the pictures lie in");
  EXPECT_EQ(check_data(set, folder / "0.jpg").findings.size(), 1U) << "a file is none";
}

TEST(Check, JointsAreCountedOneByOne) {
  const Folder folder;
  PoseSet set = good(folder, 3);
  for (PoseSet::Image& image : set.images) image.truths[0].keypoints[0].visibility = Visibility::kVisible;
  set.images[1].truths[0].keypoints[0].visibility = Visibility::kOccluded;
  set.images[2].truths[0].keypoints[0].visibility = Visibility::kAbsent;
  const CheckReport report = check_data(set, folder.path());
  ASSERT_EQ(report.joints.size(), 17U);
  EXPECT_EQ(report.joints[0].visible, 1U);
  EXPECT_EQ(report.joints[0].occluded, 1U);
  const Json json = to_json(report, set);
  EXPECT_EQ(json.find("per_joint")->as_array()[0].string("name").value(), "nose");
}

TEST(Check, NothingOutsideTheFolderIsRead) {
  const Folder folder;
  PoseSet set = good(folder, 1);
  set.images[0].name = "../../etc/passwd";
  const CheckReport report = check_data(set, folder.path());
  ASSERT_EQ(count(report, Fault::kMissingImage), 1U);
  EXPECT_NE(report.findings[0].detail.find("outside the folder"), std::string::npos) << report.findings[0].detail;
}

TEST(Check, WithoutDecodingLooksForFilesAlone) {
  const Folder folder;
  const PoseSet set = good(folder, 2);
  write_file_atomic(folder / "1.jpg", std::string_view("no picture")).value();
  EXPECT_EQ(check_data(set, folder.path(), {.decode = false}).findings.size(), 0U);
  EXPECT_EQ(check_data(set, folder.path()).errors(), 1U);
}

TEST(Check, ACrowdIsLookedThroughAndEachDoubleFoundOnce) {
  const Folder folder;
  PoseSet set = good(folder, 1);
  const Annotation one = set.images[0].truths[0];
  std::vector<Annotation>& truths = set.images[0].truths;
  truths.clear();
  constexpr int kPersons = 3000;
  for (int i = 0; i < kPersons; ++i) {
    Annotation& truth = truths.emplace_back(one);
    truth.id = i + 1;
    const auto apart = static_cast<float>(i / 2 * 40);  // in pairs, one behind the other in the file
    truth.box.x += apart;
    for (auto& joint : truth.keypoints) joint.point.x += apart;
  }
  const CheckReport report = check_data(set, folder.path(), {.decode = false});
  EXPECT_EQ(count(report, Fault::kDuplicatePerson), kPersons / 2U);
  truths.assign(kPersons * 4, one);  // all the same person
  const CheckReport same = check_data(set, folder.path(), {.decode = false});
  EXPECT_EQ(count(same, Fault::kDuplicatePerson), kPersons * 4U - 1);
  EXPECT_EQ(same.findings.size(), 10'000U);
  EXPECT_EQ(same.warnings(), kPersons * 4U - 1);
}

}  // namespace
}  // namespace poise
