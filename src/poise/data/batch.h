#pragma once
// What the loader hands to training: pictures, targets and weights of some persons, side by side.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "poise/tensor/tensor.h"

namespace poise {

struct Batch {
  Tensor images;                     // (N, 3, height, width) float32, normalised as the model's card says
  Tensor targets;                    // (N, joints, heatmap height, heatmap width) float32, peaks of 1
  Tensor weights;                    // (N, joints) float32; 0: not labelled, or outside the heatmap
  std::vector<std::size_t> indices;  // of the persons in the data set
  std::uint64_t epoch = 0;           // from 0
  std::size_t number = 0;            // of this batch within its epoch, from 0
  bool last = false;                 // of its epoch
};

}  // namespace poise
