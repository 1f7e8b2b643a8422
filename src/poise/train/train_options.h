#pragma once
// How to train; defaults are Simple Baselines' on COCO (experiments/coco/resnet50/256x192_d256x3_adam_lr1e-3.yaml).
// Names no type of LibTorch.

#include <cstdint>
#include <string>
#include <vector>

#include "poise/base/result.h"

namespace poise {

struct LossOptions {
  bool target_weights = true;  // else joints that are not labelled count too
  int hard_joints = 0;         // over 0: only so many worst joints of each person count (OHKM; HRNet: 8)
};

struct CentreLossOptions {  // of a network of centres; Zhou et al., "Objects as Points", 2019, section 3
  double alpha = 2;
  double beta = 4;
  double size = 0.1;
  double offset = 1;
  double giou = 0;  // weight of 1 - GIoU of the boxes
};

struct OptimizerOptions {
  enum class Kind { kAdam, kAdamW, kSgd } kind = Kind::kAdam;
  double learning_rate = 1e-3;
  double weight_decay = 0;  // AdamW: decoupled; SGD: added to the gradient; Adam: none, as the authors have it
  double momentum = 0.9;    // SGD
  bool nesterov = false;    // SGD
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

struct ScheduleOptions {
  enum class Kind { kStep, kCosine } kind = Kind::kStep;
  std::vector<int> epochs{90, 120};  // kStep: the rate is multiplied by `factor` from each of these on, counted from 0
  double factor = 0.1;
  int warmup_steps = 0;  // linear from near zero, in both kinds
};

struct TrainOptions {
  LossOptions loss;
  CentreLossOptions centre_loss;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  int epochs = 140;
  double minutes = 0;  // over 0: training ends after so many, counted anew with every resumption, a cosine schedule
                       // comes to 0 by then, and `epochs` is no more than a limit. Two runs are not the same then.
  int patience = 0;    // over 0: the run ends after so many epochs without a better score
  /// Layers and groups that are not learned, by the start of their tensors' names up to a point: "layer1" is all of
  /// layer1.*. Their batch normalisation uses its running mean and variance and leaves them as they are.
  std::vector<std::string> frozen;
  int batch = 32;
  int accumulate = 1;  // gradients of so many batches make one step
  double ema = 0;      // over 0: the weights' moving average is what is measured and shipped, decay at most this
  std::uint64_t seed = 1;
  std::string device = "cpu";
  bool bfloat16 = false;  // convolutions: on a GPU, or a CPU that has it (AVX512_BF16, AMX)
  int threads = 0;        // of the CPU's operators; 0: all. Another number changes the last bits of the results
  int workers = 2;        // threads that read and augment; changes nothing
  double checkpoint_seconds = 600;  // between checkpoints within an epoch; at its end there is always one
  int checkpoint_steps = 0;         // over 0: after so many steps too
  int log_steps = 100;              // over 0: a line of the log after so many of an epoch's steps
};

/// Errors: kInvalidArgument, naming the option.
Status check(const TrainOptions& options);

/// Of the step-th update (from 0), which falls into `epoch`, of `steps` updates in all. Pure.
double learning_rate(const TrainOptions& options, std::int64_t step, int epoch, std::int64_t steps);

/// Of the moving average at the step-th update: it starts low, so that the first weights are soon forgotten. Pure.
double ema_decay(double limit, std::int64_t step);

}  // namespace poise
