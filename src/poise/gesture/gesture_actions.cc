#include "poise/gesture/gesture_actions.h"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <system_error>

#include "poise/base/child_program.h"

namespace poise {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

Status perform_one(const std::string& rule, const GestureAction& action, GestureActions& actions) {
  return std::visit(Overloaded{[&](const PressKeys& keys) { return actions.press(keys.chord); },
                               [&](const StartProgram& program) { return actions.start(rule, program.words); },
                               [&](const StopProgram& program) { return actions.stop(program.rule); },
                               [&](const SendMessage& message) { return actions.send(message.url, message.text); }},
                    action);
}

}  // namespace

std::vector<Error> perform(const GestureRule& rule, GestureActions& actions) {
  std::vector<Error> errors;
  for (const GestureAction& action : rule.actions) {
    const Status done = perform_one(rule.name, action, actions);
    if (!done.ok()) errors.push_back(done.error());
  }
  return errors;
}

std::string describe(const GestureAction& action) {
  RecordedActions recorded;
  perform_one({}, action, recorded).value();
  return recorded.lines.front();
}

Status RecordedActions::press(const KeyChord& chord) {
  lines.push_back("keys " + chord.name());
  return {};
}

Status RecordedActions::start(const std::string& /*rule*/, const std::vector<std::string>& words) {
  std::string line = "command";
  for (const std::string& word : words) line.append(" ").append(word);
  lines.push_back(std::move(line));
  return {};
}

Status RecordedActions::stop(const std::string& rule) {
  lines.push_back("stop " + rule);
  return {};
}

Status RecordedActions::send(const std::string& url, const std::string& text) {
  std::string line = "websocket ";
  lines.push_back(line.append(url).append(" ").append(text));
  return {};
}

Status DesktopActions::press(const KeyChord& chord) {
  if (keyboard_ == nullptr) return unsupported("there is no keyboard to press " + chord.name() + " on");
  return keyboard_->press(chord);
}

bool DesktopActions::runs(const std::string& rule) {
  const auto program = programs_.find(rule);
  if (program == programs_.end()) return false;
  if (::waitpid(program->second, nullptr, WNOHANG) == 0) return true;
  programs_.erase(program);
  return false;
}

Status DesktopActions::start(const std::string& rule, const std::vector<std::string>& words) {
  if (runs(rule)) return {};
  POISE_TRY(programs_[rule], start_program(words));
  return {};
}

Status DesktopActions::stop(const std::string& rule) {
  if (!runs(rule)) return {};
  if (::kill(-programs_[rule], SIGTERM) == 0 || errno == ESRCH) return {};
  return io_error("the program of rule " + rule + " cannot be ended: " + std::generic_category().message(errno));
}

Status DesktopActions::send(const std::string& url, const std::string& text) {
  if (sender_ == nullptr) return unsupported("this build sends no WebSocket messages: it was built without Boost");
  return sender_->send(url, text);
}

}  // namespace poise
