#include "poise/skeleton/skeleton.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace poise {
namespace {

class EverySkeleton : public testing::TestWithParam<std::string> {
 protected:
  Skeleton skeleton_ = find_skeleton(GetParam()).value();
  const Joint& joint(int i) const { return skeleton_.joints.at(static_cast<std::size_t>(i)); }
};

TEST_P(EverySkeleton, FlipIsAnInvolutionThatSwapsSides) {
  EXPECT_EQ(skeleton_.name, GetParam());
  const std::vector<int> flip = skeleton_.flip_index();
  for (int i = 0; i < skeleton_.size(); ++i) {
    const int mirrored = flip.at(static_cast<std::size_t>(i));
    EXPECT_EQ(flip.at(static_cast<std::size_t>(mirrored)), i);
    const std::string& name = joint(i).name;
    if (name.starts_with("face-")) continue;  // COCO-WholeBody's are numbered
    if (joint(i).side == Side::kCentre) {
      EXPECT_EQ(mirrored, i) << name;
      EXPECT_FALSE(name.starts_with("left_") || name.starts_with("right_")) << name;
    } else {
      const bool left = joint(i).side == Side::kLeft;
      const std::string stem = name.substr(left ? 5 : 6);
      EXPECT_EQ(name, (left ? "left_" : "right_") + stem);
      EXPECT_EQ(joint(mirrored).name, (left ? "right_" : "left_") + stem);
      // COCO-WholeBody's own sigmas of left and right feet differ, and so MMPose's.
      if (GetParam() != "wholebody133") {
        EXPECT_EQ(joint(mirrored).sigma, joint(i).sigma) << name;
      }
      EXPECT_EQ(joint(mirrored).weight, joint(i).weight) << name;
    }
  }
}

TEST_P(EverySkeleton, JointsAreUniqueAndLimbsJoinThemIntoOnePerson) {
  std::set<std::string> names;
  for (const Joint& one : skeleton_.joints) EXPECT_TRUE(names.insert(one.name).second) << one.name;
  std::set<int> reached = {0};
  for (int round = 0; round < skeleton_.size(); ++round) {
    for (const Limb& limb : skeleton_.limbs) {
      ASSERT_TRUE(limb.from >= 0 && limb.from < skeleton_.size() && limb.to >= 0 && limb.to < skeleton_.size());
      ASSERT_NE(limb.from, limb.to);
      if (reached.count(limb.from) + reached.count(limb.to) > 0) reached.insert({limb.from, limb.to});
    }
  }
  // Of two sets the literature's limbs leave the head, or the points of the face, to themselves.
  const std::map<std::string, std::size_t> apart{{"blazepose33", 24}, {"wholebody133", 68}};
  const auto alone = apart.find(GetParam());
  EXPECT_EQ(reached.size() + (alone == apart.end() ? 0 : alone->second), skeleton_.joints.size());
}

TEST_P(EverySkeleton, LimbsAreTheSameInAMirror) {
  std::set<std::pair<int, int>> limbs;
  for (const Limb& limb : skeleton_.limbs) limbs.insert(std::minmax(limb.from, limb.to));
  const std::vector<int> flip = skeleton_.flip_index();
  const auto mirrored = [&](int i) { return flip.at(static_cast<std::size_t>(i)); };
  for (const Limb& limb : skeleton_.limbs) {
    const std::pair<int, int> other = std::minmax({mirrored(limb.from), mirrored(limb.to)});
    EXPECT_EQ(limbs.count(other), 1U) << joint(limb.from).name << " - " << joint(limb.to).name;
  }
}

TEST_P(EverySkeleton, DerivationNamesTheSameJoints) {
  if (skeleton_.base.empty()) {
    EXPECT_TRUE(skeleton_.derivations.empty());
    return;
  }
  const Skeleton base = find_skeleton(skeleton_.base).value();
  ASSERT_EQ(skeleton_.derivations.size(), skeleton_.joints.size());
  for (int i = 0; i < skeleton_.size(); ++i) {
    const auto& sources = skeleton_.derivations.at(static_cast<std::size_t>(i)).sources;
    ASSERT_FALSE(sources.empty());
    if (const auto same = base.index_of(joint(i).name)) {
      EXPECT_EQ(sources, std::vector<int>{*same}) << joint(i).name;
      EXPECT_EQ(joint(i).sigma, base.joints.at(static_cast<std::size_t>(*same)).sigma) << joint(i).name;
    } else {
      EXPECT_GT(sources.size(), 1U) << joint(i).name;
      EXPECT_EQ(joint(i).sigma, 0.0F) << joint(i).name;
    }
  }
}

TEST_P(EverySkeleton, JsonRoundTripLosesNothing) {
  const Json json = to_json(skeleton_);
  const Skeleton back = skeleton_from_json(parse_json(json.dump(2)).value()).value();
  EXPECT_EQ(back, skeleton_);
  EXPECT_EQ(to_json(back).dump(), json.dump());
  EXPECT_EQ(back.flip_index(), skeleton_.flip_index());
  for (std::size_t i = 0; i < back.joints.size(); ++i) {
    EXPECT_EQ(back.joints[i].sigma, skeleton_.joints[i].sigma);
    EXPECT_EQ(back.joints[i].weight, skeleton_.joints[i].weight);
    EXPECT_EQ(back.joints[i].side, skeleton_.joints[i].side);
  }
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, EverySkeleton, testing::ValuesIn(skeleton_names()));

TEST(Coco17, ValuesOfTheLiterature) {
  const Skeleton coco = find_skeleton("coco17").value();
  const std::vector<std::pair<const char*, float>> expected = {
      {"nose", .026F},        {"left_eye", .025F},      {"right_eye", .025F},      {"left_ear", .035F},
      {"right_ear", .035F},   {"left_shoulder", .079F}, {"right_shoulder", .079F}, {"left_elbow", .072F},
      {"right_elbow", .072F}, {"left_wrist", .062F},    {"right_wrist", .062F},    {"left_hip", .107F},
      {"right_hip", .107F},   {"left_knee", .087F},     {"right_knee", .087F},     {"left_ankle", .089F},
      {"right_ankle", .089F}};
  ASSERT_EQ(coco.joints.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(coco.joints[i].name, expected[i].first);
    EXPECT_EQ(coco.joints[i].sigma, expected[i].second);
  }
  const std::vector<float> weights = {1, 1, 1, 1, 1, 1, 1, 1.2F, 1.2F, 1.5F, 1.5F, 1, 1, 1.2F, 1.2F, 1.5F, 1.5F};
  for (std::size_t i = 0; i < weights.size(); ++i) EXPECT_EQ(coco.joints[i].weight, weights[i]) << i;
  EXPECT_EQ(coco.limbs.size(), 19U);
  EXPECT_EQ(coco.flip_pairs.size(), 8U);
}

TEST(OpenPose18, NeckIsBetweenTheShoulders) {
  const Skeleton openpose = find_skeleton("openpose18").value();
  EXPECT_EQ(openpose.index_of("neck"), 1);
  EXPECT_EQ(openpose.derivations[1].sources, (std::vector<int>{5, 6}));
  EXPECT_EQ(openpose.size(), 18);
}

TEST(Ailia19, CentresComeLast) {
  const Skeleton ailia = find_skeleton("ailia19").value();
  ASSERT_EQ(ailia.size(), 19);
  EXPECT_EQ(ailia.derivations[17].sources, (std::vector<int>{5, 6}));
  EXPECT_EQ(ailia.derivations[18].sources, (std::vector<int>{5, 6, 11, 12}));
}

TEST(FindSkeleton, ListsTheNames) {
  const auto missing = find_skeleton("coco18");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(
      missing.error().message,
      "no skeleton is called \"coco18\", the built-in ones are coco17, openpose18, ailia19, lsp14, mpii16, openpose25, "
      "halpe26, blazepose33, wholebody133");
}

TEST(SkeletonFromJson, SideFollowsTheNameUnlessGiven) {
  const Skeleton hand = skeleton_from_json(parse_json(R"({"name":"tools","joints":[
      {"name":"l_grip","sigma":0.05},{"name":"right_grip"},{"name":"tip","side":"left","weight":2}],
      "limbs":[["l_grip","tip"]]})")
                                               .value())
                            .value();
  EXPECT_EQ(hand.joints[0].side, Side::kLeft);
  EXPECT_EQ(hand.joints[1].side, Side::kRight);
  EXPECT_EQ(hand.joints[2].side, Side::kLeft);
  EXPECT_EQ(hand.joints[0].sigma, 0.05F);
  EXPECT_EQ(hand.joints[2].weight, 2.0F);
  EXPECT_EQ(hand.limbs.at(0).to, 2);
  EXPECT_EQ(hand.index_of("tap"), std::nullopt);
}

