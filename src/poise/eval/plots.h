#pragma once
// What was measured, as pictures: curves, error classes, sheets of the best and the worst cases. Thread-safe.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "poise/eval/coco_report.h"
#include "poise/image/image.h"
#include "poise/metrics/error_classes.h"
#include "poise/metrics/pck.h"

namespace poise {

struct CocoPlotOptions {
  std::filesystem::path folder;
  std::filesystem::path images = {};  // where the pictures lie, for the sheets; empty: no sheets
  std::string prefix = {};            // of the files' names
};

struct CocoPlots {
  std::optional<ErrorClasses> errors;  // of keypoints
  std::vector<std::string> notes;      // pictures that could not be shown, one line each
};

/// Writes precision_recall.png, of keypoints error_classes.png too, and with images best.png and worst.png. Errors:
/// kIo.
Result<CocoPlots> plot_coco(const CocoReport& report, const CocoPlotOptions& options);

/// PCK's curve over its threshold: the mean and each part. `name`: "PCK", "PDJ".
Image draw_pck(const PckResult& result, const std::string& name);

}  // namespace poise
