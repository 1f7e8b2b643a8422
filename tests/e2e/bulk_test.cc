// poise predict --format jsonl, killed at random moments and gone on with.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "e2e/program.h"
#include "poise/base/random.h"
#include "poise/image/codec.h"

namespace poise {
namespace {

class Bulk : public Program {
 protected:
  /// Small pictures, one of which is none, and their list.
  void make(int pictures) {
    fs::create_directory(photos_);
    std::ofstream list(list_);
    list << "id,path\n";
    ASSERT_TRUE(write_image(photos_ / "one.png", Image(48, 64)).ok());
    std::ofstream(photos_ / "broken.png") << "no picture";
    for (int i = 0; i < pictures; ++i) list << "id" << i << (i == 7 ? ",broken.png\n" : ",one.png\n");
  }
  std::vector<std::string> words(const std::string& shard) const {
    return {POISE_PROGRAM, "predict", photos_.string(), "--manifest", list_.string(), "--detector", "none",
            "--threads",   "1",       "--format",       "jsonl",      "--part",       "4",          "--resume",
            "--quiet",     "--out",   out_.string(),    "--shard",    shard};
  }
  static pid_t begin(const std::vector<std::string>& words) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    std::_Exit(127);
  }
  static int wait_for(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  /// Ids of the files whose names begin so.
  std::multiset<std::string> ids(const std::string& beginning) const {
    std::multiset<std::string> found;
    for (const auto& entry : fs::directory_iterator(out_)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(beginning) || !name.ends_with(".jsonl")) continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) found.insert(parse_json(line).value().string("id").value());
    }
    return found;
  }
  const fs::path photos_ = folder_ / "photos", list_ = folder_ / "list.csv", out_ = folder_ / "out";
};

TEST_F(Bulk, KilledAtAnyMomentEachIdIsThereOnce) {
  // POISE_KILLS: how often; scripts/test --long asks for 50, over more pictures.
  const char* asked = std::getenv("POISE_KILLS");
  const int kills = asked == nullptr ? 3 : std::atoi(asked);
  const int pictures = asked == nullptr ? 40 : 2000;
  make(pictures);
  Random random(22);
  std::size_t before = 0;
  for (int i = 0; i < kills; ++i) {
    const pid_t child = begin(words("1/1"));
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + random.below(1500)));
    ::kill(child, SIGKILL);
    wait_for(child);
    if (!fs::exists(out_)) continue;
    const auto done = ids("");
    EXPECT_GE(done.size(), before) << "what is done stays done";
    before = done.size();
    EXPECT_EQ(std::set<std::string>(done.begin(), done.end()).size(), done.size()) << "nothing is there twice";
  }
  const int code = wait_for(begin(words("1/1")));
  EXPECT_TRUE(code == 0 || code == 1) << code << "; 1 where this run came to the picture that is none";
  const auto done = ids("part-"), failed = ids("failed-");
  EXPECT_EQ(done.size() + failed.size(), static_cast<std::size_t>(pictures));
  EXPECT_EQ(std::set<std::string>(done.begin(), done.end()).size(), done.size());
  EXPECT_EQ(failed, std::multiset<std::string>{"id7"});
  EXPECT_EQ(done.count("id7"), 0U);
  for (const auto& entry : fs::directory_iterator(out_)) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(name == "run.json" || name.ends_with(".jsonl") || name.ends_with("-lock")) << name << " was left";
  }
}

TEST_F(Bulk, ShardsSideBySideShareNoId) {
  make(12);
  const pid_t first = begin(words("1/2")), second = begin(words("2/2"));
  const int codes = wait_for(first) + wait_for(second);
  EXPECT_EQ(codes, 1) << "one of them had the picture that is none";
  const auto done = ids("");
  EXPECT_EQ(done.size(), 12U);
  EXPECT_EQ(std::set<std::string>(done.begin(), done.end()).size(), 12U);
  EXPECT_FALSE(ids("part-00001-of-00002").empty());
  EXPECT_FALSE(ids("part-00002-of-00002").empty());
}

TEST_F(Bulk, WhatCannotGoTogetherIsUsage) {
  make(1);
  const Strings start{"predict", photos_.string(), "--out", out_.string()};
  const auto code = [&](Strings more) {
    more.insert(more.begin(), start.begin(), start.end());
    return run(more).code;
  };
  EXPECT_EQ(code({"--resume"}), 2);
  EXPECT_EQ(code({"--format", "jsonl", "--shard", "3/2"}), 2);
  EXPECT_EQ(code({"--format", "jsonl", "--skip-existing"}), 2);
  EXPECT_EQ(code({"--format", "jsonl", "--heatmaps"}), 2);
  EXPECT_EQ(run({"predict", "a", "b", "--manifest", list_.string(), "--format", "jsonl"}).code, 2);
}

TEST_F(Bulk, AFolderWithoutAListIsDoneByItsNames) {
  make(1);
  ASSERT_TRUE(write_image(photos_ / "two.png", Image(48, 64)).ok());
  Strings words{"predict", photos_.string(), "--detector", "none",  "--format",
                "jsonl",   "--json",         "-",          "--out", out_.string()};
  const Json summary = parse_json(run(words).out).value();
  EXPECT_EQ(summary.integer("pictures").value(), 2);
  EXPECT_EQ(summary.integer("failed").value(), 1);
  const Outcome again = run(words);
  EXPECT_EQ(again.code, 1);
  EXPECT_TRUE(contains(again.err, "--resume")) << again.err;
  words.emplace_back("--resume");
  EXPECT_EQ(parse_json(run(words).out).value().integer("before").value(), 3);
}

}  // namespace
}  // namespace poise
