#include <algorithm>

#include "poise/codec/detectors/shared.h"

namespace poise {
namespace {

constexpr std::array<int, 4> kStrides = {8, 16, 32, 64};  // the last in the p6 networks alone

/// Strides from 8 on that make `places` rows of this input; 0 where none do.
std::size_t strides_of(Size input, std::int64_t places) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < kStrides.size(); ++i) {
    sum += static_cast<std::int64_t>(input.width / kStrides[i]) * (input.height / kStrides[i]);
    if (i >= 2 && sum == places) return i + 1;
  }
  return 0;
}

/// Whether the rows hold boxes in pixels already (YOLOX's export_onnx.py --decode_in_inference), not offsets in cells
/// and logarithms: then their centres are spread over the whole input. A row that is read so must be in the input too.
bool are_decoded(const float* row, std::int64_t places, int numbers, const DetectionHead& head) {
  constexpr double kOffsets = 8;  // cells; a centre is in its own cell, or one beside it
  const float longest = static_cast<float>(std::max(head.input.width, head.input.height));
  double sum = 0;
  bool absurd = false;   // as offsets
  bool sensible = true;  // as pixels
  for (std::int64_t i = 0; i < places; ++i, row += numbers) {
    sum += static_cast<double>(std::abs(row[0]) + std::abs(row[1]));
    const Best best = best_of(row + 5, numbers - 5, 1);
    if (!(row[4] * best.score > head.threshold)) continue;
    absurd |= std::max(row[2], row[3]) > std::log(2 * longest);  // even of cells of one pixel
    sensible &= std::min(row[2], row[3]) > 0 && std::max(row[2], row[3]) < 2 * longest;
  }
  return sum > 2 * kOffsets * static_cast<double>(places) || (absurd && sensible);
}

}  // namespace

Result<int> classes_of_yolox(std::span<const Tensor> outputs, const DetectionHead& head) {
  if (!is_single(outputs, 3, 2, 5) || strides_of(head.input, outputs[0].dim(1)) == 0) {
    return other_outputs(outputs, "yolox",
                         "one (1, n, 5 + classes), n being the cells of strides 8, 16 and 32 of its " +
                             std::to_string(head.input.width) + "x" + std::to_string(head.input.height) + " input");
  }
  return static_cast<int>(outputs[0].dim(2) - 5);
}

Status decode_yolox(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found) {
  POISE_TRY(const int classes, classes_of_yolox(outputs, head));
  const float* row = outputs[0].floats().data();
  const std::size_t strides = strides_of(head.input, outputs[0].dim(1));
  const bool decoded = are_decoded(row, outputs[0].dim(1), 5 + classes, head);
  for (std::size_t s = 0; s < strides; ++s) {
    const auto stride = static_cast<float>(kStrides[s]);
    const int columns = head.input.width / kStrides[s];
    const int cells = columns * (head.input.height / kStrides[s]);
    for (int i = 0; i < cells; ++i, row += 5 + classes) {
      if (!(row[4] > head.threshold)) continue;
      const Best best = best_of(row + 5, classes, 1);
      const float score = row[4] * best.score;
      if (!(score > head.threshold)) continue;
      if (decoded) {
        found.push_back({around(row[0], row[1], row[2], row[3]), score, best.label});
        continue;
      }
      const int cell_row = i / columns;
      const int cell_column = i % columns;
      const float x = (static_cast<float>(cell_column) + row[0]) * stride;
      const float y = (static_cast<float>(cell_row) + row[1]) * stride;
      found.push_back({around(x, y, std::exp(row[2]) * stride, std::exp(row[3]) * stride), score, best.label});
    }
  }
  return {};
}

}  // namespace poise
