#include "poise/metrics/person_pairs.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

Skeleton joints(const std::vector<std::string>& names) { return skeleton_of_joints(names).value(); }

/// A truth or a pose whose box, and whose every joint, lies at x.
Annotation truth_at(float x, std::size_t count = 2) {
  Annotation truth;
  truth.box = {x, 0, 10, 10};
  truth.keypoints.resize(count, {{x, 0}, Visibility::kVisible});
  return truth;
}
Pose pose_at(float x, float score, std::size_t count = 2) {
  Pose pose;
  pose.box = {x, 0, 10, 10};
  pose.score = score;
  pose.keypoints.resize(count, {{x, 0}, 1});
  return pose;
}

PoseSet truths() {
  PoseSet set;
  set.is_truth = true;
  set.skeleton = joints({"nose", "neck"});
  set.images.resize(2);
  set.images[0].id = 5;
  set.images[0].name = "day/a.jpg";
  set.images[1].id = 9;
  set.images[1].name = "day/b.png";
  return set;
}
PoseSet found() {
  PoseSet set;
  set.skeleton = joints({"nose", "neck"});
  return set;
}
PoseSet::Image& add(PoseSet& set, const std::string& name) {
  set.images.emplace_back().name = name;
  return set.images.back();
}

TEST(PersonPairs, JointsMeetByName) {
  PoseSet truth = truths();
  truth.images[0].truths = {truth_at(0)};
  PoseSet predictions;
  predictions.skeleton = joints({"left_eye", "neck"});
  add(predictions, "day/a.jpg").poses = {pose_at(0, 1)};
  const PersonPairs pairs = pair_persons(truth, predictions).value();
  ASSERT_EQ(pairs.joints.size(), 1U);
  EXPECT_EQ(pairs.joints[0].name, "neck");
  EXPECT_EQ(pairs.joints[0].truth, 1U);
  EXPECT_EQ(pairs.joints[0].pose, 1U);
  EXPECT_EQ(pairs.truth_only, std::vector<std::string>{"nose"});
  EXPECT_EQ(pairs.prediction_only, std::vector<std::string>{"left_eye"});
  predictions.skeleton = joints({"left_eye", "left_ear"});
  EXPECT_NE(pair_persons(truth, predictions).error().message.find("no joint of one name"), std::string::npos);
}

TEST(PersonPairs, PicturesMeetByNameOrId) {
  for (const char* name : {"day/a.jpg", "a.jpg", "elsewhere/a.jpg", "a", "a.png"}) {
    PoseSet truth = truths();
    truth.images[0].truths = {truth_at(0)};
    truth.images[1].truths = {truth_at(50)};
    PoseSet predictions = found();
    add(predictions, name).poses = {pose_at(3, 1)};
    const PersonPairs pairs = pair_persons(truth, predictions).value();
    ASSERT_EQ(pairs.persons.size(), 2U);
    ASSERT_TRUE(pairs.persons[0].pose) << name;
    EXPECT_FALSE(pairs.persons[1].pose);
    EXPECT_EQ(pairs.without_prediction, 1U);
    add(predictions, "c.jpg").poses = {pose_at(3, 1)};
    EXPECT_EQ(pair_persons(truth, predictions)->pictures_left_out, 1U);
  }
  PoseSet truth = truths();
  truth.images[1].truths = {truth_at(0)};
  PoseSet predictions = found();
  add(predictions, "").id = 9;
  predictions.images[0].poses = {pose_at(0, 1)};
  EXPECT_TRUE(pair_persons(truth, predictions)->persons[0].pose);
  predictions.images[0].id = 10;
  EXPECT_NE(pair_persons(truth, predictions).error().message.find("image 10"), std::string::npos);
  predictions.images[0].id.reset();
  predictions.images[0].name = "9";
  EXPECT_TRUE(pair_persons(truth, predictions)->persons[0].pose);
  PoseSet other = found();
  add(other, "c.jpg");
  EXPECT_NE(pair_persons(truth, other).error().message.find("no picture"), std::string::npos);
}

