#include "poise/codec/pose_codec.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "kit/axes_codec.h"
#include "poise/base/random.h"
#include "poise/codec/gaussian_heatmap.h"
#include "poise/codec/movenet.h"

namespace poise {
namespace {

constexpr Size kInput{192, 256};

/// All that there are, and one that the library does not know.
std::vector<PoseCodecFamily> families() {
  std::vector<PoseCodecFamily> all(pose_codec_families().begin(), pose_codec_families().end());
  all.push_back(kit::axes_codec_family());
  return all;
}

/// What networks of every codec give, a step of four pixels where they have one.
std::vector<NetworkOutput> outputs(std::int64_t joints) {
  return {{"along_x", {1, joints, 48}},   {"along_y", {1, joints, 64}}, {"heatmaps", {1, joints, 64, 48}},
          {"simcc_x", {1, joints, 48}},   {"simcc_y", {1, joints, 64}}, {"coordinates", {1, 2 * joints}},
          {"output_0", {1, 1, joints, 3}}};
}

/// Codecs whose networks can be taught.
std::vector<PoseCodecFamily> taught_families() {
  std::vector<PoseCodecFamily> all = families();
  std::erase_if(all, [](const PoseCodecFamily& family) {
    return std::string(family.name) == "movenet" || std::string(family.name) == "blazepose";
  });
  return all;
}

std::size_t count(const Shape& shape) { return static_cast<std::size_t>(element_count(shape).value()); }

struct Encoded {
  std::vector<float> targets, weights;
  std::vector<const float*> values;  // one an output, as a network that has learned them would give them
};

Encoded encode(const PoseCodec& codec, const PoseAnswer& answer, const std::vector<Point>& joints) {
  const auto present = std::make_unique<bool[]>(joints.size());
  std::fill_n(present.get(), joints.size(), true);
  Encoded out{std::vector<float>(count(codec.target_shape(answer).value()), -9.0F),
              std::vector<float>(joints.size(), -9.0F),
              {}};
  codec.encode(answer, joints, {present.get(), joints.size()}, out.targets, out.weights);
  const float* at = out.targets.data();
  for (const Shape& shape : answer.shapes) {
    out.values.push_back(at);
    at += count(shape);
  }
  return out;
}

TEST(PoseCodecs, WhatIsEncodedIsDecodedInInputPixels) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  for (const PoseCodecFamily& family : taught_families()) {
    const PoseCodecPtr codec = family.create(Json::object()).value();
    EXPECT_STREQ(codec->name(), family.name);
    const PoseAnswer answer = codec->check(outputs(17), skeleton, kInput).value();
    Random random(3);
    for (int round = 0; round < 50; ++round) {
      std::vector<Point> joints;
      for (int j = 0; j < 17; ++j) {
        joints.push_back({static_cast<float>(random.uniform(0, 189)), static_cast<float>(random.uniform(0, 253))});
      }
      const Encoded encoded = encode(*codec, answer, joints);
      const auto found = codec->decode(answer, encoded.values);
      ASSERT_EQ(found.size(), 17U) << family.name;
      for (std::size_t j = 0; j < 17; ++j) {
        EXPECT_EQ(encoded.weights[j], 1.0F);
        // Targets stand on whole cells of four pixels: half a cell is lost.
        EXPECT_NEAR(found[j].point.x, joints[j].x, 2.001) << family.name;
        EXPECT_NEAR(found[j].point.y, joints[j].y, 2.001) << family.name;
      }
      for (Point& joint : joints) joint = {std::round(joint.x / 4) * 4, std::round(joint.y / 4) * 4};
      const auto exact = codec->decode(answer, encode(*codec, answer, joints).values);
      for (std::size_t j = 0; j < 17; ++j) {
        EXPECT_NEAR(exact[j].point.x, joints[j].x, 1e-4) << family.name;
        EXPECT_NEAR(exact[j].point.y, joints[j].y, 1e-4) << family.name;
      }
    }
  }
}

TEST(PoseCodecs, ParametersAreReadBack) {
  for (const PoseCodecFamily& family : families()) {
    const Json written = family.create(Json::object()).value()->parameters();
    EXPECT_EQ(written.as_object().size(), family.parameters.size());
    for (const char* name : family.parameters) EXPECT_NE(written.find(name), nullptr) << name;
    EXPECT_EQ(family.create(written).value()->parameters().dump(), written.dump());
  }
}

TEST(PoseCodecs, MirroringTheInputChangesNothing) {
  // What a perfect network says of the mirrored input is what its codec would encode there.
  const Skeleton skeleton = find_skeleton("coco17").value();
  for (const PoseCodecFamily& family : taught_families()) {
    if (std::string(family.name) == "regression") continue;  // has no cells: codec/simcc_test
    Json plain = Json::object();
    plain.set("flip_shift", false);
    const PoseCodecPtr codec = family.create(plain).value();
    const PoseAnswer answer = codec->check(outputs(17), skeleton, kInput).value();
    std::vector<Point> joints, mirrored(17);
    for (int j = 0; j < 17; ++j) joints.push_back({static_cast<float>(8 * j + 20), static_cast<float>(12 * j + 20)});
    for (std::size_t j = 0; j < 17; ++j) {  // cell c of 48 becomes 47 - c
      mirrored[static_cast<std::size_t>(answer.flip_index[j])] = {188 - joints[j].x, joints[j].y};
    }
    const Encoded there = encode(*codec, answer, mirrored);
    Encoded here = encode(*codec, answer, joints);
    const std::vector<float> before = here.targets;
    std::vector<float*> own;
    for (const float* at : here.values) own.push_back(here.targets.data() + (at - here.targets.data()));
    codec->merge_flipped(answer, own, there.values);
    EXPECT_EQ(here.targets, before) << family.name;
  }
}

TEST(FindOutput, ByNameElseTheOnlyOne) {
  EXPECT_EQ(find_output(outputs(1), "heatmaps").value(), 2U);
  const NetworkOutput other{"score", {1, 2}};
  EXPECT_EQ(find_output(std::span(&other, 1), "heatmaps").value(), 0U);
  EXPECT_NE(find_output(outputs(1), "pose").error().message.find("has 7 outputs, none of them called \"pose\""),
            std::string::npos);
}

TEST(DecodePose, LiesInThePictureWithItsScore) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  const PoseCodecPtr codec = gaussian_heatmap();
  const PoseAnswer answer = codec->check(outputs(17), skeleton, kInput).value();
  const Encoded encoded = encode(*codec, answer, std::vector<Point>(17, Point{40, 80}));
  const Affine image_from_input{.a = 2, .c = 5, .e = 2, .f = -7};
  const Pose pose = decode_pose(*codec, answer, encoded.values, image_from_input, {{1, 2, 3, 4}, 0.5F});
  ASSERT_EQ(pose.keypoints.size(), 17U);
  EXPECT_EQ(pose.keypoints[3].point, (Point{85, 153}));
  EXPECT_EQ(pose.box, (Box{1, 2, 3, 4}));
  EXPECT_EQ(pose.box_score, 0.5F);
  EXPECT_EQ(pose.score, 0.5F);  // peaks of 1 times the box's
}

