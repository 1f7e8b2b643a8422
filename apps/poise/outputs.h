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

/// Outputs are tried before any work, so that an hour of it is not lost: the folder is made, and a file written into it
/// and removed. Errors: kIo, naming the path and what to do.
Status check_out_folder(const std::filesystem::path& folder);
/// The same of the file's folder; a folder of the file's name is in the way.
Status check_out_file(const std::filesystem::path& file);

}  // namespace poise::app
