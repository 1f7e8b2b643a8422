#pragma once
// Where a run is, and the checkpoints that keep it. Names no type of LibTorch.

#include <cstddef>
#include <cstdint>
#include <string>

#include "poise/train/trainer.h"

namespace poise {

/// All that is not a tensor. No times, so that equal runs write equal files.
struct RunPosition {
  int epoch = 0;
  std::size_t batch = 0;  // of the epoch, the next one
  std::int64_t step = 0;
  double loss_sum = 0;    // of the epoch's batches so far
  double window_sum = 0;  // of those since the log's last line
  double best_score = -1;
  int best_epoch = 0;  // from 1
};

Json to_json(const RunPosition& position, const TrainJob& job);

/// A checkpoint without tensors.
Checkpoint checkpoint_of(const TrainJob& job, const RunPosition& position);
/// Where the run of `checkpoint` is, if it is the job's. Errors: kMalformed (no position), kInvalidArgument (another
/// configuration, naming the first key that differs, or other data).
Result<RunPosition> position_of(const Checkpoint& checkpoint, const TrainJob& job, std::size_t batches_per_epoch);

/// Errors: kInvalidArgument (a run lies in the folder, and `resume` is not asked for), kNotFound (none, and it is).
Status check_folder(const TrainJob& job);

/// An error of writing, with what it means for the run.
Error with_what_is_kept(const Error& error, const std::filesystem::path& folder);

}  // namespace poise
