#include "poise/train/run_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

class Log : public ::testing::Test {
 protected:
  static Json line(std::int64_t step) { return Json::Object{{"step", step}, {"epoch", 1}, {"loss", 0.5}}; }
  static Json epoch(std::int64_t step, int number) {
    return Json::Object{{"step", step},         {"epoch", number},
                        {"loss", 0.5 / number}, {"val_loss", 0.75},
                        {"pck", 0.25},          {"joints", Json::Object{{"nose", 0.5}, {"left_eye", -1.0}}}};
  }
  std::string text() const {
    const Bytes bytes = read_file(folder_ / "log.jsonl", 1U << 20U).value();
    return {bytes.begin(), bytes.end()};
  }
  /// All TensorBoard files, in the order of their names.
  std::vector<std::string> events() const {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().filename().string().starts_with("events.out")) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> texts;
    for (const fs::path& path : paths) {
      const Bytes bytes = read_file(path, 1U << 20U).value();
      texts.emplace_back(bytes.begin(), bytes.end());
    }
    return texts;
  }

  const kit::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(Log, LinesAndEventsAsTheyCome) {
  RunLog log = RunLog::open(folder_, 0, 1e9).value();
  ASSERT_TRUE(log.add(line(10), 1e9).ok());
  ASSERT_TRUE(log.add(epoch(20, 1), 1e9).ok());
  EXPECT_EQ(text(), line(10).dump() + "\n" + epoch(20, 1).dump() + "\n");
  ASSERT_EQ(events().size(), 1U);
  const std::string all = events()[0];
  for (const char* tag : {"loss", "val_loss", "pck"}) EXPECT_NE(all.find(tag), std::string::npos) << tag;
  EXPECT_NE(all.find("joints/nose"), std::string::npos);
  EXPECT_EQ(all.find("joints/left_eye"), std::string::npos);  // nobody's was labelled
  ASSERT_TRUE(log.add_picture("val", Image(8, 6), 20, 1e9).ok());
  const std::string more = events()[0].substr(all.size());
  EXPECT_NE(more.find("val"), std::string::npos);
  EXPECT_NE(more.find("\xff\xd8\xff"), std::string::npos);  // a JPEG
}

TEST_F(Log, WhatAStoppedRunWroteTooFarIsDropped) {
  {
    RunLog log = RunLog::open(folder_, 0, 1e9).value();
    for (const Json& record : {line(10), epoch(20, 1), line(30), epoch(40, 2)}) ASSERT_TRUE(log.add(record, 1e9).ok());
  }
  const std::string cut = text() + R"({"step":45,"lo)";  // killed while it wrote
  ASSERT_TRUE(write_file_atomic(folder_ / "log.jsonl", cut).ok());
  RunLog log = RunLog::open(folder_, 30, 2e9).value();
  EXPECT_EQ(text(), line(10).dump() + "\n" + epoch(20, 1).dump() + "\n" + line(30).dump() + "\n");
  ASSERT_EQ(events().size(), 2U);
  EXPECT_NE(events()[1].find(std::string("\x10\x1f\x3a\x02\x08\x01", 6)), std::string::npos);  // start over at 31
  ASSERT_TRUE(log.add(epoch(40, 2), 2e9).ok());
  const std::string whole = text();
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 4);
}

TEST_F(Log, AStrangersLinesAreDropped) {
  ASSERT_TRUE(write_file_atomic(folder_ / "log.jsonl", std::string_view("hello\n{\"step\":\"one\"}\n\n[1]\n")).ok());
  ASSERT_TRUE(RunLog::open(folder_, 100, 1e9).ok());
  EXPECT_EQ(text(), "");
  const std::string half = "{\"step\":1,\"pck\":0.5}\n";  // no epoch's line: nothing to draw
  ASSERT_TRUE(write_file_atomic(folder_ / "log.jsonl", half + half).ok());
  EXPECT_TRUE(RunLog::open(folder_, 100, 1e9).value().draw_curves().ok());
  EXPECT_EQ(text(), half + half);
}

TEST_F(Log, CurvesNeedTwoEpochs) {
  RunLog log = RunLog::open(folder_, 0, 1e9).value();
  ASSERT_TRUE(log.add(line(10), 1e9).ok());
  ASSERT_TRUE(log.add(epoch(20, 1), 1e9).ok());
  ASSERT_TRUE(log.draw_curves().ok());
  EXPECT_FALSE(fs::exists(folder_ / "curves.png"));
  ASSERT_TRUE(log.add(line(30), 1e9).ok());
  ASSERT_TRUE(log.add(epoch(40, 2), 1e9).ok());
  ASSERT_TRUE(log.draw_curves().ok());
  EXPECT_TRUE(fs::exists(folder_ / "curves.png"));
  // A resumed run draws the epochs before it too.
  fs::remove(folder_ / "curves.png");
  ASSERT_TRUE(RunLog::open(folder_, 40, 2e9).value().draw_curves().ok());
  EXPECT_TRUE(fs::exists(folder_ / "curves.png"));
}

}  // namespace
}  // namespace poise
