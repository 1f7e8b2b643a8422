#pragma once
// Joint scores as results say them.

#include <vector>

#include "poise/person/pose.h"

namespace poise {

/// Joint scores within [0, 1], as results are written: heatmaps are trained to peaks of 1, and a network's overshoot or
/// undershoot a little. A person with a score beyond 2 either way is left as is: that is a network whose maps have
/// another range, 0 to 255 or logits. Person scores stay, and rankings with them. Pure.
void written_scores(std::vector<Pose>& poses);

}  // namespace poise