TEST(PersonPairs, ANameThatTwoPicturesShareMeetsNeither) {
  PoseSet truth = truths();
  truth.images[1].name = "night/a.jpg";
  truth.images[0].truths = {truth_at(0)};
  truth.images[1].truths = {truth_at(0)};
  PoseSet predictions = found();
  add(predictions, "night/a.jpg").poses = {pose_at(0, 1)};
  add(predictions, "a.jpg").poses = {pose_at(0, 1)};
  const PersonPairs pairs = pair_persons(truth, predictions).value();
  EXPECT_FALSE(pairs.persons[0].pose);
  EXPECT_TRUE(pairs.persons[1].pose);
  EXPECT_EQ(pairs.pictures_left_out, 1U);
  predictions.images[0].name = "pics/night/a.jpg";  // seen from the folder above
  EXPECT_TRUE(pair_persons(truth, predictions)->persons[1].pose);
  predictions.images[0].name = "night/a";  // as OpenPose's files name it
  EXPECT_TRUE(pair_persons(truth, predictions)->persons[1].pose);
  EXPECT_FALSE(pair_persons(truth, predictions)->persons[0].pose);
}

TEST(PersonPairs, OfSeveralTheBestOverlapsMeet) {
  PoseSet truth = truths();
  truth.images[0].truths = {truth_at(0), truth_at(6), truth_at(100)};
  PoseSet predictions = found();
  add(predictions, "day/a.jpg").poses = {pose_at(6, 0.1F), pose_at(5, 0.9F), pose_at(1, 0.5F), pose_at(60, 1)};
  const PersonPairs pairs = pair_persons(truth, predictions).value();
  EXPECT_EQ(pairs.persons[0].pose->box.x, 1);
  EXPECT_EQ(pairs.persons[1].pose->box.x, 6);
  EXPECT_FALSE(pairs.persons[2].pose);
  EXPECT_EQ(pairs.poses_left_out, 2U);
  EXPECT_EQ(pairs.without_prediction, 1U);
}

TEST(PersonPairs, OfEqualOverlapsTheHigherScore) {
  PoseSet truth = truths();
  truth.images[0].truths = {truth_at(0)};
  PoseSet predictions = found();
  add(predictions, "day/a.jpg").poses = {pose_at(0, 0.1F), pose_at(0, 0.9F)};
  EXPECT_EQ(pair_persons(truth, predictions)->persons[0].pose->score, 0.9F);
}

TEST(PersonPairs, CrowdsAreLeftOut) {
  PoseSet truth = truths();
  truth.images[0].truths = {truth_at(0), truth_at(50)};
  truth.images[0].truths[1].crowd = true;
  PoseSet predictions = found();
  add(predictions, "day/a.jpg").poses = {pose_at(0, 1)};
  const PersonPairs pairs = pair_persons(truth, predictions).value();
  EXPECT_EQ(pairs.persons.size(), 1U);
  EXPECT_EQ(pairs.crowds, 1U);
  EXPECT_EQ(pairs.without_prediction, 0U);
}

TEST(PersonPairs, RowsMeetInTheOrderOfIds) {
  PoseSet truth = truths();
  truth.images[0].truths = {truth_at(1), truth_at(2)};
  truth.images[0].truths[0].id = 3;
  truth.images[0].truths[1].id = 1;
  truth.images[1].truths = {truth_at(3)};
  truth.images[1].truths[0].id = 2;
  PoseSet predictions = found();
  predictions.nameless = true;
  for (const float x : {20.0F, 30.0F, 10.0F}) add(predictions, "").poses = {pose_at(x, 1)};
  const PersonPairs pairs = pair_persons(truth, predictions).value();
  for (const PersonPair& pair : pairs.persons) EXPECT_EQ(pair.pose->box.x, 10 * pair.truth.box.x);
  predictions.images.pop_back();
  EXPECT_NE(pair_persons(truth, predictions).error().message.find("3 persons, the predictions 2"), std::string::npos);
}

TEST(PersonPairs, SwappedFilesAreNamed) {
  EXPECT_NE(pair_persons(found(), found()).error().message.find("swapped"), std::string::npos);
  EXPECT_NE(pair_persons(truths(), truths()).error().message.find("swapped"), std::string::npos);
}

}  // namespace
}  // namespace poise
