#include "poise/metrics/person_pairs.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <tuple>
#include <utility>

#include "poise/base/counted.h"
#include "poise/formats/stem_number.h"

namespace poise {
namespace {

constexpr std::size_t kLspImages = 2000;  // the first half trains, the second tests
constexpr std::size_t kLspTest = 1000;

Status match_joints(const Skeleton& truth, const Skeleton& prediction, PersonPairs& pairs) {
  for (std::size_t i = 0; i < truth.joints.size(); ++i) {
    const std::string& name = truth.joints[i].name;
    if (const auto other = prediction.index_of(name); other) {
      pairs.joints.push_back({name, i, static_cast<std::size_t>(*other)});
    } else {
      pairs.truth_only.push_back(name);
    }
  }
  for (const Joint& joint : prediction.joints) {
    if (!truth.index_of(joint.name)) pairs.prediction_only.push_back(joint.name);
  }
  if (!pairs.joints.empty()) return {};
  return invalid_argument("truth (" + truth.name + ") and predictions (" + prediction.name +
                          ") have no joint of one name: name the right skeleton");
}

std::optional<Box> head_of(const PoseSet::Image& image, std::size_t truth) {
  if (truth < image.head_boxes.size()) return image.head_boxes[truth];
  return std::nullopt;
}

struct TrueRow {
  const Annotation* truth;
  std::optional<Box> head;
};

std::vector<TrueRow> true_rows(const PoseSet& set) {
  std::vector<TrueRow> rows;
  for (const PoseSet::Image& image : set.images) {
    for (std::size_t i = 0; i < image.truths.size(); ++i) rows.push_back({&image.truths[i], head_of(image, i)});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const TrueRow& a, const TrueRow& b) { return a.truth->id < b.truth->id; });
  return rows;
}

Status pair_rows(const PoseSet& truth, const PoseSet& predictions, PersonPairs& pairs) {
  const auto rows = true_rows(truth);
  std::vector<const Pose*> poses;
  for (const PoseSet::Image& image : predictions.images) {
    for (const Pose& pose : image.poses) poses.push_back(&pose);
  }
  std::size_t first = 0;
  if (rows.size() == kLspImages && poses.size() == kLspTest && truth.skeleton.name == "lsp14") {
    first = kLspImages - kLspTest;
    pairs.notes.emplace_back("the 1000 predictions are taken for LSP's test images 1001 to 2000");
  } else if (rows.size() != poses.size()) {
    return invalid_argument("the truth has " + counted(rows.size(), "person") + ", the predictions " +
                            std::to_string(poses.size()) + ": rows without names must be as many, in the same order");
  }
  for (std::size_t i = 0; i < poses.size(); ++i) {
    const TrueRow& row = rows[first + i];
    pairs.persons.push_back({*row.truth, *poses[i], row.head});
  }
  return {};
}

/// The pictures of the truth by id and by name.
class Pictures {
 public:
  explicit Pictures(const PoseSet& truth) {
    for (std::size_t i = 0; i < truth.images.size(); ++i) {
      const PoseSet::Image& image = truth.images[i];
      if (image.id) ids_.emplace(*image.id, i);
      if (image.name.empty()) continue;
      const std::filesystem::path name(image.name);
      names_.emplace(image.name, i);
      for (const std::string& end : ends_of(name)) add(ends_, end, i);
      for (const std::string& end : ends_of(without_extension(name))) add(stems_, end, i);
    }
  }

