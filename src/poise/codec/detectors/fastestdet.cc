#include "poise/codec/detectors/shared.h"

namespace poise {

Result<int> classes_of_fastestdet(std::span<const Tensor> outputs, const DetectionHead& /*head*/) {
  if (!is_single(outputs, 4, 1, 5)) return other_outputs(outputs, "fastestdet", "one (1, 5 + classes, h, w)");
  return static_cast<int>(outputs[0].dim(1) - 5);
}

Status decode_fastestdet(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found) {
  POISE_TRY(const int classes, classes_of_fastestdet(outputs, head));
  const std::int64_t rows = outputs[0].dim(2);
  const std::int64_t columns = outputs[0].dim(3);
  const std::int64_t cells = rows * columns;
  const auto width = static_cast<float>(head.input.width);
  const auto height = static_cast<float>(head.input.height);
  for (std::int64_t i = 0; i < cells; ++i) {
    const float* cell = outputs[0].floats().data() + i;
    const Best best = best_of(cell + 5 * cells, classes, cells);
    const float score = std::pow(cell[0], 0.6F) * std::pow(best.score, 0.4F);
    if (!(score > head.threshold)) continue;
    const std::int64_t row = i / columns;
    const std::int64_t column = i % columns;
    const float x = (static_cast<float>(column) + std::tanh(cell[cells])) / static_cast<float>(columns);
    const float y = (static_cast<float>(row) + std::tanh(cell[2 * cells])) / static_cast<float>(rows);
    found.push_back({around(x * width, y * height, sigmoid(cell[3 * cells]) * width, sigmoid(cell[4 * cells]) * height),
                     score, best.label});
  }
  return {};
}

}  // namespace poise
