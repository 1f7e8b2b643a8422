#include "poise/codec/detectors/shared.h"

namespace poise {

Result<int> classes_of_yolov5(std::span<const Tensor> outputs, const DetectionHead& head) {
  const bool fits = is_single(outputs, 3, 2, 5) &&
                    (are_cells(head.input, outputs[0].dim(1), 3) || are_cells(head.input, outputs[0].dim(1), 1));
  if (!fits) return other_outputs(outputs, "yolov5", "one (1, n, 5 + classes), n being 1 or 3 for each cell");
  return static_cast<int>(outputs[0].dim(2) - 5);
}

Status decode_yolov5(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found) {
  POISE_TRY(const int classes, classes_of_yolov5(outputs, head));
  const float* row = outputs[0].floats().data();
  for (std::int64_t i = 0; i < outputs[0].dim(1); ++i, row += 5 + classes) {
    if (!(row[4] > head.threshold)) continue;
    const Best best = best_of(row + 5, classes, 1);
    const float score = row[4] * best.score;
    if (score > head.threshold) found.push_back({around(row[0], row[1], row[2], row[3]), score, best.label});
  }
  return {};
}

}  // namespace poise
