#pragma once
// Percentage of correct parts (Ferrari, Marin and Zisserman, CVPR 2008), over the ten sticks of the Leeds sets. Pure.

#include <vector>

#include "poise/metrics/pck.h"
#include "poise/metrics/person_pairs.h"

namespace poise {

enum class PcpRule {
  kStrict,  // both ends are within half of the true stick's length
  kLoose,   // the mean of the two distances is
};

struct PcpResult {
  PcpRule rule = PcpRule::kStrict;
  double threshold = 0.5;             // share of the stick's length
  std::vector<PartRate> sticks;       // ten at most: left_lower_leg ... head, torso; auc is not used
  std::vector<PartRate> parts;        // lower_legs upper_legs lower_arms upper_arms head torso: means of their sticks
  std::vector<std::string> left_out;  // sticks that one of the skeletons lacks
  double mean = -1;                   // over the sticks
  std::size_t zero_length = 0;        // true sticks of no length: wrong
  std::size_t unlabelled = 0;         // sticks of persons where an end is not labelled: left out
};

/// Sticks: ankle-knee, knee-hip, wrist-elbow, elbow-shoulder on both sides; neck (MPII: upper neck) to head top; middle
/// of the shoulders to middle of the hips. A stick of zero length is wrong, and so is one that was not found. Errors:
/// kInvalidArgument where the skeletons share no stick.
Result<PcpResult> measure_pcp(const PersonPairs& pairs, PcpRule rule, double threshold = 0.5);

}  // namespace poise
