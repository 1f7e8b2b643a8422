#include <algorithm>
#include <array>
#include <cmath>

#include "poise/codec/detectors/shared.h"

namespace poise {
namespace {

constexpr std::array<int, 4> kStrides = {8, 16, 32, 64};
constexpr int kBins = 8;  // of each side's distance: reg_max 7
constexpr std::int64_t kBoxNumbers = 4 * kBins;

std::int64_t cells(int side, int stride) { return (side + stride - 1) / stride; }

/// Strides from 8 on that make `places` rows of this input: three, or NanoDet-Plus' four; 0 where none do.
std::size_t strides_of(Size input, std::int64_t places) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < kStrides.size(); ++i) {
    sum += cells(input.width, kStrides[i]) * cells(input.height, kStrides[i]);
    if (i >= 2 && sum == places) return i + 1;
  }
  return 0;
}

/// The mean of a distribution over distances 0 to 7, given as logits.
float mean_distance(const float* logits) {
  const float most = *std::max_element(logits, logits + kBins);
  float sum = 0, mean = 0;
  for (int i = 0; i < kBins; ++i) {
    const float weight = std::exp(logits[i] - most);
    sum += weight;
    mean += weight * static_cast<float>(i);
  }
  return mean / sum;
}

}  // namespace

Result<int> classes_of_nanodet(std::span<const Tensor> outputs, const DetectionHead& head) {
  if (!is_single(outputs, 3, 2, kBoxNumbers) || strides_of(head.input, outputs[0].dim(1)) == 0) {
    return other_outputs(outputs, "nanodet",
                         "one (1, n, classes + 32), n being the cells of strides 8, 16, 32 and, of NanoDet-Plus, 64");
  }
  return static_cast<int>(outputs[0].dim(2) - kBoxNumbers);
}

Status decode_nanodet(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found) {
  POISE_TRY(const int classes, classes_of_nanodet(outputs, head));
  const float* row = outputs[0].floats().data();
  const std::size_t strides = strides_of(head.input, outputs[0].dim(1));
  for (std::size_t s = 0; s < strides; ++s) {
    const auto stride = static_cast<float>(kStrides[s]);
    const std::int64_t columns = cells(head.input.width, kStrides[s]), rows = cells(head.input.height, kStrides[s]);
    // NanoDet-Plus' centres are the cells' corners; NanoDet's, of three strides, their middles.
    const float middle = strides == kStrides.size() ? 0.0F : stride * 0.5F;
    for (std::int64_t i = 0; i < columns * rows; ++i, row += classes + kBoxNumbers) {
      const Best best = best_of(row, classes, 1);
      if (!(best.score > head.threshold)) continue;
      const float x = static_cast<float>(i % columns) * stride + middle;
      const float y = static_cast<float>(i / columns) * stride + middle;
      std::array<float, 4> away{};  // left, top, right, bottom
      for (std::size_t k = 0; k < 4; ++k) away[k] = mean_distance(row + classes + k * kBins) * stride;
      found.push_back({{x - away[0], y - away[1], away[0] + away[2], away[1] + away[3]}, best.score, best.label});
    }
  }
  return {};
}

}  // namespace poise
