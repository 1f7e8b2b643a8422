// Training is a program of its own, poise-train, beside this one: LibTorch takes a second to load.

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "command.h"
#include "console.h"

namespace poise::app {

Action make_train(CLI::App& command) {
  command.set_help_flag();  // poise-train has its own
  command.prefix_command();
  return [&command] {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string program = (self.parent_path() / "poise-train").string();
    if (error || !std::filesystem::exists(program, error)) {
      Console(false).error("this build has no training program: install LibTorch (scripts/setup --torch), build again");
      return 1;
    }
    std::vector<std::string> words{program};
    for (std::string& word : command.remaining()) words.push_back(std::move(word));
    // Compute threads that wait by spinning starve the threads that read pictures: several times slower on few cores.
    ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    Console(false).error("cannot start " + program + ": " + std::generic_category().message(errno));
    return 1;
  };
}

}  // namespace poise::app