TEST(DecodePose, MoveNetsHiddenJointsCountInThePersonsScore) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  const PoseCodecPtr codec = movenet();
  const PoseAnswer answer = codec->check(outputs(17), skeleton, {64, 32}).value();
  std::vector<float> values(17 * 3, 0.0F);  // 16 joints that score nothing
  values[0] = 0.25F;
  values[1] = 0.5F;
  values[2] = 0.85F;
  const float* from = values.data();
  const Pose pose = decode_pose(*codec, answer, {&from, 1}, {.a = 1, .e = 1}, {{1, 2, 3, 4}, 0.5F});
  EXPECT_EQ(pose.keypoints[0].point, (Point{31.5F, 7.5F}));
  EXPECT_FLOAT_EQ(pose.score, 0.85F / 17 * 0.5F);
}

TEST(DecodePose, WhatIsNoNumberIsNoJoint) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  const PoseCodecPtr codec = gaussian_heatmap();
  const PoseAnswer answer = codec->check(outputs(17), skeleton, kInput).value();
  constexpr std::size_t kMap = 64 * 48;
  for (const float peak : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> maps(17 * kMap, 0.0F);
    maps[3 * kMap + 70] = peak;
    maps[4 * kMap + 70] = 0.5F;
    const std::vector<const float*> values{maps.data()};
    const Pose pose = decode_pose(*codec, answer, values, {.a = 1, .e = 1}, {{1, 2, 3, 4}, 1.0F});
    EXPECT_EQ(pose.keypoints[3].score, 0.0F);
    EXPECT_EQ(pose.keypoints[4].score, 0.5F);
    EXPECT_TRUE(std::isfinite(pose.keypoints[3].point.x) && std::isfinite(pose.score));
  }
}

}  // namespace
}  // namespace poise