  std::optional<std::size_t> by_id(std::int64_t id) const { return find(ids_, id); }
  /// A name that is nothing but a number is an id: rows that were written down have no other.
  std::optional<std::size_t> by_number(const std::string& name) const {
    if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    const auto id = stem_number(name);
    return id ? by_id(*id) : std::nullopt;
  }
  std::optional<std::size_t> by_name(const std::string& name) const {
    if (const auto found = find(names_, name); found) return found;
    const std::filesystem::path path(name);
    if (const auto found = longest(ends_, path); found) return sure(*found);
    if (const auto found = longest(stems_, path); found) return sure(*found);  // OpenPose's names
    if (const auto found = longest(stems_, without_extension(path)); found) return sure(*found);
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kSeveral = static_cast<std::size_t>(-1);
  static std::filesystem::path without_extension(std::filesystem::path path) { return path.replace_extension(); }
  /// What of the path names a picture in folders that others look at from elsewhere: "in/a/1.jpg", "a/1.jpg", "1.jpg".
  static std::vector<std::string> ends_of(const std::filesystem::path& path) {
    constexpr std::size_t kMostParts = 8;
    std::vector<std::string> ends;
    std::string end;
    for (auto part = path.end(); part != path.begin() && ends.size() < kMostParts;) {
      --part;
      if (part->empty() || *part == "/" || *part == "." || *part == "..") break;
      end = end.empty() ? part->string() : part->string() + "/" + end;
      ends.push_back(end);
    }
    std::reverse(ends.begin(), ends.end());
    return ends;
  }
  static std::optional<std::size_t> longest(const std::map<std::string, std::size_t>& map,
                                            const std::filesystem::path& path) {
    for (const std::string& end : ends_of(path)) {
      if (const auto found = find(map, end)) return found;
    }
    return std::nullopt;
  }
  static void add(std::map<std::string, std::size_t>& map, const std::string& name, std::size_t image) {
    const auto [at, fresh] = map.emplace(name, image);
    if (!fresh) at->second = kSeveral;
  }
  static std::optional<std::size_t> sure(std::size_t image) {
    return image == kSeveral ? std::nullopt : std::optional(image);
  }
  template <typename Key>
  static std::optional<std::size_t> find(const std::map<Key, std::size_t>& map, const Key& key) {
    const auto at = map.find(key);
    return at == map.end() ? std::nullopt : std::optional(at->second);
  }
  std::map<std::int64_t, std::size_t> ids_;
  std::map<std::string, std::size_t> names_, ends_, stems_;
};

Box box_of(const Pose& pose) {
  if (pose.box.width > 0 && pose.box.height > 0) return pose.box;
  std::optional<Box> box;
  for (const Keypoint& keypoint : pose.keypoints) {
    const Point p = keypoint.point;
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    if (!box) box = Box{p.x, p.y, 0, 0};
    const float right = std::max(box->x + box->width, p.x);
    const float bottom = std::max(box->y + box->height, p.y);
    box->x = std::min(box->x, p.x);
    box->y = std::min(box->y, p.y);
    box->width = right - box->x;
    box->height = bottom - box->y;
  }
  return box.value_or(Box{});
}

/// For each truth of a picture the pose it meets, -1 where none.
std::vector<int> meet(const std::vector<const Annotation*>& truths, const std::vector<const Pose*>& poses) {
  std::vector<int> met(truths.size(), -1);
  if (truths.size() == 1 && poses.size() == 1) return {0};
  std::vector<std::tuple<float, float, std::size_t, std::size_t>> overlaps;
  for (std::size_t t = 0; t < truths.size(); ++t) {
    for (std::size_t p = 0; p < poses.size(); ++p) {
      const float overlap = iou(truths[t]->box, box_of(*poses[p]));
      if (overlap > 0) overlaps.emplace_back(-overlap, -poses[p]->score, t, p);
    }
  }
  std::sort(overlaps.begin(), overlaps.end());
  std::vector<bool> taken(poses.size());
  for (const auto& [overlap, score, t, p] : overlaps) {
    if (met[t] >= 0 || taken[p]) continue;
    met[t] = static_cast<int>(p);
    taken[p] = true;
  }
  return met;
}

Status gather_poses(const PoseSet& truth, const PoseSet& predictions, PersonPairs& pairs,
                    std::vector<std::vector<const Pose*>>& of_image) {
  const Pictures pictures(truth);
  of_image.resize(truth.images.size());
  bool any = predictions.images.empty();
  for (const PoseSet::Image& image : predictions.images) {
    std::optional<std::size_t> found;
    if (!image.name.empty()) found = pictures.by_name(image.name);
    if (!found && image.id) found = pictures.by_id(*image.id);
    if (!found && !image.id) found = pictures.by_number(image.name);
    if (!found && image.name.empty() && image.id) {
      return invalid_argument("image " + std::to_string(*image.id) +
                              " of the predictions is no image of the truth: are these of another data set?");
    }
    if (!found) {
      ++pairs.pictures_left_out;
      continue;
    }
    any = true;
    for (const Pose& pose : image.poses) of_image[*found].push_back(&pose);
  }
  if (any) return {};
  return invalid_argument("no picture of the predictions is one of the truth's: their names differ, as in \"" +
                          predictions.images.front().name + "\"");
}

Status pair_pictures(const PoseSet& truth, const PoseSet& predictions, PersonPairs& pairs) {
  std::vector<std::vector<const Pose*>> of_image;
  POISE_RETURN_IF_ERROR(gather_poses(truth, predictions, pairs, of_image));
  for (std::size_t i = 0; i < truth.images.size(); ++i) {
    const PoseSet::Image& image = truth.images[i];
    std::vector<const Annotation*> truths;
    for (const Annotation& one : image.truths) truths.push_back(&one);
    const auto met = meet(truths, of_image[i]);
    std::size_t used = 0;
    for (std::size_t t = 0; t < truths.size(); ++t) {
      PersonPair pair{*truths[t], std::nullopt, head_of(image, t)};
      if (met[t] >= 0) pair.pose = *of_image[i][static_cast<std::size_t>(met[t])];
      used += met[t] >= 0 ? 1 : 0;
      pairs.persons.push_back(std::move(pair));
    }
    pairs.poses_left_out += of_image[i].size() - used;
  }
  return {};
}

}  // namespace

Result<PersonPairs> pair_persons(const PoseSet& truth, const PoseSet& predictions) {
  if (!truth.is_truth) return invalid_argument("the truth holds predictions: are the two files swapped?");
  if (predictions.is_truth) return invalid_argument("the predictions hold a truth: are the two files swapped?");
  PersonPairs pairs;
  pairs.truth_skeleton = truth.skeleton;
  pairs.annotated = truth.annotated;
  POISE_RETURN_IF_ERROR(match_joints(truth.skeleton, predictions.skeleton, pairs));
  if (truth.nameless || predictions.nameless) {
    POISE_RETURN_IF_ERROR(pair_rows(truth, predictions, pairs));
  } else {
    POISE_RETURN_IF_ERROR(pair_pictures(truth, predictions, pairs));
  }
  const auto crowd = [](const PersonPair& pair) { return pair.truth.crowd; };
  pairs.crowds = static_cast<std::size_t>(std::count_if(pairs.persons.begin(), pairs.persons.end(), crowd));
  pairs.persons.erase(std::remove_if(pairs.persons.begin(), pairs.persons.end(), crowd), pairs.persons.end());
  const auto lost = [](const PersonPair& pair) { return !pair.pose; };
  pairs.without_prediction = static_cast<std::size_t>(std::count_if(pairs.persons.begin(), pairs.persons.end(), lost));
  return pairs;
}

std::vector<std::string> remarks(const PersonPairs& pairs) {
  std::vector<std::string> lines = pairs.notes;
  const auto say = [&](std::size_t count, const char* whom, const char* what) {
    if (count > 0) lines.push_back(counted(count, whom) + what);
  };
  say(pairs.without_prediction, "person", " without a prediction: all joints are wrong");
  say(pairs.poses_left_out, "pose", " left out: there is no person for it");
  say(pairs.pictures_left_out, "picture", " of the predictions left out: not listed in the truth");
  say(pairs.crowds, "person", " left out: crowds");
  if (!pairs.truth_only.empty() || !pairs.prediction_only.empty()) {
    lines.push_back("matched over " + counted(pairs.joints.size(), "joint") + " by name");
  }
  const auto list = [&](const std::vector<std::string>& names, const char* what) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
    if (!names.empty()) lines.push_back(counted(names.size(), "joint") + what + text);
  };
  list(pairs.truth_only, " of the truth left out, without a partner: ");
  list(pairs.prediction_only, " of the predictions left out, without a partner: ");
  return lines;
}

}  // namespace poise
