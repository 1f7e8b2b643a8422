#include "poise/codec/centre.h"

#include <limits>

#include "poise/codec/detectors/shared.h"

namespace poise {

Result<int> classes_of_centre(std::span<const Tensor> outputs, const DetectionHead& head) {
  bool fits = outputs.size() == 3;
  for (std::size_t i = 0; fits && i < 3; ++i) {
    fits = is_single(outputs.subspan(i, 1), 4, 1, 0) && outputs[i].dim(2) == outputs[0].dim(2) &&
           outputs[i].dim(3) == outputs[0].dim(3) && (i == 0 || outputs[i].dim(1) == 2);
  }
  fits = fits && outputs[0].count() > 0 && head.input.height % outputs[0].dim(2) == 0 &&
         head.input.width % outputs[0].dim(3) == 0 &&
         head.input.height / outputs[0].dim(2) == head.input.width / outputs[0].dim(3);
  if (!fits) {
    return other_outputs(outputs, "centre",
                         "heatmap (1, classes, h, w), size and offset (1, 2, h, w), cells as wide as high");
  }
  return static_cast<int>(outputs[0].dim(1));
}

Status decode_centre(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found) {
  POISE_TRY(const int classes, classes_of_centre(outputs, head));
  const Size cells{static_cast<int>(outputs[0].dim(3)), static_cast<int>(outputs[0].dim(2))};
  const int stride = head.input.width / cells.width;
  const CentreCodec codec{.stride = static_cast<float>(stride)};
  const auto floats = [&](std::size_t i) { return outputs[i].floats().data(); };
  constexpr int kAll = std::numeric_limits<int>::max();  // which of them are persons is not known here
  const std::vector<Detection> boxes = decode(codec, {floats(0), floats(1), floats(2), cells, classes},
                                              {head.threshold, kAll, head.logits, head.size_slope});
  found.insert(found.end(), boxes.begin(), boxes.end());
  return {};
}

}  // namespace poise
