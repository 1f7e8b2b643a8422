#include "poise/codec/detectors/shared.h"

namespace poise {
namespace {

/// No less than its eight neighbours: what a 3x3 maximum leaves as it is.
bool is_peak(const float* map, std::int64_t rows, std::int64_t columns, std::int64_t row, std::int64_t column) {
  const float value = map[row * columns + column];
  for (std::int64_t y = row - 1; y <= row + 1; ++y) {
    for (std::int64_t x = column - 1; x <= column + 1; ++x) {
      if (y >= 0 && y < rows && x >= 0 && x < columns && map[y * columns + x] > value) return false;
    }
  }
  return true;
}

}  // namespace

Result<int> classes_of_centre(std::span<const Tensor> outputs, const DetectionHead& head) {
  bool fits = outputs.size() == 3;
  for (std::size_t i = 0; fits && i < 3; ++i) {
    fits = is_single(outputs.subspan(i, 1), 4, 1, 0) && outputs[i].dim(2) == outputs[0].dim(2) &&
           outputs[i].dim(3) == outputs[0].dim(3) && (i == 0 || outputs[i].dim(1) == 2);
  }
  fits = fits && head.input.height % outputs[0].dim(2) == 0 && head.input.width % outputs[0].dim(3) == 0;
  if (!fits) return other_outputs(outputs, "centre", "heatmap (1, classes, h, w), size and offset (1, 2, h, w)");
  return static_cast<int>(outputs[0].dim(1));
}

Status decode_centre(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found) {
  POISE_TRY(const int classes, classes_of_centre(outputs, head));
  const std::int64_t rows = outputs[0].dim(2);
  const std::int64_t columns = outputs[0].dim(3);
  const std::int64_t cells = rows * columns;
  const float across = static_cast<float>(head.input.width) / static_cast<float>(columns);
  const float down = static_cast<float>(head.input.height) / static_cast<float>(rows);
  const float* size = outputs[1].floats().data();
  const float* offset = outputs[2].floats().data();
  for (int c = 0; c < classes; ++c) {
    const float* map = outputs[0].floats().data() + c * cells;
    for (std::int64_t i = 0; i < cells; ++i) {
      const float score = head.logits ? sigmoid(map[i]) : map[i];
      const std::int64_t row = i / columns;
      const std::int64_t column = i % columns;
      if (!(score > head.threshold) || !is_peak(map, rows, columns, row, column)) continue;
      const float x = (static_cast<float>(column) + offset[i]) * across;
      const float y = (static_cast<float>(row) + offset[cells + i]) * down;
      found.push_back({around(x, y, size[i] * across, size[cells + i] * down), score, c});
    }
  }
  return {};
}

}  // namespace poise
