// What strangers may send: one clear error, or a documented rule; never a wrong number in silence.

#include <gtest/gtest.h>

#include <cmath>

#include "poise/base/file.h"
#include "poise/formats/pose_readers.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

MatVariable filled(const std::string& name, std::vector<std::uint64_t> dims, double value) {
  std::uint64_t count = 1;
  for (const std::uint64_t side : dims) count *= side;
  return {name, "double", std::move(dims), std::vector<double>(count, value), {}};
}

std::string lsp_error(const std::vector<MatVariable>& variables) {
  const auto set = lsp_from_mat(variables);
  return set.ok() ? "read" : set.error().message;
}
std::string mpii_error(const std::vector<MatVariable>& variables) {
  const auto set = mpii_from_mat(variables);
  return set.ok() ? "read" : set.error().message;
}
std::string mpii_json_error(const std::string& text) {
  const auto set = mpii_from_json(parse_json(text).value());
  return set.ok() ? "read" : set.error().message;
}
bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(HostileLsp, OtherVariablesAreNamed) {
  const std::string error = lsp_error({filled("RELEASE", {1, 1}, 0), filled("joints", {3, 15, 4}, 0)});
  EXPECT_TRUE(holds(error, "RELEASE 1x1 double, joints 3x15x4 double")) << error;
  EXPECT_TRUE(holds(lsp_error({}), "this file holds nothing"));
  EXPECT_TRUE(holds(lsp_error({filled("joints", {3, 14, 2, 2}, 0)}), "3x14x2x2"));
  EXPECT_TRUE(holds(lsp_error({filled("joints", {3, 14, 0}, 0)}), "3x14x0"));
}

TEST(HostileLsp, NumbersThatMeanNothing) {
  MatVariable joints = filled("joints", {3, 14, 2}, 1);
  joints.numbers[2] = 0.5;
  EXPECT_TRUE(holds(lsp_error({joints}), "joints, image 1, joint 1: its third number must be 0 or 1, it is 0.5"));
  joints.numbers[2] = std::nan("");
  EXPECT_TRUE(holds(lsp_error({joints}), "must be 0 or 1"));
  joints.numbers[2] = 1;
  joints.numbers[42 + 4] = std::nan("");
  EXPECT_TRUE(holds(lsp_error({joints}), "image 2, joint 2: its place is no pixel"));
  joints.numbers[42 + 4] = 1e300;
  EXPECT_TRUE(holds(lsp_error({joints}), "no pixel"));
}

TEST(HostileMpii, VariablesThatDoNotFit) {
  const MatVariable truth = filled("pos_gt_src", {16, 2, 3}, 1);
  const MatVariable missing = filled("jnt_missing", {16, 3}, 0);
  const MatVariable heads = filled("headboxes_src", {2, 2, 3}, 1);
  EXPECT_EQ(mpii_error({truth, missing, heads}), "read");
  EXPECT_TRUE(holds(mpii_error({filled("joints", {3, 14, 2}, 0)}), "joints 3x14x2"));
  EXPECT_TRUE(holds(mpii_error({truth, missing}), "no headboxes_src"));
  EXPECT_TRUE(holds(mpii_error({truth, filled("jnt_missing", {16, 2}, 0), heads}), "not of one number of persons"));
  EXPECT_TRUE(holds(mpii_error({truth, missing, filled("headboxes_src", {2, 2, 2}, 1)}), "not of one number"));
  EXPECT_TRUE(holds(mpii_error({filled("pos_gt_src", {2, 16, 3}, 1), missing, heads}), "pos_gt_src must be 16x2xN"));
  EXPECT_TRUE(holds(mpii_error({truth, filled("jnt_missing", {16, 3}, 2), heads}), "must be 0 or 1"));
  EXPECT_TRUE(holds(mpii_error({filled("pos_gt_src", {16, 2, 3}, NAN), missing, heads}), "is no pixel"));
  EXPECT_TRUE(holds(mpii_error({truth, missing, filled("headboxes_src", {2, 2, 3}, INFINITY)}), "no box of pixels"));
  EXPECT_TRUE(holds(mpii_error({filled("preds", {16, 2, 3}, 1)}), "preds must be Nx16x2"));
  // NaN among predictions is a joint that was not found.
  const auto set = mpii_from_mat({filled("preds", {3, 16, 2}, NAN)}).value();
  EXPECT_TRUE(std::isnan(set.images[2].poses[0].keypoints[15].point.x));
}

