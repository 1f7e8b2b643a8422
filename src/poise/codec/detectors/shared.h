#pragma once
// What several families share. Internal to codec.

#include <cmath>
#include <string>

#include "poise/codec/detectors/families.h"

namespace poise {

inline float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

inline Box around(float centre_x, float centre_y, float width, float height) {
  return {centre_x - width * 0.5F, centre_y - height * 0.5F, width, height};
}

inline std::string shapes_of(std::span<const Tensor> outputs) {
  std::string text;
  for (const Tensor& output : outputs) text += (text.empty() ? "" : ", ") + to_string(output.shape());
  return text;
}

/// Rows of x1 y1 x2 y2 score class (and more), as networks give them that thin out their boxes themselves.
inline bool is_end_to_end(std::span<const Tensor> outputs) {
  return !outputs.empty() && outputs[0].rank() == 3 && outputs[0].dim(1) <= 1000 &&
         (outputs[0].dim(2) == 5 || outputs[0].dim(2) == 6 || outputs[0].dim(2) == 7 || outputs[0].dim(1) == 300);
}

/// "the network gives 1x85x22x22, family yolox reads (1, n, 5 + classes)".
inline Error other_outputs(std::span<const Tensor> outputs, const char* family, const std::string& wanted) {
  const char* advice = is_end_to_end(outputs)
                           ? ": boxes that the network has thinned out itself (end-to-end, NMS inside) are family "
                             "end2end's, with preset yolo-end2end or rtmdet"
                           : ": give option \"preset\" of the detector, or a card with the right family";
  return unsupported("the network gives " + shapes_of(outputs) + ", family " + family + " reads " + wanted + advice);
}

/// One float tensor (1, ...) of this rank, with more than `least` along `axis`.
inline bool is_single(std::span<const Tensor> outputs, std::size_t rank, std::size_t axis, std::int64_t least) {
  return outputs.size() == 1 && outputs[0].rank() == rank && outputs[0].type() == DType::kFloat32 &&
         outputs[0].dim(0) == 1 && outputs[0].dim(axis) > least;
}

/// Whether `places` are the cells of some neighbouring strides from 4 to 64, `each` times.
inline bool are_cells(Size input, std::int64_t places, int each) {
  for (int first = 4; first <= 64; first *= 2) {
    std::int64_t sum = 0;
    for (int stride = first; stride <= 64; stride *= 2) {
      sum += static_cast<std::int64_t>(input.width / stride) * (input.height / stride);
      if (sum * each == places) return true;
    }
  }
  return false;
}

struct Best {
  int label = 0;
  float score = 0;
};
/// The largest of `count` scores, `step` apart; of equals the first.
inline Best best_of(const float* scores, int count, std::int64_t step) {
  Best best{0, scores[0]};
  for (int c = 1; c < count; ++c) {
    if (scores[c * step] > best.score) best = {c, scores[c * step]};
  }
  return best;
}

}  // namespace poise