TEST(SkeletonFromJson, ErrorsNameTheMember) {
  const auto message = [](std::string_view text) {
    const auto skeleton = skeleton_from_json(parse_json(text).value());
    return skeleton.ok() ? "accepted" : skeleton.error().message;
  };
  EXPECT_EQ(message("[]"), "a skeleton must be an object, it is an array");
  EXPECT_EQ(message(R"({"joints":[]})"), "member \"name\" is missing, it must be a string");
  EXPECT_EQ(message(R"({"name":"x","joints":[]})"), "member \"joints\" must be an array of one joint or more");
  EXPECT_EQ(message(R"({"name":"x","joints":["a"]})"), "joint 0: member \"name\" is missing, it must be a string");
  EXPECT_EQ(message(R"({"name":"x","joints":[{"name":"a"},{"name":"a"}]})"), "joint 1: a second joint is called \"a\"");
  EXPECT_EQ(message(R"({"name":"x","joints":[{"name":"a","sigma":-1}]})"),
            "joint 0: member \"sigma\" must be a number from 0 on, it is -1");
  EXPECT_EQ(message(R"({"name":"x","joints":[{"name":"a","side":"up"}]})"),
            "joint 0: member \"side\" must be \"left\", \"right\" or \"centre\", it is \"up\"");
  EXPECT_EQ(message(R"({"name":"x","joints":[{"name":"a"}],"limbs":[["a","b"]]})"),
            "member \"limbs\", pair 0: \"b\" is no joint of this skeleton");
  EXPECT_EQ(message(R"({"name":"x","joints":[{"name":"a"}],"limbs":[["a"]]})"),
            "member \"limbs\", pair 0: it must be two joint names");
  EXPECT_EQ(message(R"({"name":"x","joints":[{"name":"a"}],"limbs":[["a","a"]]})"),
            "member \"limbs\", pair 0: it joins \"a\" to itself");
  EXPECT_EQ(
      message(R"({"name":"x","joints":[{"name":"a"},{"name":"b"},{"name":"c"}],"flip_pairs":[["a","b"],["c","a"]]})"),
      "member \"flip_pairs\": \"a\" is in two pairs");
  EXPECT_EQ(message(R"({"name":"x","base":"coco17","joints":[{"name":"a","from":["tail"]}]})"),
            "joint 0: member \"from\": \"tail\" is no joint of coco17");
  EXPECT_EQ(message(R"({"name":"x","base":"coco17","joints":[{"name":"a"}]})"),
            "joint 0: member \"from\" must be an array of joints of coco17");
}

TEST(SkeletonEquality, NameAndJointsInOrder) {
  const Skeleton coco = find_skeleton("coco17").value();
  Skeleton other = coco;
  other.joints[3].sigma = 1;
  EXPECT_EQ(other, coco);
  std::swap(other.joints[1], other.joints[2]);
  EXPECT_FALSE(other == coco);
  other = coco;
  other.name = "mine";
  EXPECT_FALSE(other == coco);
}

}  // namespace
}  // namespace poise
