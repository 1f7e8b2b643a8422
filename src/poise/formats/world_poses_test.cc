#include "poise/formats/world_poses.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "kit/temporary_folder.h"
#include "poise/base/random.h"
#include "poise/tensor/npy.h"

namespace poise {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Someone who walks along x and turns about z, with a joint that is not always seen, and a second who comes later.
WorldPoseSet walkers() {
  WorldPoseSet set;
  set.skeleton = find_skeleton("coco17").value();
  set.up = UpAxis::kZ;
  // Metres before a camera: x to the person's left, y up.
  const std::vector<std::pair<double, double>> standing{
      {0, 1.6},   {.03, 1.63}, {-.03, 1.63}, {.07, 1.6}, {-.07, 1.6}, {.2, 1.4}, {-.2, 1.4}, {.25, 1.1}, {-.25, 1.1},
      {.27, .85}, {-.27, .85}, {.1, .9},     {-.1, .9},  {.1, .5},    {-.1, .5}, {.1, .08},  {-.1, .08}};
  for (int f = 0; f < 5; ++f) {
    WorldFrame& frame = set.frames.emplace_back();
    frame.index = 10 + f;
    frame.seconds = f / 25.0;
    for (int id = 1; id <= (f < 2 ? 1 : 2); ++id) {
      WorldPose& pose = frame.poses.emplace_back();
      pose.track_id = id;
      pose.score = 0.5F;
      const Matrix3 turn = rotation_from_vector({0, 0, 0.2 * f});
      for (const auto& [left, height] : standing) {
        // z up: the person looks along x, their left is y.
        const Point3 p = turn * Point3{0.02 * height, left, height};
        pose.keypoints.push_back({p + Point3{0.1 * f + id, 0, 0}, 0.75F, 1.5F});
      }
      if (f == 3) pose.keypoints[9].point = {kNan, kNan, kNan};
    }
  }
  return set;
}

class WorldPoses : public ::testing::Test {
 protected:
  std::string write(const WorldPoseSet& set, const char* format, std::size_t number = 0) {
    const auto files = write_world_poses(set, {}, find_world_format(format).value(), folder_.path() / "out").value();
    std::ifstream file(files.at(number));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string error(const std::string& text) {
    const auto read = parse_world_poses(text);
    return read.ok() ? "" : read.error().message;
  }
  kit::TemporaryFolder folder_;
};

TEST_F(WorldPoses, LinesComeBack) {
  const WorldPoseSet set = walkers();
  write(set, "jsonl");
  const WorldPoseSet back = read_world_poses(folder_.path() / "out.jsonl").value();
  EXPECT_EQ(back.skeleton.name, "coco17");
  EXPECT_EQ(back.up, UpAxis::kZ);
  ASSERT_EQ(back.frames.size(), set.frames.size());
  for (std::size_t f = 0; f < set.frames.size(); ++f) {
    EXPECT_EQ(back.frames[f].index, set.frames[f].index);
    EXPECT_EQ(back.frames[f].seconds, set.frames[f].seconds);
    ASSERT_EQ(back.frames[f].poses.size(), set.frames[f].poses.size());
    for (std::size_t i = 0; i < set.frames[f].poses.size(); ++i) {
      const WorldPose &a = back.frames[f].poses[i], &b = set.frames[f].poses[i];
      EXPECT_EQ(a.track_id, b.track_id);
      for (std::size_t j = 0; j < 17; ++j) {
        ASSERT_EQ(is_finite(a.keypoints[j].point), is_finite(b.keypoints[j].point));
        if (!is_finite(a.keypoints[j].point)) continue;
        EXPECT_LT(distance(a.keypoints[j].point, b.keypoints[j].point), 1e-5);  // a hundredth of a millimetre
        EXPECT_EQ(a.keypoints[j].score, 0.75F);
        EXPECT_EQ(a.keypoints[j].error, 1.5F);
      }
    }
  }
}

TEST_F(WorldPoses, Arrays) {
  const WorldPoseSet one = parse_world_poses("[[1,2,3],[4,5,6]]", 0.001).value();
  ASSERT_EQ(one.frames.size(), 1U);
  EXPECT_FALSE(one.named);
  EXPECT_NEAR(one.frames[0].poses[0].keypoints[1].point.z, 0.006, 1e-12);
  const WorldPoseSet two = parse_world_poses("{\"poses\": [[[1,2,3], null], [[4,5,6],[7,8,9]]]}").value();
  ASSERT_EQ(two.frames.size(), 2U);
  EXPECT_FALSE(is_finite(two.frames[0].poses[0].keypoints[1].point));
  Tensor tensor = Tensor::from({1, 2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(write_npy(folder_.path() / "a.npy", tensor).ok());
  EXPECT_EQ(read_world_poses(folder_.path() / "a.npy").value().frames[0].poses[0].keypoints[1].point,
            (Point3{4, 5, 6}));
}

TEST_F(WorldPoses, WhatIsWrongIsNamed) {
  EXPECT_EQ(error("[]"), "poses must be an array of shape (frames, joints, 3) or (joints, 3)");
  EXPECT_EQ(error("[[[1,2,3]],[[1,2,3],[1,2,3]]]"), "poses[1] must have 1 joint, as the first has");
  EXPECT_EQ(error("[[[1,2]]]"), "poses[0][0] must be 3 finite numbers, or null");
  EXPECT_EQ(error("[[[1,2,1e300]]]"), "poses[0][0] must be 3 finite numbers, or null");
  const std::string first = R"({"poise_world_poses":1,"unit":"m","up":"z","skeleton":{"joints":["a","b"],"limbs":[]}})"
                            "\n";
  EXPECT_EQ(error(first), "");
  EXPECT_EQ(error(first + R"({"frame":0,"seconds":0,"persons":[{"score":1,"keypoints":[[1,2,3,1]]}]})"),
            "line 2: persons[0].keypoints must have an entry for each of the 2 joints");
  EXPECT_EQ(error(first + R"({"frame":0,"seconds":0})"), "line 2: persons must be an array");
  EXPECT_NE(error(R"({"poise_world_poses":2})").find("a newer poise"), std::string::npos);
  EXPECT_NE(error(R"({"poise_poses":1})").find("of two dimensions"), std::string::npos);
  EXPECT_FALSE(read_world_poses(folder_.path() / "none.jsonl").ok());
}

TEST_F(WorldPoses, MarkersInMetresWithYUp) {
  const std::string text = write(walkers(), "trc", 1);
  std::istringstream lines(text);
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  ASSERT_EQ(all.size(), 6U + 3U);
  EXPECT_EQ(all[0], "PathFileType\t4\t(X/Y/Z)\tout_person2.trc");
  EXPECT_EQ(all[2], "25\t25\t3\t17\tm\t25\t12\t3");
  // Frame 12, nose: z (1.6) is y there.
  std::istringstream row(all[6]);
  double frame = 0, time = 0, x = 0, y = 0, z = 0;
  row >> frame >> time >> x >> y >> z;
  EXPECT_EQ(frame, 12);
  EXPECT_NEAR(time, 0.08, 1e-9);
  EXPECT_NEAR(y, 1.6, 1e-6);
  EXPECT_NEAR(z, 2.2 + 0.032 * std::cos(0.4), 1e-6);
  EXPECT_NE(all[7].find("\t\t\t"), std::string::npos);  // frame 13 has no left wrist
}

/// Reads a motion file as players do: joints by the channels in their order.
struct Motion {
  struct Joint {
    std::string name;
    int parent = -1;
  };
  std::vector<Joint> joints;
  std::vector<std::vector<double>> frames;

  explicit Motion(const std::string& text) {
    std::istringstream words(text);
    std::vector<int> open;
    bool end_site = false;
    std::string word;
    while (words >> word && word != "MOTION") {
      if (word == "ROOT" || word == "JOINT") {
        Joint joint;
        words >> joint.name;
        joint.parent = open.empty() ? -1 : open.back();
        joints.push_back(joint);
        end_site = false;
      } else if (word == "End") {
        end_site = true;
      } else if (word == "{") {
        open.push_back(end_site ? -1 : static_cast<int>(joints.size()) - 1);
      } else if (word == "}") {
        open.pop_back();
        end_site = false;
      }
    }
    std::size_t count = 0;
    double rate = 0;
    words >> word >> count >> word >> word >> rate;
    for (std::size_t f = 0; f < count; ++f) {
      auto& frame = frames.emplace_back(joints.size() * 6);
      for (double& value : frame) words >> value;
    }
  }

  /// Metres, y up.
  std::vector<Point3> places(std::size_t frame) const {
    std::vector<Point3> place(joints.size());
    std::vector<Matrix3> turn(joints.size());
    for (std::size_t j = 0; j < joints.size(); ++j) {
      const double* c = frames[frame].data() + 6 * j;
      const double degree = std::acos(-1.0) / 180;
      const Matrix3 own = rotation_from_vector({0, 0, c[3] * degree}) * rotation_from_vector({c[4] * degree, 0, 0}) *
                          rotation_from_vector({0, c[5] * degree, 0});
      const int p = joints[j].parent;
      const Point3 offset{c[0] / 100, c[1] / 100, c[2] / 100};
      place[j] = p < 0 ? offset : place[static_cast<std::size_t>(p)] + turn[static_cast<std::size_t>(p)] * offset;
      turn[j] = p < 0 ? own : turn[static_cast<std::size_t>(p)] * own;
    }
    return place;
  }
  std::size_t index(const std::string& name) const {
    for (std::size_t j = 0; j < joints.size(); ++j) {
      if (joints[j].name == name) return j;
    }
    ADD_FAILURE() << name;
    return 0;
  }
};

TEST_F(WorldPoses, MotionPutsJointsWhereTheyAre) {
  const WorldPoseSet set = walkers();
  const Motion motion(write(set, "bvh"));
  ASSERT_EQ(motion.frames.size(), set.frames.size());
  for (std::size_t f = 0; f < set.frames.size(); ++f) {
    const auto places = motion.places(f);
    for (std::size_t j = 0; j < 17; ++j) {
      const Point3 truth = set.frames[f].poses[0].keypoints[j].point;
      if (!is_finite(truth)) continue;
      const Point3 y_up{truth.y, truth.z, truth.x};
      EXPECT_LT(distance(places[motion.index(set.skeleton.joints[j].name)], y_up), 1e-5) << f << " " << j;
    }
  }
}

TEST_F(WorldPoses, HipsTurnWithThePerson) {
  // The walker turns about the vertical by 0.2 radians a frame: the root's y channel says so.
  const Motion motion(write(walkers(), "bvh"));
  for (std::size_t f = 1; f < 5; ++f) {
    EXPECT_NEAR(motion.frames[f][5] - motion.frames[f - 1][5], 0.2 * 180 / std::acos(-1.0), 0.2) << f;
  }
}

TEST_F(WorldPoses, FormatsByName) {
  EXPECT_EQ(find_world_format("csv")->ending, std::string(".csv"));
  EXPECT_NE(find_world_format("c3d").error().message.find("jsonl csv trc bvh"), std::string::npos);
  const std::string csv = write(walkers(), "csv");
  EXPECT_TRUE(
      csv.starts_with("frame,seconds,id,score,joint,x,y,z,joint_score,error\n10,0,1,0.5,nose,1.032,0,1.6,0.75,1.5"))
      << csv.substr(0, 120);
}

}  // namespace
}  // namespace poise
