#include "launch.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace poise::app {
namespace {

std::filesystem::path beside(const std::string& name) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path() : self.parent_path() / name;
}

}  // namespace

bool is_beside(const std::string& name) {
  std::error_code error;
  return std::filesystem::exists(beside(name), error);
}

Error become(const std::string& name, const std::vector<std::string>& words) {
  std::string program = beside(name).string();
  if (!is_beside(name)) {
    return unsupported("this build has no " + name + ": install LibTorch (scripts/setup --torch), build again");
  }
  std::vector<std::string> all{program};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  return io_error("cannot start " + program + ": " + std::generic_category().message(errno));
}

std::vector<std::string> own_words() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(std::move(word));
  if (!words.empty()) words.erase(words.begin());
  return words;
}

}  // namespace poise::app
