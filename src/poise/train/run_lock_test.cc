#include "poise/train/run_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

TEST(RunLock, KeepsASecondOneOutWhileItIsHeld) {
  const kit::TemporaryFolder folder;
  std::optional<RunLock> first = RunLock::take(folder.path()).value();
  const auto second = RunLock::take(folder.path());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kInvalidArgument);
  const std::string message = second.error().message;
  EXPECT_NE(message.find("another training writes there (process " + std::to_string(getpid()) + " on "),
            std::string::npos)
      << message;
  first.reset();
  EXPECT_TRUE(RunLock::take(folder.path()).ok());
}

TEST(RunLock, DeathReleasesIt) {
  const kit::TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto held = RunLock::take(folder.path());
    const char answer = held.ok() ? 'y' : 'n';
    if (write(ready[1], &answer, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(RunLock::take(folder.path()).ok());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(RunLock::take(folder.path()).ok());
  close(ready[0]);
  close(ready[1]);
}

TEST(RunLock, NeedsAFolder) {
  const kit::TemporaryFolder folder;
  EXPECT_EQ(RunLock::take(folder.path() / "none").error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace poise
