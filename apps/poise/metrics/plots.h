#pragma once
#include <string>

#include "console.h"
#include "poise/base/json.h"
#include "poise/metrics/coco_eval.h"

namespace poise::app {

struct CocoPlots {
  const CocoTruth& truth;
  const CocoResults& results;
  const CocoEvalOptions& options;
  const CocoEvaluation& evaluation;
  std::string folder;
  std::string images;  // "" or where the pictures lie
  std::string prefix;  // of the files' names
};

/// precision_recall.png, and for keypoints error_classes.png, whose counts are added to `json`; with images, best.png
/// and worst.png.
Status plot_coco(const CocoPlots& plots, Json& json, Console& console);

}  // namespace poise::app
