#include "poise/metrics/joint_tracks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/base/assignment.h"

namespace poise {

void JointTracks::match(std::int64_t object, std::int64_t found, double distance, bool again) {
  ++counts_.detections;
  counts_.distance_sum += distance;
  event_sum_ += distance;
  if (!again) {
    const auto known = objects_.find(object);
    const bool matched_before = known != objects_.end();
    if (matched_before && known->second != found) {
      ++counts_.switches;
      if (known_.count(found) == 0) event_sum_ += distance;  // ASCEND
    }
    if (const auto owner = owners_.find(found); owner != owners_.end() && owner->second != object) {
      event_sum_ += matched_before ? distance : 2 * distance;  // TRANSFER, and MIGRATE of who was never matched
    }
    owners_[found] = object;
  }
  known_.insert(found);
  objects_[object] = found;
}

void JointTracks::add(const std::vector<std::int64_t>& objects, const std::vector<std::int64_t>& found,
                      const std::vector<double>& distances) {
  const std::size_t rows = objects.size();
  const std::size_t columns = found.size();
  for (const double distance : distances) event_sum_ += std::isfinite(distance) ? distance : 0;  // RAW
  std::vector<bool> object_done(rows, false), found_done(columns, false);
  std::size_t matches = 0;
  // Who was matched before, however long ago, goes on with the same partner.
  for (std::size_t i = 0; i < rows; ++i) {
    const auto known = objects_.find(objects[i]);
    if (known == objects_.end()) continue;
    for (std::size_t j = 0; j < columns; ++j) {
      if (found_done[j] || found[j] != known->second) continue;
      const double distance = distances[i * columns + j];
      if (std::isfinite(distance)) {
        object_done[i] = found_done[j] = true;
        match(objects[i], found[j], distance, true);
        ++matches;
      }
      break;
    }
  }
  // The others so that the distances sum to the least; what is forbidden costs what it costs there.
  std::vector<double> cost(rows * columns);
  double most = 0;
  bool any = false;
  for (std::size_t at = 0; at < cost.size(); ++at) {
    const bool open = !object_done[at / columns] && !found_done[at % columns] && std::isfinite(distances[at]);
    cost[at] = open ? distances[at] : std::numeric_limits<double>::quiet_NaN();
    if (!open) continue;
    most = std::max(most, distances[at]);
    any = true;
  }
  if (any) {
    std::vector<double> filled = cost;
    for (double& one : filled) one = std::isnan(one) ? 2 * most + 1 : one;
    const auto chosen = assign(filled, static_cast<int>(rows), static_cast<int>(columns));
    for (std::size_t i = 0; i < rows; ++i) {
      if (chosen[i] < 0) continue;
      const double distance = cost[i * columns + static_cast<std::size_t>(chosen[i])];
      if (std::isnan(distance)) continue;
      match(objects[i], found[static_cast<std::size_t>(chosen[i])], distance, false);
      ++matches;
    }
  }
  counts_.objects += static_cast<std::int64_t>(rows);
  counts_.misses += static_cast<std::int64_t>(rows - matches);
  counts_.false_positives += static_cast<std::int64_t>(columns - matches);
}

}  // namespace poise
