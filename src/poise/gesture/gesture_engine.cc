#include "poise/gesture/gesture_engine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

#include "poise/gesture/leader.h"

namespace poise {
namespace {

constexpr double kGap = 0.15;        // seconds without a condition that do not break what is held
constexpr double kRestTime = 0.3;    // seconds for which the rest position has to hold
constexpr double kLongFrame = 0.75;  // seconds between two frames over which nothing is held
constexpr double kRounding = 1e-6;   // seconds: of times of frames

/// Whether a condition holds, with its slack.
class Watched {
 public:
  void look(const PoseCondition& condition, const Body& body) {
    value_ = body.measure(condition);
    const float slack = on_ ? condition.slack : 0;
    on_ = value_ ? *value_ > condition.more - slack && *value_ < condition.less + slack : condition.or_unseen;
  }
  void reset() { *this = Watched(); }
  bool on() const { return on_; }
  std::optional<float> value() const { return value_; }

 private:
  bool on_ = false;
  std::optional<float> value_;
};

/// Conditions that hold together, and since when.
class Held {
 public:
  explicit Held(const std::vector<PoseCondition>& conditions) : conditions_(conditions), watched_(conditions.size()) {}

  void look(const Body& body, double now) {
    on_ = true;
    for (std::size_t i = 0; i < watched_.size(); ++i) {
      watched_[i].look(conditions_[i], body);
      on_ = watched_[i].on() && on_;
    }
    if (on_) {
      if (!since_) since_ = now;
      last_ = now;
    } else {
      lapse(now);
    }
  }
  /// Nobody is seen.
  void lapse(double now) {
    on_ = false;
    if (since_ && now - last_ > kGap) since_.reset();
  }
  void reset() {
    on_ = false;
    since_.reset();
    for (Watched& one : watched_) one.reset();
  }
  /// It has to be held from now on anew.
  void restart() { since_.reset(); }

  bool on() const { return on_; }
  bool begun() const { return since_.has_value(); }
  bool held(double seconds, double now) const { return on_ && since_ && now - *since_ >= seconds - kRounding; }
  std::string explain() const;

 private:
  const std::vector<PoseCondition>& conditions_;
  std::vector<Watched> watched_;
  bool on_ = false;
  std::optional<double> since_;
  double last_ = 0;
};

std::string decimal(float value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", static_cast<double>(value));
  return text.data();
}

std::string Held::explain() const {
  std::string text;
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    const std::optional<float> value = watched_[i].value();
    text.append(i == 0 ? "" : ", ").append(conditions_[i].name).append(" ");
    text.append(value ? decimal(*value) : "not seen").append(watched_[i].on() ? " (holds)" : "");
  }
  return text;
}

/// One rule on its way.
class Progress {
 public:
  explicit Progress(const GestureRule& rule) : rule_(rule) {
    for (const GestureStep& step : rule.steps) steps_.emplace_back(step.when);
  }

  void look(const Body& body, double now) {
    for (Held& step : steps_) step.look(body, now);
  }
  void lapse(double now) {
    for (Held& step : steps_) step.lapse(now);
  }
  void reset() {
    for (Held& step : steps_) step.reset();
    done_ = 0;
    fired_.reset();
  }
  /// Not this rule's turn: what it has begun is forgotten.
  void restart() {
    for (Held& step : steps_) step.restart();
    done_ = 0;
  }
  /// Fired, and not let go of yet.
  bool is_holding() const { return fired_.has_value(); }

  /// Whether the rule is met now.
  bool advance(double now) {
    if (fired_) return hold_on(now);
    while (true) {
      const GestureStep& step = rule_.steps[done_];
      const Held& held = steps_[done_];
      if (done_ > 0 && steps_[done_ - 1].on()) left_ = now;
      if (!held.held(step.hold, now)) {
        if (done_ > 0 && !held.begun() && now - left_ > step.within) done_ = 0;
        return false;
      }
      ++done_;
      left_ = now;
      if (done_ == steps_.size()) break;
    }
    done_ = 0;
    fired_ = now;
    return true;
  }

  std::string explain() const {
    return rule_.name + ": step " + std::to_string(done_ + 1) + " of " + std::to_string(steps_.size()) + ": " +
           steps_[done_].explain();
  }

 private:
  bool hold_on(double now) {
    if (!steps_.back().begun()) {
      fired_.reset();
      return false;
    }
    if (rule_.repeat <= 0 || !steps_.back().on() || now - *fired_ < rule_.repeat - kRounding) return false;
    fired_ = now;
    return true;
  }

