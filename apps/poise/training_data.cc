#include "training_data.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "label_files.h"
#include "poise/data/overlay.h"
#include "poise/data/pack.h"
#include "poise/data/select.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
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
  auto opened = open_authors_set(config, set, console);
  if (opened.ok() || opened.error().code != ErrorCode::kNotFound) return opened;
  return not_found(opened.error().message +
                   " (DATASET.ROOT, TRAIN_SET and TEST_SET lead there; --data names another place)");
}

/// With the network's joints, after the choice that DATASET.SELECT_DATA makes.
Result<DataSetPtr> fitted(DataSetPtr set, const std::string& name, bool select, const ModelCard& card,
                          Console& console) {
  if (select) {
    const std::size_t before = set->size();
    auto chosen = select_centred(std::move(set), card.crop());
    if (!chosen.ok()) return chosen.error().prefixed(name);
    set = std::move(*chosen);
    console.note(name + ": " + std::to_string(set->size()) + " of " + std::to_string(before) +
                 " persons chosen (DATASET.SELECT_DATA)");
  }
  int shared = 0;
  for (const Joint& joint : card.skeleton.joints) shared += set->skeleton().index_of(joint.name) ? 1 : 0;
  auto with = with_skeleton(std::move(set), card.skeleton);
  if (!with.ok()) return with.error().prefixed(name);
  if (shared < card.skeleton.size()) {
    console.note(name + " knows " + std::to_string(shared) + " of the network's " +
                 std::to_string(card.skeleton.size()) + " joints, by name; the others count for nothing there");
  }
  return with;
}

Result<DataSetPtr> lay_over(DataSetPtr set, const std::string& labels, double weight) {
  if (labels.empty() || labels == "-") return set;
  POISE_TRY(const Overlay overlay, read_overlay(labels));
  OverlayOptions options;
  options.weight = static_cast<float>(weight);
  return with_overlay(std::move(set), overlay, options);
}

Status check_counts(const TrainingDataFlags& flags) {
  if (flags.labels.size() <= flags.folders.size() &&
      (flags.weights.empty() || flags.weights.size() == flags.folders.size())) {
    return {};
  }
  return invalid_argument("--labels and --data-weight go with --data, one each: \"-\" for no labels");
}

Error no_place() { return invalid_argument("say where the data are: --data FOLDER, or DATASET.ROOT"); }

/// "train" of a --data folder.
Result<DataSetPtr> open_train(const std::string& folder, Console& console) {
  if (!is_there(folder)) return not_found(folder + ": there is no such folder");
  POISE_TRY(DataSetPtr train, open_part(folder, "train", console));
  if (train != nullptr) return train;
  return not_found(folder + ": it holds neither train.json nor train/, which `poise data pack` makes");
}

}  // namespace

Result<BoxData> open_box_data(const TrainingDataFlags& flags, Console& console) {
  if (flags.folders.empty()) return invalid_argument("say where the pictures are: --data FOLDER");
  POISE_RETURN_IF_ERROR(check_counts(flags));
  constexpr std::size_t kHeldOut = 20;
  BoxData data;
  for (std::size_t i = 0; i < flags.folders.size(); ++i) {
    const fs::path folder = flags.folders[i];
    const bool labelled = i < flags.labels.size() && flags.labels[i] != "-";
    const fs::path images = is_there(folder / "images") ? folder / "images" : folder;
    POISE_TRY(BoxSet set, read_box_set(labelled ? fs::path(flags.labels[i]) : folder / "train.json", images));
    std::size_t persons = 0;
    for (const BoxedPicture& picture : set) persons += picture.persons.size();
    console.note(folder.string() + ": " + std::to_string(set.size()) + " pictures, " + std::to_string(persons) +
                 " persons");
    SplitBoxSet split = split_box_set(std::move(set), kHeldOut);
    data.train.push_back({std::move(split.train), flags.weights.empty() ? 1.0 : flags.weights[i]});
    std::ranges::move(split.val, std::back_inserter(data.val));
  }
  return data;
}

Result<PoseData> open_training_data(const TrainingDataFlags& flags, const TrainConfig& config, const ModelCard& card,
                                    Console& console) {
  PoseData data;
  if (flags.folders.empty()) {
    if (config.root.empty()) return no_place();
    POISE_TRY(data.train, open_authors(config, config.train_set, console));
    POISE_TRY(data.val, open_authors(config, config.val_set, console));
    POISE_TRY(data.train, fitted(data.train, config.train_set, config.select, card, console));
    POISE_TRY(data.val, fitted(data.val, config.val_set, false, card, console));
    return data;
  }
  POISE_RETURN_IF_ERROR(check_counts(flags));
  std::vector<DataSetPtr> sets;
  for (std::size_t i = 0; i < flags.folders.size(); ++i) {
    const std::string& folder = flags.folders[i];
    POISE_TRY(DataSetPtr train, open_train(folder, console));
    // Before the labels: they may bring joints that the set's own skeleton has not.
    POISE_TRY(train, fitted(std::move(train), folder, config.select, card, console));
    POISE_TRY(train, lay_over(std::move(train), i < flags.labels.size() ? flags.labels[i] : "", flags.label_weight));
    sets.push_back(std::move(train));
    if (data.val != nullptr) continue;
    POISE_TRY(data.val, open_part(folder, "val", console));
    if (data.val == nullptr) continue;
    POISE_TRY(data.val, fitted(data.val, folder + " (val)", false, card, console));
  }
  if (data.val == nullptr) return not_found(flags.folders[0] + ": it has no validation set: val.json or val/");
  const std::vector<double> weights = flags.weights.empty() ? std::vector<double>(sets.size(), 1.0) : flags.weights;
  POISE_TRY(data.train, sets.size() == 1 && flags.weights.empty() ? Result<DataSetPtr>(sets[0])
                                                                  : mixed(sets, weights, card.skeleton));
  return data;
}

Result<Skeleton> skeleton_of_data(const TrainingDataFlags& flags, const TrainConfig& config) {
  if (flags.folders.empty() && config.root.empty()) return no_place();
  Console silent(true);
  POISE_TRY(const DataSetPtr set, flags.folders.empty() ? open_authors(config, config.train_set, silent)
                                                        : open_train(flags.folders[0], silent));
  Skeleton skeleton = set->skeleton();
  if (!find_skeleton(skeleton.name).ok()) skeleton.name = "custom";
  return skeleton;
}

}  // namespace poise::app
