#include "poise/formats/sequence_sink.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "kit/temporary_folder.h"
#include "poise/formats/mot.h"
#include "poise/formats/output_formats.h"
#include "poise/formats/posetrack.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr int kPeople = 2;

/// Where joint `j` of the person `id` is in a frame.
Point place_of_joint(int id, int j, std::int64_t frame) {
  const double turn = 0.3 * j + 0.1 * static_cast<double>(frame);
  return {static_cast<float>(100 * id + 30 * std::cos(turn) + 4 * j), static_cast<float>(200 + 40 * std::sin(turn))};
}

TimedFrame frame_of(std::int64_t index) {
  TimedFrame frame;
  frame.index = index;
  frame.seconds = static_cast<double>(index) / 25;
  frame.result.width = 640;
  frame.result.height = 480;
  for (int id = 3; id < 3 + kPeople; ++id) {
    if (id == 4 && index == 1) continue;  // not seen in this frame
    Pose pose;
    pose.track_id = id;
    pose.score = 0.5F;
    pose.box = {10.0F * static_cast<float>(id), 20, 30, 60};
    for (int j = 0; j < 17; ++j) pose.keypoints.push_back({place_of_joint(id, j, index), 0.75F});
    frame.result.poses.push_back(pose);
  }
  return frame;
}

std::string slurp(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

class Sequences : public ::testing::Test {
 protected:
  SequenceTarget target() const {
    SequenceTarget target;
    target.stem = folder_.path() / "match";
    target.skeleton = find_skeleton("coco17").value();
    return target;
  }

  std::vector<fs::path> write(const char* format, int frames) const {
    auto sink = find_output_format(format).value().sequence(target()).value();
    for (int i = 0; i < frames; ++i) sink->add(frame_of(i)).value();
    sink->finish().value();
    return sink->files();
  }

  kit::TemporaryFolder folder_;
};

TEST_F(Sequences, EachLineOfJsonIsAFrame) {
  const auto lines = split(slurp(write("poise", 3).at(0)), '\n');
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_NE(parse_json(lines[0]).value().find("skeleton"), nullptr);
  for (std::size_t i = 0; i < 3; ++i) {
    const Json json = parse_json(lines[i + 1]).value();
    EXPECT_EQ(json.find("frame")->as_integer(), static_cast<std::int64_t>(i));
    ASSERT_EQ(json.find("persons")->as_array().size(), i == 1 ? 1U : 2U);
    EXPECT_EQ(json.find("persons")->as_array()[0].find("track_id")->as_integer(), 3);
  }
}

TEST_F(Sequences, MotIsReadBack) {
  const MotSequence sequence = parse_mot(slurp(write("mot", 3).at(0))).value();
  ASSERT_EQ(sequence.rows.size(), 5U);
  EXPECT_EQ(sequence.rows[2].frame, 2);
  EXPECT_EQ(sequence.rows[1].id, 4);
  EXPECT_EQ(box_of(sequence.rows[1]), (Box{40, 20, 30, 60}));
}

TEST_F(Sequences, CsvHasALineAJoint) {
  const std::string text = slurp(write("csv", 1).at(0));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 2 * 17);
  EXPECT_NE(text.find("0,0,3,0.5,nose,330,200,0.75,0\n"), std::string::npos) << text;
}

TEST_F(Sequences, CocoResultsAreOneArrayWithTheFramesNumber) {
  const Json results = parse_json(slurp(write("coco", 3).at(0))).value();
  ASSERT_EQ(results.as_array().size(), 5U);
  EXPECT_EQ(results.as_array()[4].find("image_id")->as_integer(), 2);
  EXPECT_EQ(results.as_array()[4].find("track_id")->as_integer(), 4);
  EXPECT_EQ(parse_json(slurp(write("coco", 0).at(0))).value().as_array().size(), 0U);
}

TEST_F(Sequences, OpenposeHasAFileAFrameWithPersonIds) {
  const fs::path folder = write("openpose", 3).at(0);
  const Json json = parse_json(slurp(folder / "match_000000000002_keypoints.json")).value();
  const auto& people = json.find("people")->as_array();
  ASSERT_EQ(people.size(), 2U);
  EXPECT_EQ(people[1].find("person_id")->as_array().at(0).as_integer(), 4);
  EXPECT_EQ(people[1].find("pose_keypoints_2d")->as_array().size(), 75U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 3);
}

