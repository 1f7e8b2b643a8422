#include "poise/data/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "poise/data/test_people.h"

namespace poise {
namespace {

using testing_people::figures;

constexpr CropOptions kCrop{.size = {192, 256}};

TEST(Augment, DrawsAsTheAuthorsDo) {
  const auto set = figures(1);
  const Person person = set->get(0);
  constexpr int kDraws = 40000;
  int at_scale_limit = 0, unturned = 0, at_turn_limit = 0, flipped = 0;
  double scale_sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Augmentation a =
        draw_augmentation({}, 1, person, set->skeleton(), kCrop, Random(7, 0, static_cast<std::uint64_t>(i)));
    const double scale = static_cast<double>(a.box.width) / person.box.width;
    ASSERT_GE(scale, 0.7 - 1e-5);
    ASSERT_LE(scale, 1.3 + 1e-5);
    scale_sum += scale;
    at_scale_limit += std::abs(std::abs(scale - 1) - 0.3) < 1e-5 ? 1 : 0;
    ASSERT_LE(std::abs(a.rotation), 80);
    unturned += a.rotation == 0 ? 1 : 0;
    at_turn_limit += std::abs(a.rotation) == 80 ? 1 : 0;
    flipped += a.flip ? 1 : 0;
    ASSERT_NEAR(a.box.centre().x, person.box.centre().x, 1e-3);
    ASSERT_EQ(a.gain[0], 1);
    ASSERT_EQ(a.offset[2], 0);
    ASSERT_EQ(a.cutout.side, 0);
  }
  // Normal beyond one and two standard deviations: 0.3173 and 0.0455; four standard errors are below 0.01.
  EXPECT_NEAR(at_scale_limit / double{kDraws}, 0.3173, 0.01);
  EXPECT_NEAR(scale_sum / kDraws, 1, 0.01);
  EXPECT_NEAR(unturned / double{kDraws}, 0.4, 0.01);
  EXPECT_NEAR(at_turn_limit / double{kDraws}, 0.6 * 0.0455, 0.004);
  EXPECT_NEAR(flipped / double{kDraws}, 0.5, 0.01);
}

TEST(Augment, DependsOnTheKeyAlone) {
  const auto set = figures(1);
  const auto draw = [&](const AugmentOptions& options, std::uint64_t epoch) {
    return draw_augmentation(options, 1, set->get(0), set->skeleton(), kCrop, Random(7, epoch, 3));
  };
  EXPECT_EQ(draw({}, 0).box, draw({}, 0).box);
  EXPECT_NE(draw({}, 0).box, draw({}, 1).box);
  // Another option switched on leaves the rest as it was.
  EXPECT_EQ(draw({}, 0).rotation, draw({.colour = 0.4F, .cutout = 1}, 0).rotation);
  EXPECT_EQ(draw({}, 0).box, draw({.colour = 0.4F, .cutout = 1}, 0).box);
  const Augmentation grey = draw({.colour = 0.4F, .saturation = 1, .cutout = 1}, 0);
  EXPECT_EQ(grey.gain, draw({.colour = 0.4F, .cutout = 1}, 0).gain);
  EXPECT_EQ(grey.cutout.x, draw({.colour = 0.4F, .cutout = 1}, 0).cutout.x);
}

TEST(Augment, SaturationIsUniformAboutOne) {
  const auto set = figures(1);
  double low = 2, high = 0, sum = 0;
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    const Augmentation a = draw_augmentation({.saturation = 0.5F}, 0.8, set->get(0), set->skeleton(), kCrop,
                                             Random(1, 0, static_cast<std::uint64_t>(i)));
    low = std::min(low, double{a.saturation});
    high = std::max(high, double{a.saturation});
    sum += a.saturation;
  }
  EXPECT_NEAR(low, 0.6, 0.005);
  EXPECT_NEAR(high, 1.4, 0.005);
  EXPECT_NEAR(sum / kDraws, 1, 0.02);
  EXPECT_FALSE(check({.saturation = 1.5F}).ok());
}

TEST(Augment, MirrorEqualsTheAuthorsTwoSteps) {
  // They mirror picture, joints and centre with the picture's width, then cut out; we use one map.
  const auto set = figures(1, {211, 160});
  const Person person = set->get(0);
  Augmentation a = plain(person);
  a.flip = true;
  a.rotation = 33;
  const float width = 211;
  Augmentation mirrored = plain(person);
  mirrored.rotation = 33;
  mirrored.box.x = width - person.box.centre().x - 1 - person.box.width / 2;
  const Affine one = input_from_image(a, kCrop);
  const Affine two = input_from_image(mirrored, kCrop);
  for (const auto& joint : person.keypoints) {
    const Point p = one(joint.point);
    const Point q = two({width - joint.point.x - 1, joint.point.y});
    EXPECT_NEAR(p.x, q.x, 1e-3);
    EXPECT_NEAR(p.y, q.y, 1e-3);
  }
}

