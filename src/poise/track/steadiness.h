#pragma once
// How steady joints are, and how late smoothing makes them: measured without knowing the truth, frame by frame, in
// memory that does not grow.

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "poise/person/pose.h"

namespace poise {

/// One video. One thread at a time.
class Steadiness {
 public:
  /// Poses of the next frame before and after smoothing, matched by track_id. Joints that score less than `min_score`
  /// in either do not count.
  explicit Steadiness(float min_score = 0.2F) : min_score_(min_score) {}
  void add(const std::vector<Pose>& before, const std::vector<Pose>& after);

  /// The mean length of a joint's second difference, p[t-1] - 2 p[t] + p[t+1], over joints seen in three frames on end,
  /// as a part of the person's size, the root of the box's area. 0 where there are none.
  double jitter_before() const { return jitter(before_); }
  double jitter_after() const { return jitter(after_); }
  /// Frames by which smoothed joints come late: the distance to where they were found, along their motion, against the
  /// speed of the frames around. Nothing where nothing moves, or no joint is seen in nine frames on end.
  std::optional<double> lag() const { return travelled_ > 0 ? std::optional(behind_ / travelled_) : std::nullopt; }

 private:
  static constexpr std::size_t kReach = 4;  // frames on either side that speed is measured over
  struct Sample {
    Point before, after;
  };
  struct Joint {
    std::array<Sample, 2 * kReach + 1> last{};  // a ring
    std::size_t frames = 0;                     // on end
    const Sample& ago(std::size_t n) const { return last[(frames - 1 - n) % last.size()]; }
  };
  struct Jitter {
    double sum = 0;
    std::size_t count = 0;
  };
  static double jitter(const Jitter& jitter) {
    return jitter.count == 0 ? 0 : jitter.sum / static_cast<double>(jitter.count);
  }
  void measure(const Joint& joint, double size);

  float min_score_;
  std::map<int, std::vector<Joint>> people_;  // of the last frame
  Jitter before_, after_;
  double behind_ = 0, travelled_ = 0;
};

}  // namespace poise
