#pragma once
// Data sets out of label files and pictures. The training program built alone (POISE_TRAIN_ONLY) reads packs and has
// label_files_absent.cc instead.

#include <filesystem>
#include <string>

#include "console.h"
#include "poise/data/data_set.h"
#include "poise/train/train_config.h"

namespace poise::app {

/// COCO keypoints.
Result<DataSetPtr> open_coco(const std::filesystem::path& annotations, const std::filesystem::path& images,
                             Console& console);
/// `set` of the authors' layout under DATASET.ROOT: COCO's or MPII's.
Result<DataSetPtr> open_authors_set(const TrainConfig& config, const std::string& set, Console& console);

}  // namespace poise::app
