#include "training_data.h"

#include <filesystem>

#include "poise/data/overlay.h"
#include "poise/data/pack.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

Result<DataSetPtr> open_coco(const fs::path& annotations, const fs::path& images, Console& console) {
  POISE_TRY(const auto set, coco_data_set(annotations, images));
  std::string line = annotations.string() + ": " + std::to_string(set->size()) + " persons";
  if (const std::size_t left = set->left_out().total(); left > 0) {
    line += ", " + std::to_string(left) + " left out (crowds, no joints, empty boxes)";
  }
  console.note(line);
  return DataSetPtr(set);
}

/// "train" or "val" of a folder; nothing where it has none.
Result<DataSetPtr> open_part(const fs::path& folder, const std::string& part, Console& console) {
  const fs::path json = folder / (part + ".json");
  if (is_there(json)) return open_coco(json, folder / "images", console);
  const fs::path pack = folder / part;
  if (!is_there(pack)) return DataSetPtr();
  POISE_TRY(const auto set, PackedDataSet::open(pack));
  console.note(pack.string() + ": " + std::to_string(set->size()) + " persons");
  return DataSetPtr(set);
}

Result<DataSetPtr> open_authors(const TrainConfig& config, const std::string& set, Console& console) {
  const fs::path root = config.root;
  if (!config.mpii) {
    return open_coco(root / "annotations" / ("person_keypoints_" + set + ".json"), root / "images" / set, console);
  }
  const fs::path json = root / "annot" / (set + ".json");
  POISE_TRY(const PoseSet poses, read_pose_set(json, PoseFormat::kMpii));
  POISE_TRY(const auto persons, pose_data_set(poses, root / "images", {.box_padding = 1.25F}));
  console.note(json.string() + ": " + std::to_string(persons->size()) + " persons");
  return DataSetPtr(persons);
}

Result<DataSetPtr> lay_over(DataSetPtr set, const std::string& labels, double weight) {
  if (labels.empty() || labels == "-") return set;
  POISE_TRY(const Overlay overlay, read_overlay(labels));
  OverlayOptions options;
  options.weight = static_cast<float>(weight);
  return with_overlay(std::move(set), overlay, options);
}

}  // namespace

Result<TrainingData> open_training_data(const TrainingDataFlags& flags, const TrainConfig& config,
                                        const Skeleton& skeleton, Console& console) {
  TrainingData data;
  if (flags.folders.empty()) {
    if (config.root.empty()) return invalid_argument("say where the data are: --data FOLDER, or DATASET.ROOT");
    POISE_TRY(data.train, open_authors(config, config.train_set, console));
    POISE_TRY(data.val, open_authors(config, config.val_set, console));
    POISE_TRY(data.train, with_skeleton(data.train, skeleton));
    POISE_TRY(data.val, with_skeleton(data.val, skeleton));
    return data;
  }
  if (flags.labels.size() > flags.folders.size() ||
      (!flags.weights.empty() && flags.weights.size() != flags.folders.size())) {
    return invalid_argument("--labels and --data-weight go with --data, one each: \"-\" for no labels");
  }
  std::vector<DataSetPtr> sets;
  for (std::size_t i = 0; i < flags.folders.size(); ++i) {
    const std::string& folder = flags.folders[i];
    if (!is_there(folder)) return not_found(folder + ": there is no such folder");
    POISE_TRY(DataSetPtr train, open_part(folder, "train", console));
    if (train == nullptr) {
      return not_found(folder + ": it holds neither train.json nor train/, which `poise data pack` makes");
    }
    // Before the labels: they may bring joints that the set's own skeleton has not.
    POISE_TRY(train, with_skeleton(std::move(train), skeleton));
    POISE_TRY(train, lay_over(std::move(train), i < flags.labels.size() ? flags.labels[i] : "", flags.label_weight));
    sets.push_back(std::move(train));
    if (data.val != nullptr) continue;
    POISE_TRY(data.val, open_part(folder, "val", console));
  }
  if (data.val == nullptr) return not_found(flags.folders[0] + ": it has no validation set: val.json or val/");
  POISE_TRY(data.val, with_skeleton(std::move(data.val), skeleton));
  const std::vector<double> weights = flags.weights.empty() ? std::vector<double>(sets.size(), 1.0) : flags.weights;
  POISE_TRY(data.train,
            sets.size() == 1 && flags.weights.empty() ? Result<DataSetPtr>(sets[0]) : mixed(sets, weights, skeleton));
  return data;
}

}  // namespace poise::app
