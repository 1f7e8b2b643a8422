#pragma once
// How good the weights are on persons that were not learned from. Internal: names types of LibTorch.

#include <functional>

#include "poise/data/loader.h"
#include "poise/graph_torch/torch_graph.h"
#include "poise/metrics/pck.h"
#include "poise/train/train_options.h"

namespace poise {

struct Validation {
  double loss = 0;  // the mean over persons
  PckResult pck;    // threshold 0.2, at the torso's diagonal; where the skeleton has none, at the box's longer side
  std::vector<Pose> poses;  // one a person of the set, image pixels
};

/// Ground-truth boxes, no flip test, decoded by the sample's codec.
Result<Validation> validate(TorchGraph& network, const DataSetPtr& set, const SampleOptions& sample,
                            const TrainOptions& options);

/// Whether validate() could measure: someone has a torso, or a box. Errors: those of measure_pck.
Status check_measurable(const DataSet& set);

/// Prediction beside truth, each under its name, for up to `persons` of the set, evenly spread.
Result<Image> validation_sheet(const DataSet& set, const std::vector<Pose>& poses, const CropOptions& crop,
                               int persons);

}  // namespace poise
