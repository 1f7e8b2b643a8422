#include "poise/train/task.h"

#include "poise/card/detector_card.h"
#include "poise/card/lift_card.h"

namespace poise {

Result<std::unique_ptr<Task>> make_task(const TrainJob& job) {
  struct Make {
    const TrainJob& job;
    Result<std::unique_ptr<Task>> operator()(const PoseData& data) const { return pose_task(job, data); }
    Result<std::unique_ptr<Task>> operator()(const BoxData& data) const { return centre_task(job, data); }
    Result<std::unique_ptr<Task>> operator()(const LiftData& data) const { return lift_task(job, data); }
  };
  return std::visit(Make{job}, job.data);
}

Status check_task(const TrainJob& job) {
  if (is_lift_card(job.card)) return check_lift_task(job);
  return is_detector_card(job.card) ? check_centre_task(job) : check_pose_task(job);
}

}  // namespace poise
