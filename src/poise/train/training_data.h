#pragma once
// The data sets that a training learns from and is measured on, opened from where folders and the authors'
// configuration say they lie.

#include <string>
#include <vector>

#include "poise/card/model_card.h"
#include "poise/data/data_set.h"
#include "poise/train/label_files.h"
#include "poise/train/train_config.h"
#include "poise/train/trainer.h"

namespace poise {

/// In messages: option "data" a folder, "data_weight" a weight, "labels" a file of labels.
struct TrainingDataOptions {
  std::vector<std::string> folders;  // each: train.json, val.json and images/; or train/ and val/, packed sets
  std::vector<double> weights;       // how often each is seen; none: once
  std::vector<std::string> labels;   // a teacher's, one a folder, "-" for none
  double label_weight = 1;           // of the teacher's joints in the loss
};

/// card: of the network. Without folders: the authors' layout under DATASET.ROOT. The first folder that has a val set
/// gives it. Errors: kNotFound (a folder, a set; says where it was looked for), kInvalidArgument (options that do not
/// fit each other; no joint that card and data share), those of the readers.
Result<PoseData> open_training_data(const TrainingDataOptions& options, const TrainConfig& config,
                                    const ModelCard& card, const Note& note);

/// Pictures with boxes, for a network that finds people: the labels of each folder, else its train.json; pictures lie
/// in its images/, or in itself. Every twentieth picture is kept for validation. Errors: those of read_box_set.
Result<BoxData> open_box_data(const TrainingDataOptions& options, const Note& note);

/// The joints that the training data name, in their order: for a network whose skeleton the configuration does not say.
Result<Skeleton> skeleton_of_data(const TrainingDataOptions& options, const TrainConfig& config);

}  // namespace poise
