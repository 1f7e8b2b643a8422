#include "kit/performer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>

#include "poise/base/random.h"

namespace poise::kit {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr double kLength = 700;  // seconds that are drawn

// Lengths in torsos, as tests/kit/scene.cc has them in heights.
constexpr float kShoulder = 0.33F, kHip = 0.18F, kUpperArm = 0.59F, kForearm = 0.55F, kThigh = 0.83F, kShin = 0.83F;

Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
Point operator*(Point a, double s) { return {static_cast<float>(a.x * s), static_cast<float>(a.y * s)}; }
Point between(Point a, Point b, double part) { return a * (1 - part) + b * part; }
Hands between(const Hands& a, const Hands& b, double part) {
  return {between(a.left, b.left, part), between(a.right, b.right, part)};
}

/// The elbow of an arm from shoulder to wrist, bent outwards and down; the wrist comes within reach.
Point elbow_of(Point shoulder, Point& wrist, float outwards) {
  float dx = wrist.x - shoulder.x, dy = wrist.y - shoulder.y;
  float d = std::max(0.05F, std::hypot(dx, dy));
  if (const float reach = 0.99F * (kUpperArm + kForearm); d > reach) {
    dx *= reach / d;
    dy *= reach / d;
    d = reach;
    wrist = {shoulder.x + dx, shoulder.y + dy};
  }
  const float along =
      std::clamp((kUpperArm * kUpperArm - kForearm * kForearm + d * d) / (2 * d), -kUpperArm, kUpperArm);
  float off = std::sqrt(std::max(0.0F, kUpperArm * kUpperArm - along * along));
  off = std::min(off, 0.45F);  // the rest of it points at the camera
  const Point ahead{dx / d, dy / d};
  const Point one{-ahead.y, ahead.x};
  const float sign = one.x * outwards - one.y > 0 ? 1.0F : -1.0F;
  return {shoulder.x + ahead.x * along + sign * one.x * off, shoulder.y + ahead.y * along + sign * one.y * off};
}

/// COCO-17 in torsos from the middle of the shoulders, x to the person's left, y up.
std::array<Point, 17> joints_of(const Posture& posture) {
  Hands hands = posture.hands;
  const Point left{kShoulder, 0}, right{-kShoulder, 0};
  const Point left_elbow = elbow_of(left, hands.left, 1), right_elbow = elbow_of(right, hands.right, -1);
  const auto stride = static_cast<float>(0.25 * posture.stride);
  const Point left_hip{kHip, -1}, right_hip{-kHip, -1};
  const Point left_knee = left_hip + Point{stride, -kThigh}, right_knee = right_hip + Point{-stride, -kThigh};
  return {Point{0, 0.42F},
          Point{0.07F, 0.5F},
          Point{-0.07F, 0.5F},
          Point{0.16F, 0.45F},
          Point{-0.16F, 0.45F},
          left,
          right,
          left_elbow,
          right_elbow,
          hands.left,
          hands.right,
          left_hip,
          right_hip,
          left_knee,
          right_knee,
          left_knee + Point{stride / 2, -kShin},
          right_knee + Point{-stride / 2, -kShin}};
}

/// Starts and ends gently (minimum jerk: Flash and Hogan, "The Coordination of Arm Movements", 1985).
double eased(double t) {
  t = std::clamp(t, 0.0, 1.0);
  return t * t * t * (10 - 15 * t + 6 * t * t);
}

Hands hands_at(const std::vector<Move>& moves, double seconds) {
  const auto next = std::ranges::upper_bound(moves, seconds, {}, &Move::at);
  const Hands from = next == moves.begin() ? hanging() : std::prev(next)->hands;
  if (next == moves.end()) return from;
  return between(from, next->hands, eased(1 - (next->at - seconds) / std::max(1e-6, next->takes)));
}

float lot(Random& random, double low, double high) { return static_cast<float>(random.uniform(low, high)); }

Point anywhere(Random& random, float side) { return {side * lot(random, -0.2, 1.2), lot(random, -1.0, 1.1)}; }

/// What dancers come back to.
Hands figure_of(Random& random) {
  const float high = lot(random, 0.3, 1.1), wide = lot(random, 0.6, 1.3);
  switch (random.below(9)) {
    case 0:
      return {{0.1F, high}, {-0.1F, high}};  // together, at the face or over the head
    case 1:
      return {{wide, high}, {-wide, high}};  // a Y
    case 2:
      return {{1.3F, 0}, {-1.3F, 0}};  // a T
    case 3:
      return {{wide, high}, {-0.3F, -0.9F}};
    case 4:
      return {{0.3F, -0.9F}, {-wide, high}};
    case 5:
      return {{0.1F, -0.4F}, {-0.1F, -0.4F}};  // a clap
    case 6:
      return {{0.35F, -0.95F}, {-0.35F, -0.95F}};  // at the hips
    case 7:
      return {{-0.2F, -0.2F}, {0.2F, -0.2F}};  // crossed
    default:
      return {anywhere(random, 1), anywhere(random, -1)};
  }
}

/// A thing of everyday that hands do on the way.
Hands errand_of(Random& random) {
  switch (random.below(6)) {
    case 0:
      return {{0.2F, -0.5F}, {-0.2F, -0.5F}};  // carries a box
    case 1:
      return {{0.4F, -1.05F}, {-0.15F, 0.45F}};  // scratches the head, or a telephone
    case 2:
      return {{0.15F, -0.25F}, {-0.1F, -0.3F}};  // looks at a telephone
    case 3:
      return {{1.1F, 0.1F}, {-0.4F, -1.05F}};  // points at something
    case 4:
      return {{0.1F, 0.35F}, {-0.1F, 0.35F}};  // rubs the eyes
    default:
      return hanging();
  }
}

struct Drawn {
  std::vector<Move> moves;
  double tempo = 1, phase = 0, amount = 0, turns = 0;
};

}  // namespace

