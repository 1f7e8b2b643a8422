#include "poise/base/child_program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "poise/base/descriptor.h"

namespace poise {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

/// posix_spawnp: 0, or what went wrong.
int spawn(const std::vector<std::string>& words, const posix_spawn_file_actions_t& actions,
          const posix_spawnattr_t* attributes, pid_t& pid) {
  std::vector<std::string> copy = words;
  std::vector<char*> argv;
  argv.reserve(copy.size() + 1);
  for (std::string& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  return ::posix_spawnp(&pid, argv[0], &actions, attributes, argv.data(), environ);
}

}  // namespace

Result<ProgramEnd> run_program(const std::vector<std::string>& words, const std::filesystem::path& folder) {
  constexpr std::size_t kKept = 1U << 14U;
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return io_error("cannot start " + words.front() + ": " + reason(errno));
  const Descriptor from(ends[0]);
  pid_t pid = 0;
  int failed = 0;
  {
    const Descriptor to(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, to.get(), 1);
    posix_spawn_file_actions_adddup2(&actions, to.get(), 2);
    posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    failed = spawn(words, actions, nullptr, pid);
    posix_spawn_file_actions_destroy(&actions);
  }
  ProgramEnd end;
  if (failed == ENOENT) {
    end.code = ProgramEnd::kNotFound;
    return end;
  }
  if (failed != 0) return io_error("cannot start " + words.front() + ": " + reason(failed));
  char chunk[4096];
  while (true) {
    const ssize_t got = ::read(from.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    end.output.append(chunk, static_cast<std::size_t>(got));
    if (end.output.size() > 2 * kKept) end.output.erase(0, end.output.size() - kKept);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return end;
}

Result<pid_t> start_program(const std::vector<std::string>& words) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);  // a camera that is open here is not its business
#endif
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&attributes, &all);  // what this process passes over is its own matter
  posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF));
  pid_t pid = 0;
  const int failed = spawn(words, actions, &attributes, pid);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed == ENOENT) return not_found("there is no program " + words.front());
  if (failed != 0) return io_error("cannot start " + words.front() + ": " + reason(failed));
  return pid;
}

}  // namespace poise