TEST(HostileMpii, Json) {
  EXPECT_TRUE(holds(mpii_json_error("{}"), "must be an array"));
  EXPECT_TRUE(holds(mpii_json_error("[1]"), "[0].image"));
  EXPECT_TRUE(holds(mpii_json_error(R"([{"image": "a", "center": [1], "scale": 1}])"), "[0].center"));
  EXPECT_TRUE(holds(mpii_json_error(R"([{"image": "a", "center": [1, 1e300], "scale": 1}])"), "[0].center"));
  EXPECT_TRUE(holds(mpii_json_error(R"([{"image": "a", "center": [1, 1]}])"), "[0].scale"));
  EXPECT_TRUE(
      holds(mpii_json_error(R"([{"image": "a", "center": [1, 1], "scale": 1, "joints": [[1, 2]]}])"), "16 points"));
}

class HostileFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / "poise-hostile-poses";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  /// The one-line error of reading `text` from a file of this name, "read" where there is none.
  std::string error(const std::string& name, const std::string& text) const {
    const fs::path path = folder_ / name;
    EXPECT_TRUE(write_file_atomic(path, std::string_view(text)).ok());
    const auto format = guess_format(path);
    if (!format.ok()) return format.error().message;
    const auto set = read_pose_set(path, *format);
    if (set.ok()) return "read";
    EXPECT_TRUE(set.error().message.starts_with(folder_.string())) << set.error().message;
    EXPECT_EQ(set.error().message.find('\n'), std::string::npos);
    return set.error().message;
  }
  fs::path folder_;
};

