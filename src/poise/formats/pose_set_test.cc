#include "poise/formats/pose_set.h"

#include <gtest/gtest.h>

#include <cmath>

#include "poise/base/file.h"
#include "poise/formats/pose_readers.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / (std::string("poise-pose-set-") + test->test_suite_name() + test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};
using PoseSetFiles = Folder;

MatVariable array(const std::string& name, std::vector<std::uint64_t> dims) {
  MatVariable variable{name, "double", std::move(dims), {}, {}};
  std::uint64_t count = 1;
  for (const std::uint64_t side : variable.dims) count *= side;
  variable.numbers.resize(count);
  return variable;
}

/// Two poses in one picture and one in another, of a built-in skeleton; the last joint of the first was not found.
PoseSet predictions(const std::string& skeleton) {
  PoseSet set;
  set.skeleton = find_skeleton(skeleton).value();
  for (int i = 0; i < 3; ++i) {
    Pose pose;
    pose.score = 0.25F + 0.125F * static_cast<float>(i);
    pose.box = {10, 20, 30, 40};
    for (int j = 0; j < set.skeleton.size(); ++j) {
      const auto f = static_cast<float>(j);
      pose.keypoints.push_back({{f + 0.5F, 2 * f + static_cast<float>(i)}, 0.5F});
    }
    if (i == 0) pose.keypoints.back() = not_found_keypoint();
    if (i != 1) set.images.emplace_back().name = i == 0 ? "a.jpg" : "b_12.jpg";
    set.images.back().poses.push_back(pose);
  }
  return set;
}

void expect_same(const Pose& a, const Pose& b) {
  ASSERT_EQ(a.keypoints.size(), b.keypoints.size());
  for (std::size_t j = 0; j < a.keypoints.size(); ++j) {
    const Point p = a.keypoints[j].point, q = b.keypoints[j].point;
    EXPECT_EQ(std::isnan(p.x), std::isnan(q.x)) << j;
    if (std::isnan(p.x)) continue;
    EXPECT_EQ(p, q) << j;
  }
}

TEST(Mpii, FirstPixelIsZero) {
  MatVariable preds = array("preds", {1, 16, 2});
  std::fill(preds.numbers.begin(), preds.numbers.end(), 1.0);
  EXPECT_EQ(mpii_from_mat({preds})->images[0].poses[0].keypoints[3].point, (Point{0, 0}));
  MatVariable truth = array("pos_gt_src", {16, 2});
  std::fill(truth.numbers.begin(), truth.numbers.end(), 1.0);
  const auto set = mpii_from_mat({truth, array("jnt_missing", {16, 1}), array("headboxes_src", {2, 2, 1})}).value();
  EXPECT_EQ(set.images[0].truths[0].keypoints[15].point, (Point{0, 0}));
  std::string joints, visible;
  for (int j = 0; j < 16; ++j) {
    joints += std::string(j == 0 ? "" : ",") + "[1, 1]";
    visible += std::string(j == 0 ? "" : ",") + "1";
  }
  const auto json =
      mpii_from_json(parse_json("[{\"image\": \"a.jpg\", \"center\": [1, 1], \"scale\": 0, \"joints\": [" + joints +
                                "], \"joints_vis\": [" + visible + "]}]")
                         .value())
          .value();
  EXPECT_EQ(json.images[0].truths[0].keypoints[0].point, (Point{0, 0}));
  EXPECT_EQ(json.images[0].truths[0].box, (Box{0, 0, 0, 0}));
}

TEST(Lsp, FirstPixelIsZeroAndOneIsOccluded) {
  MatVariable joints = array("joints", {3, 14, 2});
  std::fill(joints.numbers.begin(), joints.numbers.end(), 1.0);
  joints.numbers[2] = 0;
  const PoseSet set = lsp_from_mat({joints}).value();
  EXPECT_TRUE(set.is_truth);
  EXPECT_EQ(set.annotated, Annotated::kUnstated);
  ASSERT_EQ(set.images.size(), 2U);
  EXPECT_EQ(set.images[1].name, "im0002.jpg");
  EXPECT_EQ(set.images[0].truths[0].keypoints[0].point, (Point{0, 0}));
  EXPECT_EQ(set.images[0].truths[0].keypoints[0].visibility, Visibility::kVisible);
  EXPECT_EQ(set.images[0].truths[0].keypoints[1].visibility, Visibility::kOccluded);
}

