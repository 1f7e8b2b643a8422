// YOLO-pose networks as ultralytics export them, of generated weights, read, recognised, run and decoded, person by
// person and joint by joint as ONNX Runtime and NumPy have them (tests/golden/make_yolo_pose.py).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "poise/infer/pose_finder.h"
#include "poise/tensor/npy.h"

namespace poise {
namespace {

const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/one_stage/";

Image picture() {
  const Tensor pixels = read_npy(kGolden + "picture.npy").value();
  Image image(static_cast<int>(pixels.dim(1)), static_cast<int>(pixels.dim(0)));
  const auto values = pixels.as<std::uint8_t>();
  std::copy(values.begin(), values.end(), image.data());
  return image;
}

class YoloPoseExports : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(YoloPoseExports, SayWhatNumpySaysPersonByPerson) {
  const auto& [name, backend] = GetParam();
  PoseFinderOptions options{.model = kGolden + name + ".onnx"};
  options.estimate.run.backend = backend;
  options.estimate.run.precision = Precision::kFloat32;
  auto finder = PoseFinder::open(options);
  ASSERT_TRUE(finder.ok()) << finder.error().message;
  ASSERT_NE(finder->one_stage(), nullptr);
  EXPECT_EQ(finder->skeleton().name, "coco17");
  const FrameResult found = (*finder)(picture());
  EXPECT_EQ(found.box_source, name + ".onnx");
  const Tensor people = read_npy(kGolden + name + "_people.npy").value();
  std::size_t p = 0;
  for (std::int64_t row = 0; row < people.dim(0); ++row) {
    const float* want = people.floats().data() + row * people.dim(1);
    constexpr float kSide = 64;
    const float left = std::clamp(want[0], 0.0F, kSide), top = std::clamp(want[1], 0.0F, kSide);
    const float right = std::clamp(want[2], 0.0F, kSide), bottom = std::clamp(want[3], 0.0F, kSide);
    if (right <= left || bottom <= top) continue;  // nobody in the picture
    ASSERT_LT(p, found.poses.size());
    const Pose& pose = found.poses[p++];
    constexpr float kTolerance = 2e-3F;
    const Box& box = pose.box;
    EXPECT_NEAR(box.x, left, kTolerance * kSide) << row;
    EXPECT_NEAR(box.y, top, kTolerance * kSide) << row;
    EXPECT_NEAR(box.x + box.width, right, kTolerance * kSide) << row;
    EXPECT_NEAR(box.y + box.height, bottom, kTolerance * kSide) << row;
    EXPECT_NEAR(pose.score, want[4], kTolerance) << row;
    ASSERT_EQ(pose.keypoints.size(), 17U);
    for (std::size_t j = 0; j < 17; ++j) {
      const float* joint = want + 5 + 3 * j;
      EXPECT_NEAR(pose.keypoints[j].point.x, joint[0], kTolerance * std::max(kSide, std::abs(joint[0]))) << row;
      EXPECT_NEAR(pose.keypoints[j].point.y, joint[1], kTolerance * std::max(kSide, std::abs(joint[1]))) << row;
      EXPECT_NEAR(pose.keypoints[j].score, joint[2], kTolerance) << row;
    }
  }
  EXPECT_EQ(p, found.poses.size());
  EXPECT_GT(p, 5U);
}

INSTANTIATE_TEST_SUITE_P(OneStage, YoloPoseExports,
                         testing::Combine(testing::Values("yolov8_pose", "yolo11_pose", "yolo26_pose"),
                                          testing::Values("onednn", "reference")));

}  // namespace
}  // namespace poise
