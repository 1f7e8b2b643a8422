#include "poise/draw/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace poise {
namespace {

using Rgb = std::array<int, 3>;
constexpr Rgb kGreen{0, 255, 0};
constexpr Rgb kOrange{255, 128, 0};
constexpr Rgb kBlue{51, 153, 255};

Rgb pixel(const Image& image, Point p) {
  const std::uint8_t* at = image.row(static_cast<int>(p.y)) + 3 * static_cast<std::ptrdiff_t>(p.x);
  return {at[0], at[1], at[2]};
}

Image filled(int width, int height, std::uint8_t grey) {
  Image image(width, height);
  std::fill_n(image.data(), static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, grey);
  return image;
}

int changed(const Image& image, std::uint8_t grey) {
  const std::size_t bytes = static_cast<std::size_t>(image.width()) * static_cast<std::size_t>(image.height()) * 3;
  int count = 0;
  for (std::size_t i = 0; i < bytes; i += 3) {
    const std::uint8_t* p = image.data() + i;
    if (p[0] != grey || p[1] != grey || p[2] != grey) ++count;
  }
  return count;
}

/// The joints of coco17 on two columns, no limb's middle on another limb.
Pose figure() {
  constexpr std::array<Point, 17> kPoints = {{{200, 40},
                                              {230, 20},
                                              {170, 20},
                                              {270, 40},
                                              {130, 40},
                                              {280, 120},
                                              {120, 120},
                                              {340, 180},
                                              {60, 180},
                                              {360, 260},
                                              {40, 260},
                                              {250, 260},
                                              {150, 260},
                                              {260, 360},
                                              {140, 360},
                                              {270, 460},
                                              {130, 460}}};
  Pose pose;
  for (const Point p : kPoints) pose.keypoints.push_back({p, 0.9F});
  return pose;
}

Point middle(const Pose& pose, const Limb& limb) {
  const Point a = pose.keypoints[static_cast<std::size_t>(limb.from)].point;
  const Point b = pose.keypoints[static_cast<std::size_t>(limb.to)].point;
  return {(a.x + b.x) / 2, (a.y + b.y) / 2};
}

Rgb expected_colour(Side a, Side b) {
  const bool left = a == Side::kLeft || b == Side::kLeft;
  const bool right = a == Side::kRight || b == Side::kRight;
  return left && !right ? kGreen : right && !left ? kOrange : kBlue;
}

const Skeleton& coco17() {
  static const Skeleton skeleton = find_skeleton("coco17").value();
  return skeleton;
}

TEST(Draw, EveryLimbJoinsItsJointsInTheColourOfItsSide) {
  Image image = filled(400, 500, 0);
  const Pose pose = figure();
  draw(image, pose, coco17(), {.line_width = 5});
  ASSERT_FALSE(coco17().limbs.empty());
  for (const Limb& limb : coco17().limbs) {
    const Joint& from = coco17().joints[static_cast<std::size_t>(limb.from)];
    const Joint& to = coco17().joints[static_cast<std::size_t>(limb.to)];
    EXPECT_EQ(pixel(image, middle(pose, limb)), expected_colour(from.side, to.side)) << from.name << " - " << to.name;
  }
}

TEST(Draw, JointsAreGreenOnTheLeftOrangeOnTheRightBlueInTheCentre) {
  Image image = filled(400, 500, 255);
  const Pose pose = figure();
  draw(image, pose, coco17());
  for (int i = 0; i < coco17().size(); ++i) {
    const Joint& joint = coco17().joints[static_cast<std::size_t>(i)];
    EXPECT_EQ(pixel(image, pose.keypoints[static_cast<std::size_t>(i)].point), expected_colour(joint.side, joint.side))
        << joint.name;
  }
}

TEST(Draw, AWeakJointIsLeftOutWithItsLimbs) {
  Image image = filled(400, 500, 0);
  Pose pose = figure();
  pose.keypoints[9].score = 0.29F;  // left wrist
  draw(image, pose, coco17(), {.min_score = 0.3F});
  EXPECT_EQ(pixel(image, pose.keypoints[9].point), (Rgb{0, 0, 0}));
  EXPECT_EQ(pixel(image, middle(pose, {7, 9})), (Rgb{0, 0, 0}));
  EXPECT_EQ(pixel(image, pose.keypoints[7].point), kGreen);
  EXPECT_EQ(pixel(image, middle(pose, {8, 10})), kOrange);
}

TEST(Draw, ADarkRimSurroundsPointsOnAWhiteGround) {
  Image image = filled(400, 500, 255);
  const Pose pose = figure();
  draw(image, pose, coco17(), {.line_width = 10});
  const Point wrist = pose.keypoints[9].point;
  int darkest = 765;
  for (int i = 0; i < 20; ++i) {
    const Rgb at = pixel(image, {wrist.x + static_cast<float>(i), wrist.y});
    darkest = std::min(darkest, at[0] + at[1] + at[2]);
  }
  EXPECT_LT(darkest, 200);
}

int limb_pixels_across(float scale) {
  Image image = filled(1700, 2100, 0);
  Pose pose = figure();
  for (Keypoint& keypoint : pose.keypoints) keypoint.point = {keypoint.point.x * scale, keypoint.point.y * scale};
  draw(image, pose, coco17());
  const Point shin = middle(pose, {13, 15});
  int green = 0;
  for (int i = -40; i < 40; ++i) green += pixel(image, {shin.x + static_cast<float>(i), shin.y}) == kGreen ? 1 : 0;
  return green;
}

TEST(Draw, LimbsGrowWithThePersonWithinBounds) {
  EXPECT_GE(limb_pixels_across(0.3F), 1);
  EXPECT_GT(limb_pixels_across(1.0F), limb_pixels_across(0.3F));
  EXPECT_GT(limb_pixels_across(2.0F), limb_pixels_across(1.0F));
  EXPECT_EQ(limb_pixels_across(4.0F), limb_pixels_across(3.0F));
}

/// Pure green pixels above and below this point.
int green_at(const Pose& pose, Point centre, float thickness) {
  Image image = filled(400, 500, 0);
  draw(image, pose, coco17(), {.line_width = thickness});
  int green = 0;
  for (int i = -20; i < 20; ++i) green += pixel(image, {centre.x, centre.y + static_cast<float>(i)}) == kGreen ? 1 : 0;
  return green;
}

TEST(Draw, AShortLimbIsThinnerUnlessTheThicknessIsGiven) {
  Pose pose = figure();
  pose.keypoints[7].point = {300, 200};
  pose.keypoints[9].point = {380, 200};  // a level forearm of 80 pixels
  const int forearm = green_at(pose, {340, 200}, 0);
  pose.keypoints[9].point = {320, 200};
  const int stub = green_at(pose, {310, 200}, 0);
  EXPECT_GE(stub, 1);
  EXPECT_LT(stub, forearm);
  EXPECT_EQ(green_at(pose, {310, 200}, 5), 5);
}

TEST(Draw, TheEdgeIsSoft) {
  Image image = filled(400, 500, 0);
  Pose pose = figure();
  draw(image, pose, coco17(), {.line_width = 6});
  const Point shin = middle(pose, {13, 15});  // oblique
  int between = 0;
  for (int i = -8; i < 8; ++i) {
    const int green = pixel(image, {shin.x + static_cast<float>(i), shin.y})[1];
    between += green > 30 && green < 250 ? 1 : 0;
  }
  EXPECT_GE(between, 1);
}

TEST(Draw, JointsThatAreNoNumbersAreLeftOutWithTheirLimbs) {
  Image image = filled(400, 500, 0);
  Pose pose = figure();
  pose.keypoints[9].point.x = std::numeric_limits<float>::quiet_NaN();
  pose.keypoints[10].point.y = std::numeric_limits<float>::infinity();
  pose.keypoints[15].score = std::numeric_limits<float>::quiet_NaN();
  draw(image, pose, coco17());
  EXPECT_EQ(pixel(image, {350, 220}), (Rgb{0, 0, 0}));
  EXPECT_EQ(pixel(image, {50, 220}), (Rgb{0, 0, 0}));
  EXPECT_EQ(pixel(image, {265, 410}), (Rgb{0, 0, 0}));
  EXPECT_EQ(pixel(image, middle(pose, {14, 16})), kOrange);
}

TEST(Draw, ALimbThatLeavesThePictureIsDrawnUpToItsEdge) {
  for (const float far : {600.0F, 1e4F, 1e9F}) {
    Image image = filled(400, 500, 0);
    Pose pose = figure();
    pose.keypoints[9].point = {far, 180};  // left wrist, straight to the right of the elbow at (340, 180)
    draw(image, pose, coco17(), {.line_width = 5});
    EXPECT_EQ(pixel(image, {399, 180}), kGreen) << far;
    EXPECT_EQ(pixel(image, {370, 180}), kGreen) << far;
    EXPECT_EQ(pixel(image, {370, 200}), (Rgb{0, 0, 0})) << far;
  }
}

TEST(Draw, HugeCoordinatesThicknessesAndBoxesStayWithinThePicture) {
  constexpr float kMax = std::numeric_limits<float>::max();
  for (const float huge : {1e9F, -1e9F, kMax, -kMax}) {
    for (const float thickness : {0.0F, 3.0F, kMax}) {
      Image image = filled(40, 30, 0);
      Pose pose = figure();
      for (std::size_t i = 0; i < pose.keypoints.size(); i += 2) pose.keypoints[i].point = {huge, -huge};
      pose.box = {huge, -kMax, kMax, kMax};
      draw(image, pose, coco17(), {.line_width = thickness, .boxes = true});
      EXPECT_EQ(image.size(), (Size{40, 30}));
    }
  }
}

TEST(Draw, APersonOutsideThePictureChangesNothing) {
  Image image = filled(50, 50, 77);
  Pose pose = figure();
  for (Keypoint& keypoint : pose.keypoints) keypoint.point.x += 1000;
  draw(image, pose, coco17());
  EXPECT_EQ(changed(image, 77), 0);
}

TEST(Draw, AnEmptyPictureIsLeftAlone) {
  Image image;
  draw(image, figure(), coco17(), {.boxes = true});
  EXPECT_TRUE(image.empty());
}

TEST(Draw, TheBoxIsDrawnOnRequestOnly) {
  Pose pose = figure();
  for (Keypoint& keypoint : pose.keypoints) keypoint.score = 0;
  pose.box = {50, 60, 200, 300};
  Image without = filled(400, 500, 0);
  draw(without, pose, coco17());
  EXPECT_EQ(changed(without, 0), 0);
  Image with = filled(400, 500, 0);
  draw(with, pose, coco17(), {.boxes = true});
  for (const Point edge : {Point{50, 200}, Point{250, 200}, Point{150, 60}, Point{150, 360}}) {
    EXPECT_GT(pixel(with, edge)[0], 200);
  }
  EXPECT_EQ(pixel(with, {150, 200}), (Rgb{0, 0, 0}));
}

/// The figure, so many times as large and moved.
Pose scaled(float scale, Point by = {0, 0}) {
  Pose pose = figure();
  for (Keypoint& keypoint : pose.keypoints) {
    keypoint.point = {keypoint.point.x * scale + by.x, keypoint.point.y * scale + by.y};
  }
  return pose;
}

TEST(Draw, AFaceIsFinerThanTheBody) {
  const auto disc = [](Point at) {
    Image image = filled(400, 500, 255);
    draw(image, figure(), coco17(), {.limbs = false});
    int coloured = 0;
    for (int x = -12; x < 12; ++x) {
      const Rgb one = pixel(image, {at.x + static_cast<float>(x), at.y});
      coloured += one == kGreen ? 1 : 0;
    }
    return coloured;
  };
  const Pose pose = figure();
  const int eye = disc(pose.keypoints[1].point), wrist = disc(pose.keypoints[9].point);
  EXPECT_GE(eye, 2);
  EXPECT_LT(eye, wrist);
}

TEST(Draw, TheFaceOfASmallPersonIsNoBlob) {
  // 45 pixels high: eyes and nose are three pixels apart, and each keeps its colour.
  Image image = filled(60, 60, 255);
  draw(image, scaled(0.1F, {5, 5}), coco17());
  const Rgb nose = pixel(image, {25, 9}), left_eye = pixel(image, {28, 7}), right_eye = pixel(image, {22, 7});
  EXPECT_GT(nose[2], nose[0] + 100);
  EXPECT_GT(left_eye[1], left_eye[0] + 150);
  EXPECT_GT(right_eye[0], right_eye[2] + 150);
  for (const Point cheek : {Point{21, 9}, Point{29, 9}}) EXPECT_EQ(pixel(image, cheek), (Rgb{255, 255, 255}));
}

TEST(Draw, PartsAreDrawnAsTheyAreAskedFor) {
  const Pose pose = figure();
  const Point shin = middle(pose, {13, 15}), ankle = pose.keypoints[15].point;
  Image joints = filled(400, 500, 0), limbs = filled(400, 500, 0), none = filled(400, 500, 0);
  draw(joints, pose, coco17(), {.limbs = false});
  draw(limbs, pose, coco17(), {.joints = false});
  draw(none, pose, coco17(), {.joints = false, .limbs = false});
  EXPECT_EQ(pixel(joints, shin), (Rgb{0, 0, 0}));
  EXPECT_EQ(pixel(joints, ankle), kGreen);
  EXPECT_EQ(pixel(limbs, shin), kGreen);
  EXPECT_EQ(changed(none, 0), 0);
}

TEST(Draw, OpacityIsThatOfThePictureDrawnWhole) {
  const Pose pose = figure();
  Image whole = filled(400, 500, 100), half = filled(400, 500, 100), nothing = filled(400, 500, 100);
  draw(whole, pose, coco17());
  draw(half, pose, coco17(), {.alpha = 0.5F});
  draw(nothing, pose, coco17(), {.alpha = 0});
  EXPECT_EQ(changed(nothing, 100), 0);
  for (int y = 0; y < 500; ++y) {
    for (int i = 0; i < 1200; ++i) ASSERT_NEAR(half.row(y)[i], (whole.row(y)[i] + 100) / 2.0, 0.51) << i << "," << y;
  }
}

TEST(Draw, PeopleAreToldApart) {
  const std::vector<Pose> two{scaled(0.4F), scaled(0.4F, {200, 0})};
  const auto shoulders = [&](std::size_t person) { return middle(two[person], {5, 6}); };
  const auto left_shin = [&](std::size_t person) { return middle(two[person], {13, 15}); };
  Image side = filled(400, 500, 0), person = filled(400, 500, 0);
  draw(side, two, coco17(), {.line_width = 5});
  draw(person, two, coco17(), {.line_width = 5, .colours = DrawColours::kPerson});
  EXPECT_EQ(pixel(side, left_shin(0)), pixel(side, left_shin(1)));
  EXPECT_NE(pixel(side, shoulders(0)), pixel(side, shoulders(1)));
  EXPECT_NE(pixel(person, left_shin(0)), pixel(person, left_shin(1)));
  EXPECT_NE(pixel(person, left_shin(0)), pixel(person, middle(two[0], {14, 16})));
  // A track keeps its colour whatever its place.
  std::vector<Pose> tracked = two;
  tracked[0].track_id = 1;
  tracked[1].track_id = 0;
  Image other = filled(400, 500, 0);
  draw(other, tracked, coco17(), {.line_width = 5});
  EXPECT_EQ(pixel(other, shoulders(0)), pixel(side, shoulders(1)));
}

TEST(Draw, LabelsStandOnTheBoxAndWithinThePicture) {
  Pose pose = figure();
  pose.score = 0.87F;
  for (const Point corner : {Point{100, 100}, Point{0, 0}, Point{380, 480}}) {
    pose.box = {corner.x, corner.y, 200, 300};
    int most = 0;
    for (const DrawOptions& options :
         {DrawOptions{.joints = false, .limbs = false, .labels = true},
          DrawOptions{.joints = false, .limbs = false, .labels = true, .scores = true},
          DrawOptions{.joints = false, .limbs = false, .labels = true, .scores = true, .ids = true}}) {
      Image image = filled(400, 500, 0);
      draw(image, pose, coco17(), options);
      EXPECT_GT(changed(image, 0), most);  // each word takes room, wherever the box is
      most = changed(image, 0);
    }
  }
}

TEST(Draw, LabelsOfACrowdKeepClearOfEachOther) {
  // Six people whose boxes begin at one height, closer together than their labels are wide.
  std::vector<Pose> crowd;
  for (int i = 0; i < 6; ++i) {
    Pose& one = crowd.emplace_back(figure());
    one.track_id = i;  // colours of their own
    one.box = {100.0F + 12.0F * static_cast<float>(i), 150, 30, 120};
  }
  const DrawOptions options{.joints = false, .limbs = false, .labels = true};
  const auto area = [&](std::span<const Pose> poses) {
    Image image = filled(400, 500, 90);
    DrawOptions bare = options;
    bare.min_score = 2;  // of the boxes alone
    draw(image, poses, coco17(), bare);
    return changed(image, 90);
  };
  int apart = 0;
  for (const Pose& one : crowd) apart += area({&one, 1});
  EXPECT_EQ(area(crowd), apart);

  // Alone on top of a box, as ever; where all is full the first of the list is whole.
  Image alone = filled(400, 500, 90), both = filled(400, 500, 90);
  const std::vector<Pose> same(40, crowd[0]);
  draw(alone, crowd[0], coco17(), options);
  draw(both, same, coco17(), options);
  for (int y = 0; y < 500; ++y) {
    for (int x = 0; x < 400; ++x) {
      const Point p{static_cast<float>(x), static_cast<float>(y)};
      if (pixel(alone, p) != Rgb{90, 90, 90}) {
        ASSERT_EQ(pixel(both, p), pixel(alone, p)) << x << "," << y;
      }
    }
  }
}

TEST(Draw, EveryOrderOfBytesIsDrawnInTheSameColours) {
  const Pose pose = figure();
  const DrawOptions options{.boxes = true, .labels = true};
  Image wanted = filled(400, 500, 90);
  draw(wanted, pose, coco17(), options);
  for (const PixelOrder order : {PixelOrder::kBgr, PixelOrder::kRgba, PixelOrder::kBgra, PixelOrder::kGrey}) {
    const std::ptrdiff_t stride = std::ptrdiff_t{400} * bytes_per_pixel(order) + 7;
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(stride) * 500, 90);
    const MutableImageView view{bytes.data(), 400, 500, stride, order};
    draw(view, pose, coco17(), options);
    const Image got = to_rgb(view);
    for (int y = 0; y < 500; ++y) {
      for (int x = 0; x < 400; ++x) {
        const Rgb want = pixel(wanted, {static_cast<float>(x), static_cast<float>(y)});
        const Rgb is = pixel(got, {static_cast<float>(x), static_cast<float>(y)});
        const double grey = 0.299 * want[0] + 0.587 * want[1] + 0.114 * want[2];
        if (order == PixelOrder::kGrey) {
          ASSERT_NEAR(is[0], grey, 3) << x << "," << y;  // rounded at each stroke
        } else {
          ASSERT_EQ(is, want) << x << "," << y;
        }
      }
      const std::uint8_t* end = view.row(y) + std::ptrdiff_t{400} * bytes_per_pixel(order);
      ASSERT_EQ(std::count(end, end + 7, 90), 7);  // between the rows
    }
    if (bytes_per_pixel(order) == 4) {
      ASSERT_EQ(view.row(250)[3], 90);  // the fourth byte is the holder's
    }
  }
}

TEST(Draw, APoseOfAnotherSkeletonIsRefused) {
  Image image = filled(10, 10, 0);
  Pose pose = figure();
  pose.keypoints.pop_back();
  EXPECT_THROW(draw(image, pose, coco17()), std::logic_error);
}

}  // namespace
}  // namespace poise