TEST(Lspet, FirstPixelIsZeroAndOneIsVisible) {
  MatVariable joints = array("joints", {14, 3, 1});
  for (std::size_t j = 0; j < 14; ++j) {
    joints.numbers[j] = 5;
    joints.numbers[14 + j] = 1;
  }
  joints.numbers[28 + 4] = 1;
  const PoseSet set = lsp_from_mat({joints}).value();
  EXPECT_EQ(set.annotated, Annotated::kPersonCentric);
  EXPECT_EQ(set.images[0].name, "im00001.jpg");
  const auto& knee = set.images[0].truths[0].keypoints[4];
  EXPECT_EQ(knee.point, (Point{4, 0}));
  EXPECT_EQ(knee.visibility, Visibility::kVisible);
  EXPECT_EQ(set.images[0].truths[0].keypoints[5].visibility, Visibility::kAbsent);
}

TEST(Lsp, PredictionsAreRows) {
  MatVariable pred = array("pred", {2, 14, 3});
  pred.numbers[28] = 7;  // second row, first joint, x
  pred.numbers[29] = std::nan("");
  const PoseSet set = lsp_from_mat({pred}).value();
  EXPECT_FALSE(set.is_truth);
  EXPECT_TRUE(set.nameless);
  ASSERT_EQ(set.persons(), 3U);
  EXPECT_TRUE(std::isnan(set.images[1].poses[0].keypoints[0].point.x));
  EXPECT_EQ(set.images[1].poses[0].keypoints[1].point, (Point{-1, -1}));
}

/// The square of Simple Baselines: c + (0, 15 s) - 1, side 250 s.
TEST(Mpii, BoxIsTheAuthorsSquare) {
  const auto set = mpii_from_json(parse_json(R"([{"image": "a.jpg", "center": [966, 340], "scale": 4},
                     {"image": "b.jpg", "center": [1, 1], "scale": 1}, {"image": "a.jpg", "center": [1, 1], "scale": 1}])")
                                      .value());
  ASSERT_TRUE(set.ok()) << set.error().message;
  EXPECT_EQ(set->images[0].truths[0].box, (Box{465, -101, 1000, 1000}));
  ASSERT_EQ(set->images.size(), 2U);
  ASSERT_EQ(set->images[0].truths.size(), 2U);
  EXPECT_EQ(set->images[0].truths[1].id, 3);
}

TEST(PoseFormats, NamesAndGuesses) {
  for (const std::string& name : format_names()) EXPECT_TRUE(format_by_name(name).ok()) << name;
  EXPECT_NE(format_by_name("voc").error().message.find("coco, mpii"), std::string::npos);
  EXPECT_EQ(skeleton_of_joints({"nose", "left_x", "right_x"})->flip_pairs.size(), 1U);
  EXPECT_FALSE(skeleton_of_joints({"nose", "nose"}).ok());
}

TEST_F(PoseSetFiles, PredictionsGoThroughEveryFormat) {
  const PoseSet set = predictions("coco17");
  struct Case {
    PoseFormat format;
    const char* out;
  };
  for (const Case one : {Case{PoseFormat::kCoco, "r.json"}, Case{PoseFormat::kCsv, "r.csv"},
                         Case{PoseFormat::kPoise, "poise"}, Case{PoseFormat::kOpenpose, "openpose"}}) {
    std::vector<std::string> notes;
    const Status written = write_pose_set(set, one.format, folder_ / one.out, notes);
    ASSERT_TRUE(written.ok()) << written.error().message;
    EXPECT_EQ(guess_format(folder_ / one.out).value(), one.format) << one.out;
    const auto read = read_pose_set(folder_ / one.out, one.format);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_FALSE(read->is_truth);
    ASSERT_EQ(read->images.size(), 2U) << one.out;
    ASSERT_EQ(read->images[0].poses.size(), 2U);
    ASSERT_EQ(read->images[1].poses.size(), 1U);
    if (one.format == PoseFormat::kOpenpose) {  // BODY_25 in place of COCO's 17
      ASSERT_EQ(read->skeleton.size(), 25);
      EXPECT_EQ(read->images[1].poses[0].keypoints[7].point, set.images[1].poses[0].keypoints[9].point);
      EXPECT_TRUE(std::isnan(read->images[0].poses[0].keypoints[11].point.x));
      continue;
    }
    EXPECT_EQ(read->skeleton, set.skeleton) << one.out;
    if (one.format == PoseFormat::kPoise) continue;  // 0,0 with score 0 there
    expect_same(read->images[0].poses[0], set.images[0].poses[0]);
    expect_same(read->images[1].poses[0], set.images[1].poses[0]);
    EXPECT_EQ(read->images[0].poses[1].score, 0.375F);
  }
}

