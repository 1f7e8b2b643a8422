#pragma once
// What --data, --labels and the authors' configuration say about where persons to learn from lie.

#include <string>
#include <vector>

#include "console.h"
#include "poise/card/model_card.h"
#include "poise/data/data_set.h"
#include "poise/train/trainer.h"

namespace poise::app {

struct TrainingDataFlags {
  std::vector<std::string> folders;  // each: train.json, val.json and images/; or train/ and val/ that data pack made
  std::vector<double> weights;       // how often each is seen; none: once
  std::vector<std::string> labels;   // a teacher's, one a folder, "-" for none
  double label_weight = 1;
};

/// card: of the network. Without folders: the authors' layout under DATASET.ROOT. The first folder that has a val set
/// gives it.
Result<PoseData> open_training_data(const TrainingDataFlags& flags, const TrainConfig& config, const ModelCard& card,
                                    Console& console);

/// Pictures with boxes, for a network that finds people: the --labels of each folder, else its train.json; pictures lie
/// in its images/, or in itself. Every twentieth picture is kept for validation.
Result<BoxData> open_box_data(const TrainingDataFlags& flags, Console& console);

/// The joints that the training data name, in their order: for a network whose skeleton the configuration does not say.
Result<Skeleton> skeleton_of_data(const TrainingDataFlags& flags, const TrainConfig& config);

}  // namespace poise::app
