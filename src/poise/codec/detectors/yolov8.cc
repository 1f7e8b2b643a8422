#include "poise/codec/detectors/shared.h"

namespace poise {

Result<int> classes_of_yolov8(std::span<const Tensor> outputs, const DetectionHead& head) {
  if (!is_single(outputs, 3, 1, 4) || !are_cells(head.input, outputs[0].dim(2), 1))
    return other_outputs(outputs, "yolov8", "one (1, 4 + classes, n), n being the cells of its strides");
  return static_cast<int>(outputs[0].dim(1) - 4);
}

Status decode_yolov8(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found) {
  POISE_TRY(const int classes, classes_of_yolov8(outputs, head));
  const std::int64_t places = outputs[0].dim(2);
  for (std::int64_t i = 0; i < places; ++i) {
    const float* at = outputs[0].floats().data() + i;
    const Best best = best_of(at + 4 * places, classes, places);
    if (!(best.score > head.threshold)) continue;
    found.push_back({around(at[0], at[places], at[2 * places], at[3 * places]), best.score, best.label});
  }
  return {};
}

}  // namespace poise
