#pragma once
// Gestures of one person in a stream of poses: which rule is met, and when. What it brings about is the caller's to do
// (gesture_actions.h).
//
//   auto skeleton = poise::find_skeleton("coco17").value();
//   auto rules = poise::parse_gesture_rules(text, skeleton).value();
//   auto engine = poise::GestureEngine::create(rules, skeleton).value();
//   for (const poise::TimedFrame& frame : frames)
//     for (const poise::GestureEvent& event : engine.next(frame)) { ... engine.rules().rules[event.rule].actions ... }

#include <memory>
#include <string>
#include <vector>

#include "poise/gesture/gesture_rules.h"
#include "poise/person/timed_frame.h"

namespace poise {

struct GestureEvent {
  std::size_t rule = 0;  // in GestureRules::rules
  double seconds = 0;    // of the frame
};

/// One stream. Movable; one thread at a time.
class GestureEngine {
 public:
  /// `skeleton`: of the poses, and of the rules. Errors: kUnsupported (no shoulders), kInvalidArgument (a joint that
  /// the skeleton has not).
  static Result<GestureEngine> create(GestureRules rules, const Skeleton& skeleton);
  GestureEngine(GestureEngine&&) noexcept;
  GestureEngine& operator=(GestureEngine&&) noexcept;
  ~GestureEngine();

  /// What the frame completes. Poses must be of the skeleton. A frame whose time is before the last one's begins a new
  /// stream: nothing is carried over. Joints that are no finite numbers are taken for not seen.
  std::vector<GestureEvent> next(const TimedFrame& frame);

  const GestureRules& rules() const;
  /// How far each rule is, and what it measures, in a line a rule: for people who write rules.
  std::vector<std::string> explain() const;

 private:
  struct State;
  explicit GestureEngine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace poise