Hands hanging() { return {{0.42F, -1.08F}, {-0.42F, -1.08F}}; }

Motion moves(std::vector<Move> choreography) {
  return [choreography = std::move(choreography)](double seconds) {
    return Posture{.hands = hands_at(choreography, seconds)};
  };
}

Motion walks(std::uint64_t seed) {
  Random random(seed, 31);
  Drawn drawn;
  for (double at = random.uniform(1, 6); at < kLength; at += random.uniform(2, 9)) {
    drawn.moves.push_back({at, random.uniform(0.4, 1.2), errand_of(random)});
  }
  drawn.tempo = random.uniform(0.7, 1.3);
  drawn.phase = random.uniform();
  const double there = random.uniform(0.02, 0.05);
  return [drawn, there](double seconds) {
    Posture posture{.hands = hands_at(drawn.moves, seconds)};
    const double swing = std::sin(kTurn * (drawn.tempo * seconds + drawn.phase));
    posture.stride = swing;
    for (Point* hand : {&posture.hands.left, &posture.hands.right}) {
      const double hangs = std::clamp(-static_cast<double>(hand->y), 0.0, 1.0);
      hand->x += static_cast<float>(0.25 * hangs * swing);
    }
    // To and fro before the camera, seen from aside between the ends.
    posture.turn = 0.25 * std::sin(kTurn * (there * seconds + drawn.phase));
    posture.shift = {static_cast<float>(2 * std::cos(kTurn * (there * seconds + drawn.phase))),
                     static_cast<float>(0.03 * std::cos(2 * kTurn * drawn.tempo * seconds))};
    return posture;
  };
}

Motion waves(std::uint64_t seed) {
  Random random(seed, 32);
  struct Wave {
    double from = 0, to = 0, rate = 1, amount = 0.3;
    bool left = false, right = false;
  };
  std::vector<Move> script;
  std::vector<Wave> all;
  for (double at = 1; at < kLength;) {
    Wave wave;
    const auto which = random.below(4);
    wave.left = which != 0;
    wave.right = which != 1;
    wave.from = at + random.uniform(0.3, 0.8);
    wave.to = wave.from + random.uniform(1, 5);
    wave.rate = random.uniform(0.4, 3);
    wave.amount = random.uniform(0.1, 0.6);
    const Hands rest = hanging();
    const Hands raised{wave.left ? Point{lot(random, 0.3, 1.1), lot(random, 0.1, 1.0)} : rest.left,
                       wave.right ? Point{lot(random, -1.1, -0.3), lot(random, 0.1, 1.0)} : rest.right};
    script.push_back({wave.from, wave.from - at, raised});
    at = wave.to + random.uniform(0.3, 0.9);
    script.push_back({at, at - wave.to, rest});
    at += random.uniform(0.2, 3);
    all.push_back(wave);
  }
  return [script, all](double seconds) {
    Posture posture{.hands = hands_at(script, seconds)};
    const auto next = std::ranges::upper_bound(all, seconds, {}, &Wave::from);
    if (next == all.begin()) return posture;
    const Wave& wave = *std::prev(next);
    if (seconds > wave.to) return posture;
    const double fade = std::min({1.0, (seconds - wave.from) / 0.2, (wave.to - seconds) / 0.2});
    const auto off = static_cast<float>(fade * wave.amount * std::sin(kTurn * wave.rate * (seconds - wave.from)));
    if (wave.left) posture.hands.left.x += off;
    if (wave.right) posture.hands.right.x += wave.left ? -off : off;
    return posture;
  };
}

