#include "poise/gesture/body.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace poise {
namespace {

constexpr double kRemembered = 0.6;  // seconds: so far apart may two frames be of which a speed is made
constexpr double kWindow = 0.25;     // seconds over which a speed is measured
constexpr double kFollows = 1.0;     // seconds in which the torso follows

float distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }
Point middle(Point a, Point b) { return {(a.x + b.x) / 2, (a.y + b.y) / 2}; }

std::optional<Point> seen(const std::vector<Keypoint>& keypoints, int joint, float min_score) {
  if (joint < 0) return std::nullopt;
  const Keypoint& keypoint = keypoints[static_cast<std::size_t>(joint)];
  if (!(keypoint.score >= min_score) || !std::isfinite(keypoint.point.x) || !std::isfinite(keypoint.point.y)) {
    return std::nullopt;
  }
  return keypoint.point;
}

/// The slope of values over times, by least squares.
double slope(const std::vector<double>& times, const std::vector<double>& values) {
  const auto n = static_cast<double>(times.size());
  double mean_time = 0, mean_value = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    mean_time += times[i] / n;
    mean_value += values[i] / n;
  }
  double above = 0, below = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    above += (times[i] - mean_time) * (values[i] - mean_value);
    below += (times[i] - mean_time) * (times[i] - mean_time);
  }
  return above / below;
}

float angle_at(Point a, Point at, Point b) {
  const float ax = a.x - at.x, ay = a.y - at.y, bx = b.x - at.x, by = b.y - at.y;
  return std::abs(std::atan2(ax * by - ay * bx, ax * bx + ay * by)) * 180 / std::numbers::pi_v<float>;
}

}  // namespace

Result<BodyJoints> BodyJoints::of(const Skeleton& skeleton) {
  BodyJoints joints;
  const auto find = [&](const char* name) { return skeleton.index_of(name).value_or(-1); };
  joints.left_shoulder = find("left_shoulder");
  joints.right_shoulder = find("right_shoulder");
  joints.left_hip = find("left_hip");
  joints.right_hip = find("right_hip");
  joints.nose = find("nose");
  if (joints.left_shoulder < 0 || joints.right_shoulder < 0) {
    return unsupported("the poses' skeleton " + skeleton.name +
                       " has no left_shoulder and right_shoulder, by which gestures are measured");
  }
  return joints;
}

std::optional<float> torso_of(const Pose& pose, const BodyJoints& joints, float min_score) {
  // Of a body that stands upright: Drillis and Contini, "Body Segment Parameters", 1966, after Winter, "Biomechanics
  // and Motor Control of Human Movement", figure 4.1: the shoulders at .818 of its height, the hips at .530, each
  // shoulder .129 beside the middle; the nose is some .12 above the shoulders.
  constexpr float kOfShoulders = 1.1F;  // (.818 - .530) / (2 * .129)
  constexpr float kOfHead = 2.4F;       // (.818 - .530) / .12
  const auto at = [&](int joint) { return seen(pose.keypoints, joint, min_score); };
  const auto left = at(joints.left_shoulder), right = at(joints.right_shoulder);
  if (!left || !right) return std::nullopt;
  const Point shoulders = middle(*left, *right);
  float torso = kOfShoulders * distance(*left, *right);  // of who bends towards the camera it is more than the trunk
  const auto left_hip = at(joints.left_hip), right_hip = at(joints.right_hip);
  if (left_hip && right_hip) {
    torso = std::max(torso, distance(shoulders, middle(*left_hip, *right_hip)));
  } else if (const auto nose = at(joints.nose)) {
    torso = std::max(torso, kOfHead * distance(shoulders, *nose));
  }
  return torso > 0 ? std::optional(torso) : std::nullopt;
}

void Body::see(const Pose& pose, double seconds) {
  while (!moments_.empty() && seconds - moments_.front().seconds > kRemembered) moments_.pop_front();
  moments_.push_back({seconds, pose.keypoints});
  const std::optional<float> torso = torso_of(pose, joints_, min_score_);
  if (!torso) return;
  const double part = torso_ > 0 ? std::min(1.0, (seconds - measured_) / kFollows) : 1;
  torso_ += static_cast<float>(part) * (*torso - torso_);
  measured_ = seconds;
}

void Body::forget() {
  moments_.clear();
  torso_ = 0;
}

std::optional<Point> Body::point(const Moment& moment, BodyPoint which) const {
  const auto first = seen(moment.keypoints, which.first, min_score_);
  const auto second = seen(moment.keypoints, which.second, min_score_);
  if (!first || !second) return std::nullopt;
  return middle(*first, *second);
}

std::optional<float> Body::speed(const PoseCondition& condition) const {
  const BodyPoint what = condition.points[0], shoulders{joints_.left_shoulder, joints_.right_shoulder};
  const bool parting = condition.points.size() == 2;
  const bool in_picture = !parting && what == shoulders;
  const BodyPoint other = parting ? condition.points[1] : shoulders;
  std::vector<double> times, along, across;
  const double now = moments_.back().seconds;
  for (auto moment = moments_.rbegin(); moment != moments_.rend(); ++moment) {
    if (now - moment->seconds > kWindow && times.size() >= 2) break;
    const auto a = point(*moment, what), b = in_picture ? Point{} : point(*moment, other);
    if (!a || !b) {
      if (moment == moments_.rbegin()) return std::nullopt;
      continue;
    }
    times.push_back(moment->seconds);
    along.push_back(parting ? distance(*a, *b) : a->x - b->x);
    across.push_back(parting ? 0 : a->y - b->y);
  }
  if (times.size() < 2 || times.front() <= times.back()) return std::nullopt;
  const double first = slope(times, along);
  const double speed = parting ? first : std::hypot(first, slope(times, across));
  return static_cast<float>(speed / torso_);
}

std::optional<float> Body::measure(const PoseCondition& condition) const {
  if (moments_.empty() || !(torso_ > 0)) return std::nullopt;
  if (condition.relation == Relation::kSpeed) return speed(condition);
  std::array<Point, 3> at;
  for (std::size_t i = 0; i < condition.points.size(); ++i) {
    const auto found = point(moments_.back(), condition.points[i]);
    if (!found) return std::nullopt;
    at.at(i) = *found;
  }
  switch (condition.relation) {
    case Relation::kAbove:
      return (at[1].y - at[0].y) / torso_;
    case Relation::kBelow:
      return (at[0].y - at[1].y) / torso_;
    case Relation::kLeftOf:
      return (at[0].x - at[1].x) / torso_;
    case Relation::kRightOf:
      return (at[1].x - at[0].x) / torso_;
    case Relation::kAngle:
      return angle_at(at[0], at[1], at[2]);
    case Relation::kApart:
    case Relation::kSpeed:
      break;
  }
  return distance(at[0], at[1]) / torso_;
}

}  // namespace poise
