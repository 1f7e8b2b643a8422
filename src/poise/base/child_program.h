#pragma once
// Other programs, started without a shell: words are handed over as they are. Thread-safe.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "poise/base/result.h"

namespace poise {

/// What a program said before it ended.
struct ProgramEnd {
  static constexpr int kNotFound = 127;
  int code = 0;        // of its end; kNotFound: it is not on this machine
  std::string output;  // its last lines, of both streams
};
/// Runs a program found as a shell would find it, in a folder, without input, and waits. Errors: kIo.
Result<ProgramEnd> run_program(const std::vector<std::string>& words, const std::filesystem::path& folder);

/// Starts one that outlives this process: in a session of its own, whose number is the process's, without input; what
/// it prints is dropped, what it complains of goes where this process complains. Who called waits for it some time
/// (waitpid). Errors: kNotFound, kIo.
Result<pid_t> start_program(const std::vector<std::string>& words);

}  // namespace poise
