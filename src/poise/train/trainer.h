#pragma once
// Trains a network on persons with joints, on pictures with boxes, or on poses made up, into a folder: last.ckpt
// (everything, to go on from), best.ckpt (the weights that measured best), log.jsonl, TensorBoard's events, curves.png,
// val.jpg (prediction beside truth). Names no type of LibTorch.

#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "poise/card/model_card.h"
#include "poise/data/data_set.h"
#include "poise/data/kinematics.h"
#include "poise/data/scene.h"
#include "poise/graph/graph.h"
#include "poise/train/train_config.h"
#include "poise/weights/checkpoint.h"

namespace poise {

struct PoseData {
  DataSetPtr train, val;  // of the card's skeleton
};
struct BoxData {  // for a network of centres
  std::vector<WeightedBoxSet> train;
  BoxSet val;
};

struct LiftData {         // for a network that lifts poses
  std::size_t poses = 0;  // of an epoch
  KinematicOptions kinematics;
};

struct TrainJob {
  Graph graph;  // with its initial weights; one input, (N, 3, H, W) of pictures; of joints the last output is heatmaps
  Json card;    // skeleton, feeding, codec: as the model will have it
  Json config;  // kept in the checkpoints, and compared with theirs on resuming
  TrainConfig settings;
  std::variant<PoseData, BoxData, LiftData> data;
  std::filesystem::path out;
  bool resume = false;  // go on from out/last.ckpt
};

struct TrainProgress {
  int epoch = 0;  // from 0
  int epochs = 0;
  std::size_t batch = 0;  // done in this epoch
  std::size_t batches = 0;
  std::int64_t step = 0;
  double loss = 0;  // mean of the epoch so far
  double learning_rate = 0;
  double images_per_second = 0;  // of training alone, in this epoch
  double seconds_left = 0;
};

struct EpochResult {
  TrainProgress progress;
  double val_loss = 0;
  std::string measure;  // of the score: "pck", "ap50" of boxes, "auc3d" of lifted poses
  double score = 0;     // on the validation set
  bool best = false;
  double seconds = 0;  // with validation
};

struct TrainCallbacks {
  std::function<void(const TrainProgress&)> on_step{};
  std::function<void(const EpochResult&)> on_epoch{};
  std::function<bool()> should_stop{};  // asked after each step; a checkpoint is written first
};

struct TrainSummary {
  bool stopped = false;  // by should_stop; else the last epoch is done, or patience is out
  bool out_of_patience = false;
  int epochs = 0;  // done
  std::int64_t steps = 0;
  std::string measure;
  double best_score = -1;
  int best_epoch = 0;  // from 1
};

/// How the job's weights are measured: "pck", "ap50" of boxes, "auc3d" of lifted poses.
std::string measure_of(const TrainJob& job);
/// What the job learns from: its number, and its name.
struct Learned {
  std::int64_t count = 0;
  std::string name;  // "persons", "pictures", "poses"
};
Learned learned_by(const TrainJob& job);

/// What train() refuses whatever the data are: options, layers to freeze that are not there, a network and a card that
/// do not go together; where the card has no skeleton, joints are left to the data. Does not look at job.data, nor at
/// the device. Errors: kInvalidArgument, kUnsupported.
Status check_job(const TrainJob& job);

/// Bit-exact: a run that was stopped or killed and resumed ends with the weights of one that was not, on the same
/// machine with the same number of threads. Errors, before the first step where possible, and without touching the
/// checkpoints: kInvalidArgument (options; heatmaps that are not the skeleton's joints; a set that is empty or smaller
/// than a batch; a folder that holds a run already, without `resume`, or that another training writes to; truth without
/// what the measure is relative to; a checkpoint of another network, configuration or data set), kNotFound (nothing to
/// resume), kIo (a full disk: the checkpoint before stays), kMalformed (a picture; a loss that is no number).
Result<TrainSummary> train(const TrainJob& job, const TrainCallbacks& callbacks);

}  // namespace poise