TEST_F(PoseSetFiles, RowsOfMatFiles) {
  struct Case {
    PoseFormat format;
    const char* skeleton;
  };
  for (const Case one : {Case{PoseFormat::kMpii, "mpii16"}, Case{PoseFormat::kLsp, "lsp14"}}) {
    const PoseSet set = predictions(one.skeleton);
    std::vector<std::string> notes;
    ASSERT_TRUE(write_pose_set(set, one.format, folder_ / "r.mat", notes).ok());
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_NE(notes[0].find("1 pose left out"), std::string::npos) << notes[0];
    EXPECT_EQ(guess_format(folder_ / "r.mat").value(), one.format);
    const auto read = read_pose_set(folder_ / "r.mat", one.format).value();
    ASSERT_EQ(read.persons(), 2U);
    expect_same(read.images[0].poses[0], set.images[0].poses[1]);  // the better of the two
    expect_same(read.images[1].poses[0], set.images[1].poses[0]);
  }
}

TEST_F(PoseSetFiles, TruthsGoThroughTheirFormats) {
  const PoseSet mpii = read_pose_set(POISE_SOURCE_DIR "/tests/golden/persons/gt_valid.mat", PoseFormat::kMpii).value();
  std::vector<std::string> notes;
  EXPECT_FALSE(write_pose_set(mpii, PoseFormat::kMpii, folder_ / "a.json", notes).ok());  // it has no image names
  const PoseSet lsp = read_pose_set(POISE_SOURCE_DIR "/tests/golden/persons/joints.mat", PoseFormat::kLsp).value();
  for (const auto& [format, name] : {std::pair(PoseFormat::kCoco, "t.json"), std::pair(PoseFormat::kMpii, "m.json"),
                                     std::pair(PoseFormat::kLsp, "t.mat"), std::pair(PoseFormat::kLspet, "e.mat")}) {
    notes.clear();
    const Status written = write_pose_set(lsp, format, folder_ / name, notes);
    ASSERT_TRUE(written.ok()) << written.error().message;
    const auto read = read_pose_set(folder_ / name, guess_format(folder_ / name).value());
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_TRUE(read->is_truth);
    ASSERT_EQ(read->persons(), lsp.persons());
    const auto at = [](const PoseSet& set, std::size_t row, const std::string& joint) {
      const int index = set.skeleton.index_of(joint).value();
      return set.images[row].truths[0].keypoints[static_cast<std::size_t>(index)];
    };
    for (std::size_t row = 0; row < lsp.images.size(); ++row) {
      for (const char* joint : {"left_wrist", "right_hip", "head_top"}) {
        const Point p = at(*read, row, joint).point, q = at(lsp, row, joint).point;
        EXPECT_NEAR(p.x, q.x, 1e-4);
        EXPECT_NEAR(p.y, q.y, 1e-4);
        if (format == PoseFormat::kCoco || format == PoseFormat::kLsp) {
          EXPECT_EQ(at(*read, row, joint).visibility, at(lsp, row, joint).visibility);
        }
      }
    }
    EXPECT_EQ(notes.size(), format == PoseFormat::kMpii ? 2U : 0U);  // pelvis, thorax, upper_neck; and neck
  }
}

TEST_F(PoseSetFiles, MpiiSampleComesBackAsItWas) {
  const fs::path sample = POISE_SOURCE_DIR "/../shared/data/mpii-sample/test_mpii.json";
  if (!fs::exists(sample)) GTEST_SKIP() << sample << " is not there";
  const PoseSet set = read_pose_set(sample, guess_format(sample).value()).value();
  std::vector<std::string> notes;
  ASSERT_TRUE(write_pose_set(set, PoseFormat::kMpii, folder_ / "again.json", notes).ok());
  const Json before = parse_json(read_file(sample, 1U << 20U).value()).value();
  const Json after = parse_json(read_file(folder_ / "again.json", 1U << 20U).value()).value();
  ASSERT_EQ(before.as_array().size(), after.as_array().size());
  for (std::size_t i = 0; i < before.as_array().size(); ++i) {
    const Json& a = before.as_array()[i];
    const Json& b = after.as_array()[i];
    EXPECT_EQ(a.string("image").value(), b.string("image").value());
    EXPECT_NEAR(a.number("scale").value(), b.number("scale").value(), 1e-5);
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_NEAR(a.numbers("center").value()[k], b.numbers("center").value()[k], 1e-3);
    }
    EXPECT_EQ(a.numbers("joints_vis").value(), b.numbers("joints_vis").value());
  }
}

}  // namespace
}  // namespace poise
