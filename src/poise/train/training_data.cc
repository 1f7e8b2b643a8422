#include "poise/train/training_data.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "poise/base/counted.h"
#include "poise/data/overlay.h"
#include "poise/data/pack.h"
#include "poise/data/select.h"
#include "poise/train/label_files.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// "train" or "val" of a folder; nothing where it has none.
Result<DataSetPtr> open_part(const fs::path& folder, const std::string& part, const Note& note) {
  const fs::path json = folder / (part + ".json");
  if (is_there(json)) return open_coco(json, folder / "images", note);
  const fs::path pack = folder / part;
  if (!is_there(pack)) return DataSetPtr();
  POISE_TRY(const auto set, PackedDataSet::open(pack));
  say(note, pack.string() + ": " + counted(set->size(), "person"));
  return DataSetPtr(set);
}

Result<DataSetPtr> open_authors(const TrainConfig& config, const std::string& set, const Note& note) {
  auto opened = open_authors_set(config, set, note);
  if (opened.ok() || opened.error().code != ErrorCode::kNotFound) return opened;
  return not_found(opened.error().message +
                   " (DATASET.ROOT, TRAIN_SET and TEST_SET lead there; option \"data\" names another place)");
}

/// With the network's joints, after the choice that DATASET.SELECT_DATA makes.
Result<DataSetPtr> fitted(DataSetPtr set, const std::string& name, bool select, const ModelCard& card,
                          const Note& note) {
  if (select) {
    const std::size_t before = set->size();
    auto chosen = select_centred(std::move(set), card.crop());
    if (!chosen.ok()) return chosen.error().prefixed(name);
    set = std::move(*chosen);
    say(note, name + ": " + std::to_string(set->size()) + " of " + counted(before, "person") +
                  " chosen (DATASET.SELECT_DATA)");
  }
  int shared = 0;
  for (const Joint& joint : card.skeleton.joints) shared += set->skeleton().index_of(joint.name) ? 1 : 0;
  auto with = with_skeleton(std::move(set), card.skeleton);
  if (!with.ok()) return with.error().prefixed(name);
  if (shared < card.skeleton.size()) {
    say(note, name + " knows " + std::to_string(shared) + " of the network's " +
                  counted(card.skeleton.size(), "joint") + ", by name; the others count for nothing there");
  }
  return with;
}

Result<DataSetPtr> lay_over(DataSetPtr set, const std::string& labels, double weight) {
  if (labels.empty() || labels == "-") return set;
  POISE_TRY(const Overlay overlay, read_overlay(labels));
  return with_overlay(std::move(set), overlay, {.weight = static_cast<float>(weight)});
}

Status check_counts(const TrainingDataOptions& options) {
  if (options.labels.size() <= options.folders.size() &&
      (options.weights.empty() || options.weights.size() == options.folders.size())) {
    return {};
  }
  return invalid_argument(
      "option \"labels\" and option \"data_weight\" go with option \"data\", one each: \"-\" for no labels");
}

Error no_place() { return invalid_argument("say where the data are: option \"data\" FOLDER, or DATASET.ROOT"); }

/// "train" of a folder.
Result<DataSetPtr> open_train(const std::string& folder, const Note& note) {
  if (!is_there(folder)) return not_found(folder + ": there is no such folder");
  POISE_TRY(DataSetPtr train, open_part(folder, "train", note));
  if (train != nullptr) return train;
  return not_found(folder + ": it holds neither train.json nor train/, a packed set");
}

}  // namespace

void say(const Note& note, const std::string& line) {
  if (note) note(line);
}

Result<BoxData> open_box_data(const TrainingDataOptions& options, const Note& note) {
  if (options.folders.empty()) return invalid_argument("say where the pictures are: option \"data\" FOLDER");
  POISE_RETURN_IF_ERROR(check_counts(options));
  constexpr std::size_t kHeldOut = 20;
  BoxData data;
  for (std::size_t i = 0; i < options.folders.size(); ++i) {
    const fs::path folder = options.folders[i];
    const bool labelled = i < options.labels.size() && options.labels[i] != "-";
    const fs::path images = is_there(folder / "images") ? folder / "images" : folder;
    POISE_TRY(BoxSet set, read_box_set(labelled ? fs::path(options.labels[i]) : folder / "train.json", images));
    std::size_t persons = 0;
    for (const BoxedPicture& picture : set) persons += picture.persons.size();
    say(note, folder.string() + ": " + counted(set.size(), "picture") + ", " + counted(persons, "person"));
    SplitBoxSet split = split_box_set(std::move(set), kHeldOut);
    data.train.push_back({std::move(split.train), options.weights.empty() ? 1.0 : options.weights[i]});
    std::ranges::move(split.val, std::back_inserter(data.val));
  }
  return data;
}

Result<PoseData> open_training_data(const TrainingDataOptions& options, const TrainConfig& config,
                                    const ModelCard& card, const Note& note) {
  PoseData data;
  if (options.folders.empty()) {
    if (config.root.empty()) return no_place();
    POISE_TRY(data.train, open_authors(config, config.train_set, note));
    POISE_TRY(data.val, open_authors(config, config.val_set, note));
    POISE_TRY(data.train, fitted(data.train, config.train_set, config.select, card, note));
    POISE_TRY(data.val, fitted(data.val, config.val_set, false, card, note));
    return data;
  }
  POISE_RETURN_IF_ERROR(check_counts(options));
  std::vector<DataSetPtr> sets;
  for (std::size_t i = 0; i < options.folders.size(); ++i) {
    const std::string& folder = options.folders[i];
    POISE_TRY(DataSetPtr train, open_train(folder, note));
    // Before the labels: they may bring joints that the set's own skeleton has not.
    POISE_TRY(train, fitted(std::move(train), folder, config.select, card, note));
    POISE_TRY(train,
              lay_over(std::move(train), i < options.labels.size() ? options.labels[i] : "", options.label_weight));
    sets.push_back(std::move(train));
    if (data.val != nullptr) continue;
    POISE_TRY(data.val, open_part(folder, "val", note));
    if (data.val == nullptr) continue;
    POISE_TRY(data.val, fitted(data.val, folder + " (val)", false, card, note));
  }
  if (data.val == nullptr) return not_found(options.folders[0] + ": it has no validation set: val.json or val/");
  const std::vector<double> weights = options.weights.empty() ? std::vector<double>(sets.size(), 1.0) : options.weights;
  POISE_TRY(data.train, sets.size() == 1 && options.weights.empty() ? Result<DataSetPtr>(sets[0])
                                                                    : mixed(sets, weights, card.skeleton));
  return data;
}

Result<Skeleton> skeleton_of_data(const TrainingDataOptions& options, const TrainConfig& config) {
  if (options.folders.empty() && config.root.empty()) return no_place();
  POISE_TRY(const DataSetPtr set,
            options.folders.empty() ? open_authors(config, config.train_set, {}) : open_train(options.folders[0], {}));
  Skeleton skeleton = set->skeleton();
  if (!find_skeleton(skeleton.name).ok()) skeleton.name = "custom";
  return skeleton;
}

}  // namespace poise
