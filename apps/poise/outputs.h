#pragma once
// Where results go and in what form.

#include <filesystem>
#include <string>

#include "poise/formats/writers.h"
#include "poise/image/image.h"
#include "poise/infer/estimator.h"

namespace poise::app {

struct OutputOptions {
  std::filesystem::path folder;
  std::string format = "poise";  // poise coco openpose csv
  bool image = true;
  bool heatmaps = false;
  float min_score = 0.2F;
};

/// Writes what belongs to one picture: text (unless coco, which is one file a run), overlay, heatmaps. `image` is drawn
/// on. `place`: relative path of the picture under the folder.
Status write_picture_outputs(const OutputOptions& options, const std::filesystem::path& place, Image image,
                             const FrameResult& frame, const Estimate& estimate, const Skeleton& skeleton,
                             const Provenance& provenance);

}  // namespace poise::app