TEST(Augment, SwappedTwiceIsTheSame) {
  const auto set = figures(1);
  const Person person = set->get(0);
  auto keypoints = person.keypoints;
  auto weights = person.weights;
  weights[9] = 0.25F;
  const auto flip = set->skeleton().flip_index();
  swap_pairs(keypoints, weights, flip);
  EXPECT_EQ(weights[10], 0.25F);
  EXPECT_EQ(keypoints[5].point, person.keypoints[6].point);
  EXPECT_EQ(keypoints[0].point, person.keypoints[0].point);
  swap_pairs(keypoints, weights, flip);
  EXPECT_EQ(weights[9], 0.25F);
  for (std::size_t j = 0; j < keypoints.size(); ++j) EXPECT_EQ(keypoints[j].point, person.keypoints[j].point);
}

TEST(Augment, GrowsWithTheEpoch) {
  const AugmentOptions options{.rotation_probability = 1, .grow_epochs = 10, .grow_from = 0.2F};
  EXPECT_FLOAT_EQ(static_cast<float>(strength(options, 0)), 0.2F);
  EXPECT_FLOAT_EQ(static_cast<float>(strength(options, 5)), 0.6F);
  EXPECT_EQ(strength(options, 10), 1);
  EXPECT_EQ(strength({}, 0), 1);
  const auto set = figures(1);
  const auto turn = [&](double s) {
    return draw_augmentation(options, s, set->get(0), set->skeleton(), kCrop, Random(1, 0, 0)).rotation;
  };
  EXPECT_NEAR(turn(0.5), turn(1) / 2, 1e-3);
  EXPECT_EQ(turn(0), 0);
}

TEST(Augment, HalfABodyIsUpperOrLower) {
  const auto set = figures(1, {400, 400});
  const Person person = set->get(0);
  const AugmentOptions options{.scale = 0, .rotation = 0, .flip = 0, .half_body = 1};
  int upper = 0;
  constexpr int kDraws = 400;
  for (int i = 0; i < kDraws; ++i) {
    const Augmentation a =
        draw_augmentation(options, 1, person, set->skeleton(), kCrop, Random(1, 0, static_cast<std::uint64_t>(i)));
    const Box seen = padded_box(a.box, kCrop);
    const bool has_nose = person.keypoints[0].point.y > seen.y;
    const bool has_ankle = person.keypoints[15].point.y < seen.y + seen.height;
    EXPECT_NE(has_nose, has_ankle);
    upper += has_nose ? 1 : 0;
  }
  EXPECT_NEAR(upper / double{kDraws}, 0.69, 0.1);  // P(N < 0.5), the source's quirk
  Person few = person;
  for (std::size_t j = 8; j < few.weights.size(); ++j) few.weights[j] = 0;  // 8 labelled: not more than 8
  EXPECT_EQ(draw_augmentation(options, 1, few, set->skeleton(), kCrop, Random(1)).box, few.box);
}

TEST(Augment, MovesColoursAndCutsWithinLimits) {
  const auto set = figures(1);
  const Person person = set->get(0);
  const AugmentOptions options{.scale = 0, .rotation = 0, .translation = 0.1F, .colour = 0.2F, .cutout = 1};
  const Box whole = padded_box(person.box, kCrop);
  float farthest = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Augmentation a = draw_augmentation(options, 1, person, set->skeleton(), kCrop, Random(1, 0, i));
    const float moved = std::abs(a.box.x - person.box.x) / whole.width;
    ASSERT_LE(moved, 0.1F + 1e-4F);
    farthest = std::max(farthest, moved);
    for (int c = 0; c < 3; ++c) {
      ASSERT_GE(a.gain[c], 0.8F * 0.8F - 1e-4F);
      ASSERT_LE(a.gain[c], 1.2F * 1.2F + 1e-4F);
      ASSERT_LE(std::abs(a.offset[c]), 1.2F * 127.5F * 0.4F + 1e-2F);
    }
    ASSERT_GE(a.cutout.side, 19);
    ASSERT_LE(a.cutout.side, 77);
  }
  EXPECT_GT(farthest, 0.09F);
}

TEST(Augment, RefusesWhatMakesNoSense) {
  EXPECT_TRUE(check(AugmentOptions{}).ok());
  EXPECT_FALSE(check(AugmentOptions{.scale = 1}).ok());
  EXPECT_FALSE(check(AugmentOptions{.rotation = NAN}).ok());
  EXPECT_FALSE(check(AugmentOptions{.flip = 1.5F}).ok());
  EXPECT_FALSE(check(AugmentOptions{.cutout_low = 0.5F, .cutout_high = 0.4F}).ok());
  EXPECT_NE(check(AugmentOptions{.colour = 1}).error().message.find("colour"), std::string::npos);
}

}  // namespace
}  // namespace poise
