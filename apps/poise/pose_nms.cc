#include "pose_nms.h"

#include "poise/base/json.h"
#include "poise/person/oks.h"
#include "poise/person/parametric_nms.h"

namespace poise::app {

void PoseNmsFlags::add_to(CLI::App& command, const std::string& group) {
  command
      .add_option("--pose-nms", method,
                  "of poses that are one person's, oks keeps the best, parametric (AlphaPose) merges; or none")
      ->check(CLI::IsMember({"oks", "parametric", "none"}))
      ->capture_default_str()
      ->group(group);
  command.add_option("--oks-nms", oks, "of two poses more alike than this the better is kept")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
}

std::string PoseNmsFlags::text() const { return method == "oks" ? "oks " + Json(oks).dump() : method; }

std::size_t suppress_doubles(Estimate& estimate, const Estimator& estimator, const PoseNmsFlags& flags) {
  if (flags.method == "none" || estimate.poses.size() < 2) return 0;
  Estimate kept;
  const auto keep = [&](int index, Pose pose) {
    kept.poses.push_back(std::move(pose));
    if (!estimate.heatmaps.empty())
      kept.heatmaps.push_back(std::move(estimate.heatmaps[static_cast<std::size_t>(index)]));
  };
  if (flags.method == "parametric") {
    for (MergedPose& merged : parametric_nms(estimate.poses)) keep(merged.index, std::move(merged.pose));
  } else {
    std::vector<float> areas;
    areas.reserve(estimate.poses.size());
    for (const Pose& pose : estimate.poses) areas.push_back(padded_box(pose.box, estimator.card().crop()).area());
    for (const int index : oks_nms(estimate.poses, areas, estimator.skeleton(), flags.oks)) {
      keep(index, std::move(estimate.poses[static_cast<std::size_t>(index)]));
    }
  }
  const std::size_t before = estimate.poses.size();
  estimate = std::move(kept);
  return before - estimate.poses.size();
}

}  // namespace poise::app
