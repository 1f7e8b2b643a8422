#pragma once
// What gestures there are and what each brings about, as values; gesture_rules_file.h reads them from YAML. Lengths are
// in torsos: 1 is as far as from a person's shoulders to the hips. Plain values: distinct ones in any threads.

#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "poise/gesture/keys.h"

namespace poise {

/// A joint of the skeleton, or the middle of two: "left_wrist", "shoulders".
struct BodyPoint {
  int first = 0;
  int second = 0;  // the same for a joint alone
  friend bool operator==(const BodyPoint&, const BodyPoint&) = default;
};

enum class Relation {
  kAbove,    // of two points: by how much the first is higher in the picture than the second, torsos
  kBelow,    // ... lower
  kLeftOf,   // ... further to the left of somebody who faces the camera, which is the right in the picture
  kRightOf,  // ... further to the right
  kApart,    // of two points: how far they are from each other, torsos
  kAngle,    // of three points: at the second between the others, degrees from 0 to 180
  kSpeed,    // of one point: how fast it moves against the shoulders; of the shoulders' middle: in the picture; of two:
             // how fast they part; torsos a second
};

/// Holds where the value is more than `more` and less than `less`; once it holds, until it is `slack` beyond.
struct PoseCondition {
  Relation relation = Relation::kAbove;
  std::vector<BodyPoint> points;  // as many as the relation takes
  float more = -std::numeric_limits<float>::infinity();
  float less = std::numeric_limits<float>::infinity();
  float slack = 0;
  bool or_unseen = false;  // holds too where it cannot be measured
  std::string name;        // "apart left_wrist right_wrist"
};

/// Somebody does this by holding all of it at once.
struct GestureStep {
  std::vector<PoseCondition> when;
  double hold = 0;      // seconds without a break
  double within = 1.5;  // seconds after the step before no longer holds, in which this one has to begin
};

struct PressKeys {
  KeyChord chord;
};
/// Starts a program, without a shell; not while the one that this rule started before still runs.
struct StartProgram {
  std::vector<std::string> words;
};
/// Ends what another rule started, and what that started in turn.
struct StopProgram {
  std::string rule;
};
struct SendMessage {
  std::string url;  // ws://HOST[:PORT][/PATH]
  std::string text;
};
using GestureAction = std::variant<PressKeys, StartProgram, StopProgram, SendMessage>;

struct GestureRule {
  std::string name;
  std::vector<GestureStep> steps;  // one after the other
  double cool_down = 1;            // seconds after it in which no rule begins
  double repeat = 0;               // seconds after which it comes again while the last step is held; 0: once
  std::vector<GestureAction> actions;
};

/// Whose gestures count: one person, until that one is gone.
struct LeaderOptions {
  enum class Choice { kLargest, kCentre };
  Choice choice = Choice::kLargest;  // of those that are there once there is none
  float min_size = 0.05F;            // torso in parts of the picture's height: who is smaller does not lead
  double patience = 1;               // seconds that the leader may not be seen before another takes over
};

struct GestureRules {
  LeaderOptions leader;
  float min_score = 0.3F;  // joints that score less are not seen, and no condition on them holds
  /// What has to hold for .3 s after a gesture before another begins: hands that are lowered. Empty: nothing has to.
  std::vector<PoseCondition> rest;
  std::vector<GestureRule> rules;
};

}  // namespace poise
