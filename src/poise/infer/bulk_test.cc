#include "poise/infer/bulk.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

class Bulk : public ::testing::Test {
 protected:
  BulkFolderOptions options(Shard shard = {}, bool resume = false) const {
    BulkFolderOptions o;
    o.folder = folder_;
    o.shard = shard;
    o.resume = resume;
    o.part = 3;
    return o;
  }
  Result<BulkFolder> open(Shard shard = {}, bool resume = false, const std::string& model = "pose.onnx") const {
    return BulkFolder::open(options(shard, resume), skeleton_, {model, "abc", Json::object()});
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(".")) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }
  const kit::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path() / "out";
  const Skeleton skeleton_ = find_skeleton("coco17").value();
};

TEST_F(Bulk, PartsGetTheirNamesWhenTheyAreWhole) {
  BulkFolder folder = open().value();
  for (const char* id : {"a", "b"}) EXPECT_TRUE(folder.add(id, {}).ok());
  EXPECT_EQ(files(), std::vector<std::string>{"run.json"});
  EXPECT_TRUE(folder.add_failure("c", "c.jpg", "not a picture").ok());
  EXPECT_TRUE(folder.add("d", {}).ok());
  const std::vector<std::string> first{"failed-00001-of-00001-000001.jsonl", "part-00001-of-00001-000001.jsonl",
                                       "run.json"};
  EXPECT_EQ(files(), first);
  EXPECT_TRUE(folder.is_done("d"));
  std::ifstream part(folder_ / first[1]), failed(folder_ / first[0]);
  std::string line;
  std::getline(part, line);
  EXPECT_EQ(line, R"({"id":"a","source":"","width":0,"height":0,"persons":[]})");
  std::getline(failed, line);
  EXPECT_EQ(line, R"({"id":"c","source":"c.jpg","error":"not a picture"})");
}

TEST_F(Bulk, ALaterRunKnowsWhatIsCommittedAndNothingElse) {
  {
    BulkFolder folder = open().value();
    for (const char* id : {"a", "b", "c", "d"}) EXPECT_TRUE(folder.add(id, {}).ok());
  }  // as a killed process leaves it: without finish()
  EXPECT_EQ(open().error().code, ErrorCode::kInvalidArgument) << "not by mistake";
  BulkFolder folder = open({}, true).value();
  EXPECT_TRUE(folder.is_done("c"));
  EXPECT_FALSE(folder.is_done("d"));
  EXPECT_TRUE(folder.add("d", {}).ok());
  EXPECT_TRUE(folder.finish().ok());
  EXPECT_TRUE(fs::exists(folder_ / "part-00001-of-00001-000002.jsonl"));
  EXPECT_TRUE(folder.finish().ok()) << "nothing is left to write";
  EXPECT_EQ(files().size(), 3U);
}

TEST_F(Bulk, ALaterRunKnowsWhatFailed) {
  {
    BulkFolder folder = open().value();
    EXPECT_TRUE(folder.add("a", {}).ok());
    EXPECT_TRUE(folder.add_failure("b", "b.jpg", "b.jpg: no picture").ok());
    EXPECT_TRUE(folder.finish().ok());
    EXPECT_EQ(folder.failed_before(), 0U);
  }
  const BulkFolder folder = open({}, true).value();
  EXPECT_TRUE(folder.is_done("b"));
  EXPECT_EQ(folder.failed_before(), 1U);
}

TEST_F(Bulk, AnotherNumberOfShardsGoesOnToo) {
  for (int number = 1; number <= 2; ++number) {
    BulkFolder folder = open({number, 2}).value();
    for (int i = 0; i < 20; ++i) {
      const std::string id = std::to_string(i);
      if (!Shard{number, 2}.has(id)) continue;
      EXPECT_TRUE(folder.add(id, {}).ok());
    }
    EXPECT_TRUE(folder.finish().ok());
  }
  const BulkFolder folder = open({2, 3}, true).value();
  int known = 0;
  for (int i = 0; i < 20; ++i) known += folder.is_done(std::to_string(i)) ? 1 : 0;
  int own = 0;
  for (int i = 0; i < 20; ++i) own += Shard{2, 3}.has(std::to_string(i)) ? 1 : 0;
  EXPECT_GT(own, 0);
  EXPECT_EQ(known, own);
}

TEST_F(Bulk, WhatMustNotMixIsRefused) {
  const BulkFolder folder = open().value();
  EXPECT_NE(open({}, true).error().message.find("another process does shard 1 of 1"), std::string::npos);
  EXPECT_NE(open({1, 2}, true, "other.onnx").error().message.find("another model"), std::string::npos);
  std::ofstream(folder_ / "part-00001-of-00002-000001.jsonl") << "{\"id\": \"a\"}\n{\"id\": 7}\n";
  const Error error = open({1, 2}, true).error();
  EXPECT_EQ(error.code, ErrorCode::kMalformed);
  EXPECT_NE(error.message.find("part-00001-of-00002-000001.jsonl, line 2"), std::string::npos) << error.message;
}

TEST_F(Bulk, EveryPictureIsOnceInTheResults) {
  PoseFinderOptions small;
  small.whole_picture = true;
  PoseFinder finder = PoseFinder::open(small).value();
  const fs::path photos = temporary_.path() / "photos";
  fs::create_directory(photos);
  std::vector<ManifestEntry> entries;
  for (int i = 0; i < 8; ++i) {
    const fs::path path = photos / (std::to_string(i) + ".png");
    if (i == 5) {
      std::ofstream(path) << "no picture";
    } else {
      ASSERT_TRUE(write_image(path, Image(16 + i, 16)).ok());
    }
    entries.push_back({"id " + std::to_string(i), path});
  }
  {
    BulkFolder folder = open().value();
    BulkOptions stopping;
    std::size_t seen = 0;
    stopping.progress = [&](std::size_t done, std::size_t total, const std::string&) {
      EXPECT_EQ(total, 8U);
      seen = done;
    };
    stopping.stop = [&] { return seen >= 2; };
    const BulkReport report = run_bulk(entries, finder, folder, stopping).value();
    EXPECT_EQ(report.pictures + report.failed, seen);
  }
  BulkFolder folder = open({}, true).value();
  const BulkReport report = run_bulk(entries, finder, folder).value();
  EXPECT_EQ(report.before + report.pictures + report.failed, 8U);
  std::multiset<std::string> ids;
  std::size_t failed = 0;
  for (const std::string& name : files()) {
    std::ifstream file(folder_ / name);
    for (std::string line; name != "run.json" && std::getline(file, line);) {
      const Json json = parse_json(line).value();
      ids.insert(json.string("id").value());
      if (name.starts_with("failed")) {
        ++failed;
        EXPECT_EQ(json.string("id").value(), "id 5");
      } else {
        EXPECT_EQ(json.find("persons")->as_array().size(), 1U);
      }
    }
  }
  EXPECT_EQ(failed, 1U);
  EXPECT_EQ(ids.size(), 8U);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 8U);
}

}  // namespace
}  // namespace poise
