#include "poise/draw/figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "poise/draw/draw.h"
#include "poise/skeleton/skeleton.h"

namespace poise {
namespace {

bool same(const Image& a, const Image& b) {
  const auto bytes = static_cast<std::size_t>(a.width()) * static_cast<std::size_t>(a.height()) * 3;
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), bytes) == 0;
}

int distance(const Image& a, const Image& b, Point p) {
  const int x = static_cast<int>(std::lround(p.x)), y = static_cast<int>(std::lround(p.y));
  int sum = 0;
  for (int c = 0; c < 3; ++c) sum += std::abs(int{a.row(y)[3 * x + c]} - int{b.row(y)[3 * x + c]});
  return sum;
}

TEST(Figure, SameSeedSamePictureOtherSeedAnother) {
  const FigurePicture a = draw_figures({.people = 2, .seed = 5});
  EXPECT_TRUE(same(a.image, draw_figures({.people = 2, .seed = 5}).image));
  EXPECT_FALSE(same(a.image, draw_figures({.people = 2, .seed = 6}).image));
}

TEST(Figure, JointsLieOnTheFigureAndInItsBox) {
  int joints = 0, on_figure = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const FigurePicture picture = draw_figures({.people = 1, .seed = seed});
    const FigurePicture bare = draw_figures({.people = 0, .seed = seed});
    ASSERT_EQ(picture.people.size(), 1U);
    const Annotation& truth = picture.people[0];
    ASSERT_EQ(truth.keypoints.size(), static_cast<std::size_t>(find_skeleton("coco17").value().size()));
    for (const auto& joint : truth.keypoints) {
      EXPECT_EQ(joint.visibility, Visibility::kVisible) << "seed " << seed;
      EXPECT_GE(joint.point.x, truth.box.x - 1);
      EXPECT_LE(joint.point.x, truth.box.x + truth.box.width + 1);
      EXPECT_GE(joint.point.y, truth.box.y - 1);
      EXPECT_LE(joint.point.y, truth.box.y + truth.box.height + 1);
      ++joints;
      if (distance(picture.image, bare.image, joint.point) > 6) ++on_figure;
    }
  }
  EXPECT_GE(on_figure, joints * 99 / 100);  // clothes may have the background's colour by chance
}

TEST(Figure, FacesTheViewerAndStandsUpright) {
  const FigurePicture picture = draw_figures({.people = 1, .seed = 1});
  const Skeleton skeleton = find_skeleton("coco17").value();
  const auto at = [&](const char* name) {
    return picture.people[0].keypoints.at(static_cast<std::size_t>(skeleton.index_of(name).value())).point;
  };
  EXPECT_GT(at("left_shoulder").x, at("right_shoulder").x);
  EXPECT_GT(at("left_eye").x, at("right_eye").x);
  EXPECT_LT(at("nose").y, at("left_hip").y);
  EXPECT_LT(at("left_hip").y, at("left_ankle").y);
}

TEST(Figure, AreaAndBoxMeasureThePixelsThatChange) {
  const FigurePicture picture = draw_figures({.size = {200, 240}, .people = 1, .seed = 9});
  const FigurePicture bare = draw_figures({.size = {200, 240}, .people = 0, .seed = 9});
  int changed = 0;
  for (int y = 0; y < 240; ++y) {
    for (int x = 0; x < 200; ++x) {
      const Point p{static_cast<float>(x), static_cast<float>(y)};
      changed += distance(picture.image, bare.image, p) > 0 ? 1 : 0;
    }
  }
  const Annotation& truth = picture.people[0];
  EXPECT_NEAR(truth.area, changed, 0.15 * changed);  // soft edges count from one half on
  EXPECT_LT(truth.area, truth.box.area());
}

TEST(Figure, NeighboursHideEachOther) {
  int hidden = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const FigurePicture crowd = draw_figures({.size = {240, 320}, .people = 4, .seed = seed});
    ASSERT_EQ(crowd.people.size(), 4U);
    for (const Annotation& truth : crowd.people) {
      hidden += static_cast<int>(std::count_if(truth.keypoints.begin(), truth.keypoints.end(),
                                               [](const auto& j) { return j.visibility == Visibility::kOccluded; }));
    }
  }
  EXPECT_GT(hidden, 0);
}

TEST(Figure, TruthBecomesAPerfectPrediction) {
  const FigurePicture picture = draw_figures({.people = 1, .seed = 2});
  const Pose pose = as_pose(picture.people[0]);
  ASSERT_EQ(pose.keypoints.size(), 17U);
  EXPECT_EQ(pose.keypoints[0].point, picture.people[0].keypoints[0].point);
  EXPECT_EQ(pose.keypoints[0].score, 1.0F);
  EXPECT_EQ(pose.box, picture.people[0].box);
}

}  // namespace
}  // namespace poise
