#pragma once
// Data sets out of label files and pictures. The training program built alone (POISE_TRAIN_ONLY) reads packs and has
// label_files_absent.cc instead.

#include <filesystem>
#include <functional>
#include <string>

#include "poise/data/data_set.h"
#include "poise/train/train_config.h"

namespace poise {

/// Is told what was found, a line each time; empty: nobody listens.
using Note = std::function<void(const std::string& line)>;
void say(const Note& note, const std::string& line);

/// COCO keypoints. Errors: those of coco_data_set(); kUnsupported in the program built alone.
Result<DataSetPtr> open_coco(const std::filesystem::path& annotations, const std::filesystem::path& images,
                             const Note& note);
/// `set` of the authors' layout under TrainConfig::root: COCO's or MPII's. Errors: those of its reader; kUnsupported in
/// the program built alone.
Result<DataSetPtr> open_authors_set(const TrainConfig& config, const std::string& set, const Note& note);

}  // namespace poise
