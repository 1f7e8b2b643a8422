#pragma once
// What a rule brings about: keys, programs, messages. Where they go is behind an interface: the desktop, or a list.
// One thread at a time.

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "poise/gesture/gesture_rules.h"
#include "poise/gesture/keyboard.h"

namespace poise {

class GestureActions {
 public:
  virtual ~GestureActions() = default;
  virtual Status press(const KeyChord& chord) = 0;
  /// `rule`: its name, for stop().
  virtual Status start(const std::string& rule, const std::vector<std::string>& words) = 0;
  virtual Status stop(const std::string& rule) = 0;
  virtual Status send(const std::string& url, const std::string& text) = 0;
};

/// All of the rule's actions, in order, and what went wrong with them. Everything that is done stands in the rule: a
/// stream of poses has no part in it.
std::vector<Error> perform(const GestureRule& rule, GestureActions& actions);

/// "keys ctrl+plus", "command x-www-browser https://example.org", "stop open", "websocket ws://localhost:4455 next".
std::string describe(const GestureAction& action);

/// Does nothing but to remember: what tests and dry runs look at.
class RecordedActions final : public GestureActions {
 public:
  Status press(const KeyChord& chord) override;
  Status start(const std::string& rule, const std::vector<std::string>& words) override;
  Status stop(const std::string& rule) override;
  Status send(const std::string& url, const std::string& text) override;
  std::vector<std::string> lines;  // as describe() has them
};

/// Sends texts to WebSockets; gesture/websocket/websocket_messages.h has one.
class MessageSender {
 public:
  virtual ~MessageSender() = default;
  /// Never waits. Errors: kInvalidArgument (the address).
  virtual Status send(const std::string& url, const std::string& text) = 0;
};

/// Does it. Programs that were started go on when this ends.
class DesktopActions final : public GestureActions {
 public:
  /// Null: there is none, and what needs it fails. Both must outlive this.
  DesktopActions(Keyboard* keyboard, MessageSender* sender) : keyboard_(keyboard), sender_(sender) {}

  Status press(const KeyChord& chord) override;
  /// Of a rule whose program still runs: nothing.
  Status start(const std::string& rule, const std::vector<std::string>& words) override;
  /// SIGTERM to the program and to what it started. Where it does not run: nothing.
  Status stop(const std::string& rule) override;
  Status send(const std::string& url, const std::string& text) override;

 private:
  bool runs(const std::string& rule);
  Keyboard* keyboard_;
  MessageSender* sender_;
  std::map<std::string, pid_t> programs_;  // by rule
};

}  // namespace poise
