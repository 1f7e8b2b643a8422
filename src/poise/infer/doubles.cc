#include "poise/infer/doubles.h"

#include "poise/base/json.h"
#include "poise/person/oks.h"
#include "poise/person/parametric_nms.h"

namespace poise {

std::string name_of(const DoublesOptions& options) {
  switch (options.rule.value_or(DoublesOptions::Rule::kOks)) {
    case DoublesOptions::Rule::kOks:
      return "oks " + Json(options.oks).dump();
    case DoublesOptions::Rule::kParametric:
      return "parametric";
    case DoublesOptions::Rule::kNone:
      break;
  }
  return "none";
}

std::size_t remove_doubles(Estimate& estimate, const std::optional<CropOptions>& crop, const Skeleton& skeleton,
                           const DoublesOptions& options) {
  const DoublesOptions::Rule rule = options.rule.value_or(DoublesOptions::Rule::kOks);
  if (rule == DoublesOptions::Rule::kNone || estimate.poses.size() < 2) return 0;
  Estimate kept;
  const auto keep = [&](int index, Pose pose) {
    kept.poses.push_back(std::move(pose));
    if (!estimate.heatmaps.empty())
      kept.heatmaps.push_back(std::move(estimate.heatmaps[static_cast<std::size_t>(index)]));
  };
  if (rule == DoublesOptions::Rule::kParametric) {
    for (MergedPose& merged : parametric_nms(estimate.poses)) keep(merged.index, std::move(merged.pose));
  } else {
    std::vector<float> areas;
    areas.reserve(estimate.poses.size());
    for (const Pose& pose : estimate.poses) areas.push_back((crop ? padded_box(pose.box, *crop) : pose.box).area());
    for (const int index : oks_nms(estimate.poses, areas, skeleton, options.oks)) {
      keep(index, std::move(estimate.poses[static_cast<std::size_t>(index)]));
    }
  }
  const std::size_t before = estimate.poses.size();
  estimate = std::move(kept);
  return before - estimate.poses.size();
}

}  // namespace poise
