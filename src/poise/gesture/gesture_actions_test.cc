#include "poise/gesture/gesture_actions.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

GestureRule rule_of(std::string name, std::vector<GestureAction> actions) {
  GestureRule rule;
  rule.name = std::move(name);
  rule.actions = std::move(actions);
  return rule;
}

/// Waits until it is so; tests that fail take long.
template <typename Condition>
bool becomes(const Condition& condition) {
  for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return condition();
}

TEST(RecordedActions, AreToldAndNotDone) {
  RecordedActions recorded;
  const GestureRule rule = rule_of("a", {PressKeys{*parse_chord("ctrl+minus")}, StartProgram{{"touch", "/tmp/x y"}},
                                         StopProgram{"a"}, SendMessage{"ws://localhost", "next"}});
  EXPECT_TRUE(perform(rule, recorded).empty());
  EXPECT_EQ(recorded.lines, (std::vector<std::string>{"keys ctrl+minus", "command touch /tmp/x y", "stop a",
                                                      "websocket ws://localhost next"}));
  for (std::size_t i = 0; i < rule.actions.size(); ++i) EXPECT_EQ(describe(rule.actions[i]), recorded.lines[i]);
}

TEST(DesktopActions, StartsAProgramOnceAndEndsItWithWhatItStarted) {
  const kit::TemporaryFolder folder;
  const fs::path log = folder.path() / "log", child = folder.path() / "child";
  DesktopActions actions(nullptr, nullptr);
  const StartProgram program{
      {"sh", "-c", "echo x >> \"$1\"; sleep 600 & echo $! > \"$2\"; wait", "sh", log.string(), child.string()}};
  const GestureRule open = rule_of("open", {program}), close = rule_of("close", {StopProgram{"open"}});
  EXPECT_TRUE(perform(close, actions).empty()) << "nothing runs: nothing to do";
  ASSERT_TRUE(perform(open, actions).empty());
  ASSERT_TRUE(becomes([&] { return fs::exists(child) && fs::file_size(child) > 0; }));
  EXPECT_TRUE(perform(open, actions).empty());
  pid_t inner = 0;
  std::ifstream(child) >> inner;
  ASSERT_GT(inner, 0);
  EXPECT_EQ(::kill(inner, 0), 0);
  EXPECT_EQ(fs::file_size(log), 2U) << "it still ran, and was not started again";
  ASSERT_TRUE(perform(close, actions).empty());
  // Whoever adopts it may not look after it: what is ended and waited for by nobody counts as ended.
  const auto ended = [&] {
    std::ifstream status("/proc/" + std::to_string(inner) + "/stat");
    std::string number, name, state;
    return !(status >> number >> name >> state) || state == "Z";
  };
  EXPECT_TRUE(becomes(ended)) << "a child of the program";
  EXPECT_TRUE(becomes([&] { return perform(open, actions).empty() && fs::file_size(log) == 4U; })) << "and again";
  EXPECT_TRUE(perform(close, actions).empty());
}

TEST(DesktopActions, SayWhatCannotBeDoneAndDoTheRest) {
  const kit::TemporaryFolder folder;
  DesktopActions actions(nullptr, nullptr);
  const fs::path made = folder.path() / "made";
  const std::vector<Error> errors =
      perform(rule_of("a", {PressKeys{*parse_chord("ctrl+a")}, StartProgram{{"there-is-no-such-program"}},
                            SendMessage{"ws://localhost", "x"}, StartProgram{{"touch", made.string()}}}),
              actions);
  ASSERT_EQ(errors.size(), 3U);
  EXPECT_EQ(errors[0].message, "there is no keyboard to press ctrl+a on");
  EXPECT_EQ(errors[1].message, "there is no program there-is-no-such-program");
  EXPECT_EQ(errors[2].message, "this build sends no WebSocket messages: it was built without Boost");
  EXPECT_TRUE(becomes([&] { return fs::exists(made); }));
}

}  // namespace
}  // namespace poise
