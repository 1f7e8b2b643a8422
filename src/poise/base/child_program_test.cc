#include "poise/base/child_program.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

TEST(RunProgram, GivesItsEndAndWhatItSaid) {
  const kit::TemporaryFolder folder;
  const ProgramEnd end = run_program({"sh", "-c", "pwd; echo bad >&2; exit 3"}, folder.path()).value();
  EXPECT_EQ(end.code, 3);
  EXPECT_EQ(end.output, fs::canonical(folder.path()).string() + "\nbad\n");
  EXPECT_EQ(run_program({"there-is-no-such-program"}, folder.path()).value().code, 127);
}

TEST(StartProgram, HandsItsWordsOverAsTheyAre) {
  const kit::TemporaryFolder folder;
  const fs::path out = folder.path() / "out";
  const std::string script = "printf '%s|' \"$@\" > \"$0\"; ps -o sid= -p $$ | tr -d ' ' >> \"$0\"";
  const pid_t pid = start_program({"sh", "-c", script, out.string(), "a b", "$(touch x)", "; ls", "*"}).value();
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  std::stringstream text;
  text << std::ifstream(out).rdbuf();
  EXPECT_EQ(text.str(), "a b|$(touch x)|; ls|*|" + std::to_string(pid) + "\n") << "and a session of its own";
}

TEST(StartProgram, SaysWhatIsNotThere) {
  const Error error = start_program({"there-is-no-such-program"}).error();
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_EQ(error.message, "there is no program there-is-no-such-program");
}

}  // namespace
}  // namespace poise
