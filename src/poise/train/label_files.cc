#include "poise/train/label_files.h"

#include "poise/base/counted.h"

namespace poise {

namespace fs = std::filesystem;

Result<DataSetPtr> open_coco(const fs::path& annotations, const fs::path& images, const Note& note) {
  POISE_TRY(const auto set, coco_data_set(annotations, images));
  std::string line = annotations.string() + ": " + counted(set->size(), "person");
  if (const std::size_t left = set->left_out().total(); left > 0) {
    line += ", " + std::to_string(left) + " left out (crowds, no joints, empty boxes)";
  }
  say(note, line);
  return DataSetPtr(set);
}

Result<DataSetPtr> open_authors_set(const TrainConfig& config, const std::string& set, const Note& note) {
  const fs::path root = config.root;
  if (!config.mpii) {
    return open_coco(root / "annotations" / ("person_keypoints_" + set + ".json"), root / "images" / set, note);
  }
  const fs::path json = root / "annot" / (set + ".json");
  POISE_TRY(const PoseSet poses, read_pose_set(json, PoseFormat::kMpii));
  POISE_TRY(const auto persons, pose_data_set(poses, root / "images", {.box_padding = 1.25F}));
  say(note, json.string() + ": " + counted(persons->size(), "person"));
  return DataSetPtr(persons);
}

}  // namespace poise
