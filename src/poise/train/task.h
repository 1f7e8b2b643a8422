#pragma once
// What is learned: examples, loss and measure. One implementation a kind of network; make_task() chooses by the job's
// data. Internal: names types of LibTorch.

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "poise/data/examples.h"
#include "poise/graph_torch/torch_graph.h"
#include "poise/image/image.h"
#include "poise/train/trainer.h"

namespace poise {

/// How good the weights are on what was not learned from.
struct Measured {
  double loss = 0;                // the mean over examples
  double score = 0;               // of the job's measure(), higher is better
  Json details = Json::object();  // more for the log, by name
  Image sheet;                    // prediction beside truth
};

class Task {
 public:
  virtual ~Task() = default;
  virtual const ExamplesPtr& to_learn() const = 0;
  virtual const ExamplesPtr& to_validate() const = 0;
  /// Of one batch, on the outputs' device. A scalar with gradients.
  virtual at::Tensor loss(const std::vector<at::Tensor>& outputs, const at::Tensor& targets,
                          const at::Tensor& weights) const = 0;
  virtual Result<Measured> validate(TorchGraph& network) const = 0;
};

/// Errors: kInvalidArgument (data, card and network that do not fit each other; options).
Result<std::unique_ptr<Task>> make_task(const TrainJob& job);

/// That network and card can be a task, as far as no data are needed: make_task()'s other errors.
Status check_task(const TrainJob& job);
Status check_pose_task(const TrainJob& job);
Status check_centre_task(const TrainJob& job);
Status check_lift_task(const TrainJob& job);

/// The kinds. Persons one by one, their joints as heatmaps:
Result<std::unique_ptr<Task>> pose_task(const TrainJob& job, const PoseData& data);
/// Scenes, the people in them as centres:
Result<std::unique_ptr<Task>> centre_task(const TrainJob& job, const BoxData& data);
/// Poses made up, lifted:
Result<std::unique_ptr<Task>> lift_task(const TrainJob& job, const LiftData& data);

}  // namespace poise
