#pragma once
// The authors' configuration files, and ours in the same words, as options; docs/training.md lists the keys.

#include "poise/base/json.h"
#include "poise/data/augment.h"
#include "poise/data/scene.h"
#include "poise/train/train_options.h"

namespace poise {

struct TrainConfig {
  TrainOptions options;
  AugmentOptions augment;
  SceneOptions scene;                    // of a network of centres; size, stride and colours are the network's
  bool select = false;                   // learn from persons about the middle of their box alone (data/select.h)
  bool joint_weights = false;            // Joint::weight times the target weights
  int poses = 100'000;                   // made up an epoch, of a network that lifts
  float noise = 0.015F;                  // of these, as KinematicOptions::noise
  float cut_weight = 0;                  // as SampleOptions::cut_weight
  std::string root, train_set, val_set;  // where the authors look for their data
  bool mpii = false;                     // in the authors' MPII format, else COCO's
};

/// `root`: the file's mapping (models/config reads the network from the same). BATCH_SIZE counts for each GPU of GPUS:
/// so many batches are accumulated to one step, as their normalisation sees them. Errors: kInvalidArgument, naming the
/// key.
Result<TrainConfig> train_config_from_json(const Json& root);

}  // namespace poise