Motion dances(std::uint64_t seed) {
  Random random(seed, 33);
  Drawn drawn;
  const double beat = random.uniform(0.4, 0.75);  // 80 to 150 a minute
  for (double at = 1; at < kLength;) {
    const double moves = random.uniform(0.5, 1) * beat;
    drawn.moves.push_back({at + moves, moves, figure_of(random)});
    at += beat * (random.uniform() < 0.2 ? 2 : 1);
  }
  drawn.tempo = 1 / beat;
  drawn.amount = random.uniform(0, 0.15);
  drawn.turns = random.uniform() < 0.5 ? random.uniform(0.02, 0.2) : 0;
  return [drawn](double seconds) {
    Posture posture{.hands = hands_at(drawn.moves, seconds)};
    const double swing = std::sin(kTurn * drawn.tempo * seconds / 2);
    posture.stride = swing;
    posture.shift = {static_cast<float>(0.3 * swing), static_cast<float>(0.08 * std::abs(swing))};
    const auto shake = static_cast<float>(drawn.amount * std::sin(kTurn * 2 * drawn.tempo * seconds));
    posture.hands.left.y += shake;
    posture.hands.right.y += shake;
    posture.turn = drawn.turns * seconds;
    return posture;
  };
}

Pose pose_of(const Motion& motion, const PerformerOptions& options, double seconds) {
  const Posture posture = motion(seconds);
  const std::array<Point, 17> joints = joints_of(posture);
  const auto across = static_cast<float>(std::cos(kTurn * posture.turn));
  Random random(options.seed, 34, static_cast<std::uint64_t>(std::llround(1000 * seconds)));
  Pose pose;
  pose.track_id = options.id;
  pose.score = 0.9F;
  constexpr std::size_t kFirstHip = 11;
  for (std::size_t i = 0; i < joints.size(); ++i) {
    const bool outlier = random.uniform() < options.outliers;
    const double spread = outlier ? 0.5 : options.noise;
    const auto noise = [&] { return static_cast<float>(spread * random.normal()); };
    // What is nearer the camera than the shoulders moves little as somebody turns; that is left out.
    const Point at{joints[i].x * across + posture.shift.x + noise(), joints[i].y + posture.shift.y + noise()};
    const bool unseen = random.uniform() < options.lost || (i >= kFirstHip && !options.legs);
    pose.keypoints.push_back({{options.shoulders.x + options.torso * at.x, options.shoulders.y - options.torso * at.y},
                              lot(random, unseen ? 0.02 : 0.6, unseen ? 0.2 : 1)});
  }
  float left = 1e9F, top = 1e9F, right = -1e9F, bottom = -1e9F;
  for (const Keypoint& joint : pose.keypoints) {
    left = std::min(left, joint.point.x);
    right = std::max(right, joint.point.x);
    top = std::min(top, joint.point.y);
    bottom = std::max(bottom, joint.point.y);
  }
  pose.box = {left, top, right - left, bottom - top};
  return pose;
}

std::vector<TimedFrame> perform(const Motion& motion, const PerformerOptions& options, double seconds,
                                double frames_per_second) {
  std::vector<TimedFrame> frames;
  for (int i = 0; i < static_cast<int>(seconds * frames_per_second); ++i) {
    TimedFrame& frame = frames.emplace_back();
    frame.index = i;
    frame.seconds = i / frames_per_second;
    frame.result.width = options.picture.width;
    frame.result.height = options.picture.height;
    frame.result.poses.push_back(pose_of(motion, options, frame.seconds));
  }
  return frames;
}

}  // namespace poise::kit
