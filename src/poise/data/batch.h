#pragma once
// What the loader hands to training: pictures, targets and weights of some examples, side by side. Any threads.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "poise/tensor/tensor.h"

namespace poise {

struct Batch {
  Tensor images;                     // (N, 3, height, width) float32, normalised as the model's card says
  Tensor targets;                    // (N, ...) float32, as the examples have them; poses: (N, joints, height, width)
  Tensor weights;                    // (N, ...) float32; poses: (N, joints)
  std::vector<std::size_t> indices;  // of the examples
  std::uint64_t epoch = 0;           // from 0
  std::size_t number = 0;            // of this batch within its epoch, from 0
  bool last = false;                 // of its epoch
};

}  // namespace poise
