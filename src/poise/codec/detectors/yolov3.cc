#include "poise/codec/detectors/shared.h"

namespace poise {

Result<int> classes_of_yolov3(std::span<const Tensor> outputs, const DetectionHead& head) {
  std::string wanted;
  for (const auto& anchors : head.anchors) {
    wanted += (wanted.empty() ? "" : ", ") + ("(1, " + std::to_string(anchors.size()) + " (5 + classes), h, w)");
  }
  bool fits = !outputs.empty() && outputs.size() == head.anchors.size();
  std::int64_t classes = 0;
  for (std::size_t i = 0; fits && i < outputs.size(); ++i) {
    const auto anchors = static_cast<std::int64_t>(head.anchors[i].size());
    fits = is_single(outputs.subspan(i, 1), 4, 1, 5 * anchors) && anchors > 0 && outputs[i].dim(1) % anchors == 0 &&
           (i == 0 || outputs[i].dim(1) / anchors - 5 == classes);
    if (fits) classes = outputs[i].dim(1) / anchors - 5;
  }
  if (!fits) return other_outputs(outputs, "yolov3", wanted + " as its anchors say");
  return static_cast<int>(classes);
}

Status decode_yolov3(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found) {
  POISE_TRY(const int classes, classes_of_yolov3(outputs, head));
  const auto width = static_cast<float>(head.input.width);
  const auto height = static_cast<float>(head.input.height);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const std::int64_t rows = outputs[k].dim(2);
    const std::int64_t columns = outputs[k].dim(3);
    const std::int64_t cells = rows * columns;
    const float scale = k < head.scale_xy.size() ? head.scale_xy[k] : 1.0F;
    const float shift = (scale - 1.0F) * 0.5F;
    const float* values = outputs[k].floats().data();
    for (const auto& [anchor_width, anchor_height] : head.anchors[k]) {
      for (std::int64_t i = 0; i < cells; ++i) {
        const float* cell = values + i;
        const float object = sigmoid(cell[4 * cells]);
        if (!(object > head.threshold)) continue;
        const std::int64_t row = i / columns;
        const std::int64_t column = i % columns;
        const float x = (static_cast<float>(column) + sigmoid(cell[0]) * scale - shift) / static_cast<float>(columns);
        const float y = (static_cast<float>(row) + sigmoid(cell[cells]) * scale - shift) / static_cast<float>(rows);
        const Box box = around(x * width, y * height, std::exp(cell[2 * cells]) * anchor_width,
                               std::exp(cell[3 * cells]) * anchor_height);
        for (int c = 0; c < classes; ++c) {
          const float score = object * sigmoid(cell[(5 + c) * cells]);
          if (score > head.threshold) found.push_back({box, score, c});
        }
      }
      values += (5 + classes) * cells;
    }
  }
  return {};
}

}  // namespace poise
