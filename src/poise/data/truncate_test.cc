#include "poise/data/truncate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "poise/data/augment.h"
#include "poise/data/sample.h"
#include "poise/data/test_people.h"

namespace poise {
namespace {

using testing_people::figures;

TEST(Truncate, KeepsPartOfTheBoxAndThreeJoints) {
  const auto set = figures(1);
  const Person person = set->get(0);
  int cut = 0, ended = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    Random random(5, 0, i);
    Truncation t;
    if (!truncate(person, random, t)) continue;
    ++cut;
    ended += t.scene.width > 0 ? 1 : 0;
    const Box& b = t.box;
    ASSERT_GE(b.x, person.box.x - 1e-3F);
    ASSERT_GE(b.y, person.box.y - 1e-3F);
    ASSERT_LE(b.x + b.width, person.box.x + person.box.width + 1e-3F);
    ASSERT_LE(b.y + b.height, person.box.y + person.box.height + 1e-3F);
    ASSERT_LT(b.width * b.height, 0.86F * person.box.width * person.box.height);
    int joints = 0;
    for (const auto& k : person.keypoints) {
      const bool inside =
          k.point.x >= b.x && k.point.y >= b.y && k.point.x < b.x + b.width && k.point.y < b.y + b.height;
      joints += k.visibility != Visibility::kAbsent && inside ? 1 : 0;
    }
    ASSERT_GE(joints, 3);
  }
  EXPECT_GT(cut, 2000);
  EXPECT_NEAR(ended / static_cast<double>(cut), 0.5, 0.05);
}

TEST(Truncate, TakesTheSameRandomNumbersAlways) {
  const auto set = figures(1);
  Person nobody = set->get(0);
  for (float& weight : nobody.weights) weight = 0;
  Random a(1, 0, 0), b(1, 0, 0);
  Truncation t;
  (void)truncate(set->get(0), a, t);
  EXPECT_FALSE(truncate(nobody, b, t));
  EXPECT_EQ(a.uniform(), b.uniform());
}

TEST(Truncate, WhatLiesOutsideTheSceneIsBlackAndWithoutWeight) {
  const auto set = figures(1);
  const Person person = set->get(0);
  SampleOptions options = testing_people::samples({64, 64});
  options.input.normalisation.mean = {0, 0, 0};
  Augmentation a = plain(person);
  const float middle = person.box.y + person.box.height / 2;
  a.scene = {-1000, -1000, 3000, 1000 + middle};
  const std::size_t joints = set->skeleton().joints.size();
  std::vector<float> image(3 * 64 * 64), targets(joints * 256), weights(joints);
  ASSERT_TRUE(make_sample(person, set->skeleton(), a, options, {image, targets, weights}).ok());
  const Affine map = input_from_image(a, options.crop());
  const auto border = static_cast<int>(std::lround(map(Point{0, middle}).y));
  double above = 0, below = 0;
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 64; ++y) {
      for (int x = 0; x < 64; ++x) {
        const double value = std::abs(image[static_cast<std::size_t>((c * 64 + y) * 64 + x)]);
        if (y < border - 1) above += value;
        if (y > border + 1) below += value;
      }
    }
  }
  EXPECT_GT(above, 0);
  EXPECT_EQ(below, 0);
  int kept = 0, dropped = 0;
  for (std::size_t j = 0; j < joints; ++j) {
    if (person.keypoints[j].visibility == Visibility::kAbsent) continue;
    const bool seen = person.keypoints[j].point.y < middle;
    EXPECT_EQ(weights[j] > 0, seen) << j;
    (seen ? kept : dropped) += 1;
  }
  EXPECT_GT(kept, 0);
  EXPECT_GT(dropped, 0);
}

TEST(Truncate, DrawnAugmentationsUseIt) {
  const auto set = figures(1);
  const CropOptions crop{.size = {64, 64}};
  int changed = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto draw = [&](float truncate) {
      return draw_augmentation({.truncate = truncate}, 1, set->get(0), set->skeleton(), crop, Random(3, 0, i));
    };
    changed += draw(1).box == draw(0).box ? 0 : 1;
    ASSERT_EQ(draw(1).rotation, draw(0).rotation);
  }
  EXPECT_GT(changed, 100);
}

}  // namespace
}  // namespace poise
