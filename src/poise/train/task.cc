#include "poise/train/task.h"

namespace poise {

Result<std::unique_ptr<Task>> make_task(const TrainJob& job) {
  struct Make {
    const TrainJob& job;
    Result<std::unique_ptr<Task>> operator()(const PoseData& data) const { return pose_task(job, data); }
    Result<std::unique_ptr<Task>> operator()(const BoxData& data) const { return centre_task(job, data); }
  };
  return std::visit(Make{job}, job.data);
}

}  // namespace poise
