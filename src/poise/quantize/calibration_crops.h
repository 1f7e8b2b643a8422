#pragma once
// Pictures of people as a pose network will see them: the batches that its rounding is calibrated on. Thread-safe.

#include <filesystem>
#include <vector>

#include "poise/base/result.h"
#include "poise/card/model_card.h"
#include "poise/quantize/quantize.h"
#include "poise/tensor/tensor.h"

namespace poise {

inline constexpr int kFewestCalibrated = 8;  // people

struct CalibrationPictures {
  std::vector<std::filesystem::path> pictures;
  /// COCO annotations or detections, matched as BoxesFile::find does; empty: each whole picture is one person's box.
  std::filesystem::path boxes;
  int count = 128;  // people at most, spread over all pictures
};

/// Crops (batch, 3, height, width) by the card, whole batches alone; `progress` is told of each crop. Errors:
/// kInvalidArgument (fewer people than kFewestCalibrated or two batches, a box outside its picture), kIo (stopped by
/// `progress`), those of BoxesFile::read and read_image_file; what concerns a picture starts with its path.
Result<std::vector<Tensor>> read_calibration_crops(const CalibrationPictures& from, const ModelCard& card,
                                                   std::size_t batch, const QuantizeProgress& progress = {});

}  // namespace poise
