#pragma once
// One pose out of several looks at the same person: where the looks agree, their mean; where they do not, nothing.
// Pure functions of values: thread-safe.

#include <span>
#include <vector>

#include "poise/person/pose.h"

namespace poise {

struct AgreementOptions {
  float near = 0.06F;           // a look agrees within so much of the median, as a share of the box's longer side
  float min_agreement = 0.65F;  // share of the looks' scores that must agree, [0, 1]
  float min_score = 0.2F;       // mean score times agreement, [0, 1]
};

struct AgreedJoint {
  Point point;          // image pixels; {0, 0} where it is not kept
  float score = 0;      // the looks' mean score, clamped to [0, 1], times the agreement
  float agreement = 0;  // [0, 1]
  bool kept = false;    // sure enough, and in the picture
};

/// `looks`: at least one, all in the same image's pixels and with the same joints; `box`: the person's; `image`:
/// pixels.
std::vector<AgreedJoint> agree(std::span<const Pose> looks, const Box& box, Size image,
                               const AgreementOptions& options = {});

}  // namespace poise