TEST_F(HostileFiles, Json) {
  EXPECT_TRUE(holds(error("a.json", ""), "the file is empty"));
  EXPECT_TRUE(holds(error("a.json", "[" + std::string(100'000, '[')), "nested deeper"));
  EXPECT_TRUE(holds(error("a.json", R"([{"image_id": 1, "score": NaN, "keypoints": [1, 2, 3]}])"), "NaN"));
  EXPECT_TRUE(holds(error("a.json", R"([{"image_id": 1, "keypoints": [1, 2, 3]}])"), "results[0].score is missing"));
  EXPECT_TRUE(holds(error("a.json", R"([{"image_id": 1, "score": 1, "keypoints": [1, 2, 3]}])"),
                    "1 joint and the file does not name them"));
  EXPECT_TRUE(holds(error("a.json", R"([{"image_id": 1, "score": 1, "keypoints": [1, 2, 1e300]}])"), "no pixel"));
  EXPECT_TRUE(holds(error("a.json", R"([{"image_id": 1, "score": 1, "keypoints": []}])"), "missing or empty"));
  EXPECT_TRUE(holds(error("a.json", R"([{"image_id": 1, "score": 1, "keypoints": [1,2,3]},
                                        {"image_id": 1, "score": 1, "keypoints": [1,2,3,4,5,6]}])"),
                    "results[1] has 2 joints, the ones before have 1"));
  EXPECT_EQ(error("a.json", "[]"), "read");
}

TEST_F(HostileFiles, Openpose) {
  EXPECT_TRUE(holds(error("a_keypoints.json", "{}"), "no array \"people\""));
  EXPECT_TRUE(holds(error("a_keypoints.json", R"({"people": [{"pose_keypoints_2d": [1, 2]}]})"), "three numbers"));
  EXPECT_TRUE(
      holds(error("a_keypoints.json", R"({"people": [{"pose_keypoints_2d": [1, 2, 3]}]})"), "name their skeleton"));
  EXPECT_TRUE(holds(error("a_keypoints.json", R"({"people": [{"pose_keypoints_2d": [1, 2)"), "truncated"));
  EXPECT_EQ(error("a_keypoints.json", R"({"people": []})"), "read");
}

TEST_F(HostileFiles, Csv) {
  const std::string header = "source,person,score,joint,x,y,joint_score\n";
  EXPECT_TRUE(holds(error("a.csv", ""), "the file is empty"));
  EXPECT_TRUE(holds(error("a.csv", "a,b\n"), "line 1: not a poses CSV: its first line must name the columns"));
  EXPECT_TRUE(holds(error("a.csv", header + "a,0,1\n"), "line 2: 7 fields wanted, it has 3"));
  EXPECT_TRUE(holds(error("a.csv", header + "a,0,1,nose,x,1,1\n"), "line 2: x must be a number"));
  EXPECT_TRUE(holds(error("a.csv", header + "a,0,1,nose,1e300,1,1\n"), "x must be a number"));
  EXPECT_TRUE(holds(error("a.csv", header + "a,0,1,nose,nan,1,1\n"), "x must be a number"));
  EXPECT_TRUE(holds(error("a.csv", header + "a,0,1,nose,1,1,1,1\n"), "line 2: 7 fields wanted, it has 8"));
  EXPECT_TRUE(holds(error("a.csv", header + std::string(70, ',')), "line 2: more than 64 fields"));
  EXPECT_TRUE(holds(error("a.csv", header + "\"a\nb\",0,1,nose,1,1,1\na,0,1\n"), "line 4: 7 fields"))
      << "lines are counted";
  EXPECT_TRUE(holds(error("a.csv", "source;person;score;joint;x;y;joint_score\n"), "semicolons"));
  EXPECT_TRUE(holds(error("a.csv", "source,person\ra,0\r"), "line 1: a line ends as on an old Macintosh"));
  EXPECT_TRUE(holds(error("a.csv", "x," + header), "line 1: not a poses CSV")) << "x twice";
  EXPECT_EQ(error("a.csv", "note,joint,x,y,joint_score,source,person,score\n,nose,1,2,.5,a.png,0,.9\n"), "read");
  EXPECT_TRUE(holds(error("a.csv", header + "\"a"), "does not end"));
  EXPECT_EQ(error("a.csv", header + "a,0,1,nose,,,\n"), "read");
}

TEST_F(HostileFiles, Poise) {
  EXPECT_TRUE(holds(error("a.poses.json", "{}"), "poise_poses"));
  const std::string head = R"({"poise_poses": 1, "source": "a", "box_source": "b", "image": {"width": 1, "height": 1,
    "exif_orientation": 1, "exif_applied": false}, "persons": [], "skeleton": {"joints": )";
  EXPECT_EQ(error("a.poses.json", head + "[\"nose\"]}}"), "read");
  EXPECT_TRUE(holds(error("a.poses.json", head + "[1]}}"), "must be names"));
  EXPECT_TRUE(holds(error("a.poses.json", head + "[\"nose\", \"nose\"]}}"), "second joint"));
}

TEST_F(HostileFiles, Mat) {
  EXPECT_TRUE(holds(error("a.mat", "not one"), "not a .mat file"));
  const Bytes other = write_mat({filled("weights", {5, 5}, 1)});
  EXPECT_TRUE(holds(error("a.mat", std::string(other.begin(), other.end())), "it holds weights 5x5 double"));
}

TEST_F(HostileFiles, CsvWithAPlaceForEachJointOfEachPerson) {
  std::string rows = "source,person,score,joint,x,y,joint_score\n";
  for (int j = 0; j < 4000; ++j) rows += "a,0,,j" + std::to_string(j) + ",,,\n";
  for (int p = 1; p < 5000; ++p) rows += "a," + std::to_string(p) + ",,j0,,,\n";
  EXPECT_TRUE(holds(error("a.csv", rows), "so many small parts"));
}

}  // namespace
}  // namespace poise