TEST_F(Sequences, PosetrackIsReadBackInBothForms) {
  for (const char* format : {"posetrack", "posetrack17"}) {
    const PosetrackSequence sequence = read_posetrack(write(format, 3).at(0)).value();
    ASSERT_EQ(sequence.frames.size(), 3U) << format;
    EXPECT_EQ(sequence.frames[1].persons.size(), 1U);
    EXPECT_EQ(sequence.frames[2].name, "match/000002.jpg");
    const PosetrackPerson& person = sequence.frames[2].persons[1];
    EXPECT_EQ(person.track, 4);
    ASSERT_EQ(person.points.size(), 15U);
    std::map<int, PosetrackPoint> points;
    for (const PosetrackPoint& point : person.points) points[point.joint] = point;
    const Point nose = place_of_joint(4, 0, 2);
    EXPECT_NEAR(points[13].x, nose.x, 6e-4);
    EXPECT_NEAR(*points[13].score, 0.75, 1e-6);
    const float neck = (place_of_joint(4, 5, 2).y + place_of_joint(4, 6, 2).y) / 2;
    EXPECT_NEAR(points[12].y, neck, 6e-4) << "head_bottom is the middle of the shoulders";
    EXPECT_NEAR(points[14].y, 2 * nose.y - neck, 2e-3) << "head_top is beyond the nose";
  }
}

/// Columns of a TRC file by marker and axis ("nose.X"), as a plain reader has them; empty fields are NaN.
struct Trc {
  std::vector<std::string> header;
  std::map<std::string, std::vector<double>> columns;
};

Trc read_trc(const fs::path& path) {
  const auto lines = split(slurp(path), '\n');
  Trc trc;
  trc.header = split(lines.at(2), '\t');
  auto names = split(lines.at(3), '\t');
  const auto axes = split(lines.at(4), '\t');
  for (std::size_t row = 6; row < lines.size(); ++row) {
    auto fields = split(lines[row], '\t');
    fields.resize(axes.size());
    names.resize(axes.size());
    std::string marker;
    for (std::size_t c = 0; c < fields.size(); ++c) {
      if (!names[c].empty()) marker = names[c];
      const std::string name = axes[c].empty() ? marker : marker + "." + axes[c].substr(0, 1);
      trc.columns[name].push_back(fields[c].empty() ? NAN : std::stod(fields[c]));
    }
  }
  return trc;
}

TEST_F(Sequences, TrcHasAFileAPersonInPixelsWithYUp) {
  const auto files = write("trc", 4);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].filename(), "match_person3.trc");
  Trc trc = read_trc(files[1]);
  EXPECT_EQ(trc.header.at(0), "25");
  EXPECT_EQ(trc.header.at(2), "4");
  EXPECT_EQ(trc.header.at(3), "17");
  EXPECT_EQ(trc.header.at(4), "px");
  const auto& x = trc.columns.at("left_wrist.X");
  const auto& y = trc.columns.at("left_wrist.Y");
  ASSERT_EQ(x.size(), 4U);
  EXPECT_TRUE(std::isnan(x[1])) << "not seen there";
  for (const int frame : {0, 2, 3}) {
    const Point point = place_of_joint(4, 9, frame);
    EXPECT_NEAR(x[static_cast<std::size_t>(frame)], point.x, 1e-5);
    EXPECT_NEAR(y[static_cast<std::size_t>(frame)], -point.y, 1e-5);
  }
  EXPECT_NEAR(trc.columns.at("Time")[3], 0.12, 1e-6);
}

/// A plain reader of BVH in the plane: the tree, and the place of each joint in each frame.
class Bvh {
 public:
  explicit Bvh(const fs::path& path) : text_(slurp(path)) {
    for (std::string word; text_ >> word && word != "MOTION";) {
      if (word == "ROOT" || word == "JOINT") {
        text_ >> word;
        nodes_.push_back({word, open_.empty() ? -1 : open_.back()});
        open_.push_back(static_cast<int>(nodes_.size()) - 1);
      } else if (word == "End") {
        open_.push_back(-1);
      } else if (word == "}") {
        open_.pop_back();
      } else if (word == "CHANNELS") {
        EXPECT_EQ((text_ >> word, word), "6");
      }
    }
    std::string word;
    text_ >> word >> frames >> word >> word >> seconds;
  }

