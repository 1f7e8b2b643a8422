#pragma once
// CLEAR MOT of points with ids, frame by frame, as py-motmetrics' accumulator counts it (motmetrics/mot.py,
// MOTAccumulator.update, 1.4).

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "poise/metrics/posetrack_eval.h"

namespace poise {

/// One joint through one sequence. One thread.
class JointTracks {
 public:
  /// One frame: ids, and the distance of each pair, objects x found, row-major; NaN forbids a pair.
  void add(const std::vector<std::int64_t>& objects, const std::vector<std::int64_t>& found,
           const std::vector<double>& distances);
  /// distance_sum: of matches alone.
  const PosetrackJointCounts& counts() const { return counts_; }
  /// The sum over all of the accumulator's events: pairs that were offered, matches, and these again where they say who
  /// took whose place.
  double event_sum() const { return event_sum_; }

 private:
  void match(std::int64_t object, std::int64_t found, double distance, bool again);

  std::unordered_map<std::int64_t, std::int64_t> objects_;  // the partner of each that was matched
  std::unordered_map<std::int64_t, std::int64_t> owners_;   // of what was found: the object it was given to last
  std::unordered_set<std::int64_t> known_;                  // found ids that were matched before
  PosetrackJointCounts counts_;
  double event_sum_ = 0;
};

}  // namespace poise
