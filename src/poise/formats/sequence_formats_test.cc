#include "poise/formats/sequence_formats.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kit/temporary_folder.h"
#include "poise/formats/mot.h"

namespace poise {
namespace {

TimedFrame frame_with_two(std::int64_t index) {
  TimedFrame frame;
  frame.index = index;
  frame.seconds = static_cast<double>(index) / 30;
  frame.result.width = 640;
  frame.result.height = 480;
  for (int id = 3; id < 5; ++id) {
    Pose pose;
    pose.track_id = id;
    pose.score = 0.5F;
    pose.box = {10.0F * static_cast<float>(id), 20, 30, 60};
    pose.keypoints.assign(17, {{1.5F, 2.5F}, 0.75F});
    frame.result.poses.push_back(pose);
  }
  return frame;
}

std::string written(const char* format, const std::filesystem::path& path, int frames) {
  const Skeleton skeleton = find_skeleton("coco17").value();
  auto writer = SequenceWriter::create(path, find_sequence_format(format).value(), skeleton, {}).value();
  for (int i = 0; i < frames; ++i) writer.add(frame_with_two(i)).value();
  EXPECT_FALSE(std::filesystem::exists(path)) << "the file has its name at the end";
  writer.finish().value();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(SequenceFormats, EachLineOfJsonIsAFrame) {
  const kit::TemporaryFolder folder;
  std::istringstream lines(written("poise", folder.path() / "a.jsonl", 3));
  std::string line;
  std::getline(lines, line);
  EXPECT_NE(parse_json(line).value().find("skeleton"), nullptr);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(std::getline(lines, line));
    const Json json = parse_json(line).value();
    EXPECT_EQ(json.find("frame")->as_integer(), i);
    ASSERT_EQ(json.find("persons")->as_array().size(), 2U);
    EXPECT_EQ(json.find("persons")->as_array()[0].find("track_id")->as_integer(), 3);
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST(SequenceFormats, MotIsReadBack) {
  const kit::TemporaryFolder folder;
  const MotSequence sequence = parse_mot(written("mot", folder.path() / "a.txt", 2)).value();
  ASSERT_EQ(sequence.rows.size(), 4U);
  EXPECT_EQ(sequence.rows[2].frame, 2);
  EXPECT_EQ(sequence.rows[1].id, 4);
  EXPECT_EQ(box_of(sequence.rows[1]), (Box{40, 20, 30, 60}));
}

TEST(SequenceFormats, CsvHasALineAJoint) {
  const kit::TemporaryFolder folder;
  const std::string text = written("csv", folder.path() / "a.csv", 1);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 2 * 17);
  EXPECT_NE(text.find("0,0,3,0.5,nose,1.5,2.5,0.75\n"), std::string::npos);
}

TEST(SequenceFormats, UnfinishedFilesLeaveNothing) {
  const kit::TemporaryFolder folder;
  const Skeleton skeleton = find_skeleton("coco17").value();
  {
    auto writer = SequenceWriter::create(folder.path() / "a.jsonl", sequence_formats().front(), skeleton, {}).value();
    writer.add(frame_with_two(0)).value();
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_FALSE(find_sequence_format("c3d").ok());
}

}  // namespace
}  // namespace poise