  /// The next frame's places.
  std::map<std::string, std::pair<double, double>> next() {
    std::map<std::string, std::pair<double, double>> places;
    struct Frame {
      double x, y, angle;
    };
    std::vector<Frame> world;
    for (const auto& [name, parent] : nodes_) {
      double v[6];
      for (double& value : v) text_ >> value;
      EXPECT_EQ(v[2], 0) << "all lies in the plane";
      EXPECT_EQ(v[4], 0);
      EXPECT_EQ(v[5], 0);
      const Frame p = parent < 0 ? Frame{0, 0, 0} : world[static_cast<std::size_t>(parent)];
      world.push_back({p.x + std::cos(p.angle) * v[0] - std::sin(p.angle) * v[1],
                       p.y + std::sin(p.angle) * v[0] + std::cos(p.angle) * v[1], p.angle + v[3] * M_PI / 180});
      places[name] = {world.back().x, world.back().y};
      turns[name] = world.back().angle;
    }
    return places;
  }
  const std::string& root() const { return nodes_.front().first; }

  int frames = 0;
  double seconds = 0;
  std::map<std::string, double> turns;  // of the frame read last, radians

 private:
  std::istringstream text_;
  std::vector<std::pair<std::string, int>> nodes_;
  std::vector<int> open_;
};

TEST_F(Sequences, BvhGivesEachPlaceBackAndSaysThatItIsFlat) {
  const auto files = write("bvh", 5);
  ASSERT_EQ(files.size(), 2U);
  Bvh bvh(files[1]);
  EXPECT_EQ(bvh.root(), "hips_2d_image_plane");
  EXPECT_EQ(bvh.frames, 5);
  EXPECT_NEAR(bvh.seconds, 0.04, 1e-6);
  const Skeleton skeleton = target().skeleton;
  for (int frame = 0; frame < 5; ++frame) {
    const auto places = bvh.next();
    if (frame == 1) continue;  // not seen: it stays as it was
    for (int j = 0; j < 17; ++j) {
      const Point point = place_of_joint(4, j, frame);
      const auto [x, y] = places.at(skeleton.joints[static_cast<std::size_t>(j)].name);
      EXPECT_NEAR(x, point.x, 1e-3) << frame << " " << j;
      EXPECT_NEAR(y, -point.y, 1e-3) << frame << " " << j;
    }
    // An arm at rest points along x: the turn of the elbow is the forearm's direction.
    const auto [ex, ey] = places.at("left_elbow");
    const auto [wx, wy] = places.at("left_wrist");
    EXPECT_NEAR(std::remainder(bvh.turns.at("left_elbow") - std::atan2(wy - ey, wx - ex), 2 * M_PI), 0, 1e-4);
  }
}

TEST_F(Sequences, BvhWantsHipsAndShoulders) {
  SequenceTarget stick = target();
  stick.skeleton = {"stick", {{"head"}, {"foot"}}, {}, {{0, 1}}, "", {}};
  const auto sink = find_output_format("bvh").value().sequence(stick);
  ASSERT_FALSE(sink.ok());
  EXPECT_NE(sink.error().message.find("hips and shoulders"), std::string::npos);
  for (const char* name : {"lsp14", "mpii16", "openpose18", "ailia19"}) {
    stick.skeleton = find_skeleton(name).value();
    auto other = find_output_format("bvh").value().sequence(stick).value();
    TimedFrame frame = frame_of(0);
    for (Pose& pose : frame.result.poses) pose.keypoints.resize(stick.skeleton.joints.size());
    other->add(frame).value();
    other->finish().value();
    Bvh bvh(other->files().at(0));
    EXPECT_GE(bvh.next().size(), stick.skeleton.joints.size()) << name << ": every joint has a place in the tree";
  }
}

TEST_F(Sequences, UnfinishedFilesLeaveNothing) {
  for (const OutputFormat& format : output_formats()) {
    if (!format.holds_videos() || std::string(format.name) == "openpose") continue;
    auto sink = format.sequence(target()).value();
    sink->add(frame_of(0)).value();
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Sequences, NobodyIsAFileTooWhereOneFileHoldsAll) {
  for (const char* format : {"poise", "csv", "mot", "coco", "posetrack", "posetrack17"}) {
    EXPECT_TRUE(fs::exists(write(format, 0).at(0))) << format;
  }
  EXPECT_TRUE(write("trc", 0).empty());
  EXPECT_EQ(read_posetrack(write("posetrack", 0).at(0)).value().frames.size(), 0U);
}

}  // namespace
}  // namespace poise