  const GestureRule& rule_;
  std::vector<Held> steps_;
  std::size_t done_ = 0;         // steps
  double left_ = 0;              // when the last of them held for the last time
  std::optional<double> fired_;  // while the last step is still held
};

Status check_points(const std::vector<PoseCondition>& conditions, int joints) {
  for (const PoseCondition& condition : conditions) {
    for (const BodyPoint& point : condition.points) {
      if (std::min(point.first, point.second) < 0 || std::max(point.first, point.second) >= joints) {
        return invalid_argument("the condition \"" + condition.name + "\" names a joint that the skeleton has not");
      }
    }
  }
  return {};
}

}  // namespace

struct GestureEngine::State {
  State(GestureRules given, BodyJoints joints, std::size_t count)
      : rules(std::move(given)),
        joint_count(count),
        leader(rules.leader, joints, rules.min_score),
        body(joints, rules.min_score),
        rest(rules.rest) {
    for (const GestureRule& rule : rules.rules) progress.emplace_back(rule);
  }

  void begin_anew() {
    body.forget();
    for (Progress& one : progress) one.reset();
    rest.reset();
    wants_rest = false;
  }

  /// Looks at the frame; whether the leader is seen in it.
  bool look(const TimedFrame& frame) {
    const double now = frame.seconds;
    bool changed = false;
    const Pose* pose = leader.find(frame, changed);
    if (changed) begin_anew();
    if (pose == nullptr || pose->keypoints.size() != joint_count) {
      for (Progress& one : progress) one.lapse(now);
      rest.lapse(now);
      return false;
    }
    body.see(*pose, now);
    for (Progress& one : progress) one.look(body, now);
    rest.look(body, now);
    return true;
  }

  const GestureRules rules;
  std::size_t joint_count;
  Leader leader;
  Body body;
  std::vector<Progress> progress;  // one a rule
  Held rest;
  bool wants_rest = false;
  double quiet_until = -std::numeric_limits<double>::infinity();
  std::optional<double> last;  // seconds
};

GestureEngine::GestureEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
GestureEngine::GestureEngine(GestureEngine&&) noexcept = default;
GestureEngine& GestureEngine::operator=(GestureEngine&&) noexcept = default;
GestureEngine::~GestureEngine() = default;

Result<GestureEngine> GestureEngine::create(GestureRules rules, const Skeleton& skeleton) {
  POISE_TRY(const BodyJoints joints, BodyJoints::of(skeleton));
  POISE_RETURN_IF_ERROR(check_points(rules.rest, skeleton.size()));
  for (const GestureRule& rule : rules.rules) {
    if (rule.steps.empty()) return invalid_argument("the rule \"" + rule.name + "\" has no steps");
    for (const GestureStep& step : rule.steps) POISE_RETURN_IF_ERROR(check_points(step.when, skeleton.size()));
  }
  return GestureEngine(std::make_unique<State>(std::move(rules), joints, skeleton.joints.size()));
}

std::vector<GestureEvent> GestureEngine::next(const TimedFrame& frame) {
  State& s = *state_;
  const double now = frame.seconds;
  if (!std::isfinite(now)) return {};
  if (s.last && now < *s.last) {
    s.begin_anew();
    s.leader.forget();
    s.quiet_until = now;
  } else if (s.last && now - *s.last > kLongFrame) {
    s.begin_anew();
  }
  s.last = now;
  if (!s.look(frame)) return {};
  if (s.wants_rest && s.rest.held(kRestTime, now)) s.wants_rest = false;
  std::vector<GestureEvent> events;
  for (std::size_t i = 0; i < s.progress.size(); ++i) {
    Progress& one = s.progress[i];
    const bool may_begin = now >= s.quiet_until && !s.wants_rest;
    if (!may_begin && !one.is_holding()) {
      one.restart();
      continue;
    }
    if (!one.advance(now)) continue;
    events.push_back({i, now});
    s.quiet_until = now + s.rules.rules[i].cool_down;
    s.wants_rest = !s.rules.rest.empty();
    s.rest.restart();
  }
  return events;
}

const GestureRules& GestureEngine::rules() const { return state_->rules; }

std::vector<std::string> GestureEngine::explain() const {
  std::vector<std::string> lines;
  for (const Progress& one : state_->progress) lines.push_back(one.explain());
  return lines;
}

}  // namespace poise
