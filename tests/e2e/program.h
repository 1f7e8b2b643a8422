#pragma once
// The built program, run as a user runs it: in a folder of its own, which is gone afterwards.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "kit/temporary_folder.h"
#include "poise/base/json.h"

namespace poise {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

struct Outcome {
  int code = -1;
  std::string out, err;
  long peak_megabytes = 0;  // of memory, the program and those it waited for
};

inline std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("POISE_MODELS", (folder_ / "models").c_str(), 1);  // not the user's own
    setenv("POISE_PLANS", (folder_ / "plans").c_str(), 1);
  }
  void TearDown() override {
    std::error_code error;
    fs::permissions(folder_ / "locked", fs::perms::owner_all, error);
  }

  /// Runs `poise ARGUMENTS...`, or another program, in the test's folder.
  Outcome run(const Strings& arguments, const std::string& program = POISE_PROGRAM) const {
    return finish(start(arguments, program));
  }

  /// 0 where it could not be started.
  pid_t start(const Strings& arguments, const std::string& program = POISE_PROGRAM) const {
    const std::string out = (folder_ / ".stdout").string(), err = (folder_ / ".stderr").string();
    Strings words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder_.c_str());
    posix_spawn_file_actions_addopen(&actions, 0, input_.c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t child = 0;
    const int spawned = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    EXPECT_EQ(spawned, 0) << argv[0];
    return spawned == 0 ? child : 0;
  }
  Outcome finish(pid_t child) const {
    int status = 0;
    rusage usage{};
    if (child > 0) wait4(child, &status, 0, &usage);
    Outcome outcome;
    outcome.peak_megabytes = usage.ru_maxrss / 1024;
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    outcome.out = slurp(folder_ / ".stdout");
    outcome.err = slurp(folder_ / ".stderr");
    return outcome;
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  bool exists(const std::string& name) const { return fs::exists(folder_ / name); }
  Json json(const std::string& name) const { return parse_json(slurp(folder_ / name)).value(); }

  const kit::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
  fs::path input_ = "/dev/null";  // standard input, relative to the folder
};

}  // namespace poise
