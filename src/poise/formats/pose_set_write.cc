#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "poise/base/check.h"
#include "poise/base/counted.h"
#include "poise/formats/pose_readers.h"
#include "poise/formats/writers.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Notes = std::vector<std::string>;

bool found(const Keypoint& keypoint) { return std::isfinite(keypoint.point.x) && std::isfinite(keypoint.point.y); }

/// Indices of `from` for each joint of `to`, -1 where it has no such joint.
std::vector<int> partners(const Skeleton& to, const Skeleton& from, Notes& notes) {
  std::vector<int> result;
  std::string lacking, extra;
  for (const Joint& joint : to.joints) {
    result.push_back(from.index_of(joint.name).value_or(-1));
    if (result.back() < 0) lacking += " " + joint.name;
  }
  for (const Joint& joint : from.joints) {
    if (!to.index_of(joint.name)) extra += " " + joint.name;
  }
  if (!lacking.empty()) notes.push_back("joints of " + to.name + " without a partner, left open:" + lacking);
  if (!extra.empty()) notes.push_back("joints that " + to.name + " has not, left out:" + extra);
  return result;
}

/// A truth as a prediction: labelled joints have score 1.
Pose to_pose(const Annotation& truth) {
  Pose pose;
  pose.score = 1;
  pose.box = truth.box;
  for (const auto& joint : truth.keypoints) {
    pose.keypoints.push_back(joint.visibility == Visibility::kAbsent ? not_found_keypoint() : Keypoint{joint.point, 1});
  }
  return pose;
}

std::vector<Pose> poses_of(const PoseSet& set, const PoseSet::Image& image) {
  if (!set.is_truth) return image.poses;
  std::vector<Pose> poses;
  for (const Annotation& truth : image.truths) poses.push_back(to_pose(truth));
  return poses;
}

/// What was not found is 0,0,0 in formats without NaN.
void zero_missing(std::vector<Pose>& poses) {
  for (Pose& pose : poses) {
    for (Keypoint& keypoint : pose.keypoints) {
      if (!found(keypoint)) keypoint = {};
    }
  }
}

FrameResult frame_of(const PoseSet& set, const PoseSet::Image& image, std::size_t row) {
  FrameResult frame;
  frame.source =
      image.name.empty() ? std::to_string(image.id.value_or(static_cast<std::int64_t>(row) + 1)) : image.name;
  frame.image_id = image.id;
  frame.width = image.width;
  frame.height = image.height;
  frame.box_source = "converted";
  frame.poses = poses_of(set, image);
  return frame;
}

Status write_json(const fs::path& out, const Json& json) { return write_file_atomic(out, json.dump() + "\n"); }

// --- COCO ---

Json triplets(const Annotation& truth, int& labelled) {
  Json::Array numbers;
  for (const auto& joint : truth.keypoints) {
    labelled += joint.visibility == Visibility::kAbsent ? 0 : 1;
    numbers.insert(numbers.end(), {joint.point.x, joint.point.y, static_cast<int>(joint.visibility)});
  }
  return numbers;
}

std::vector<std::int64_t> ids_of(const PoseSet& set, Notes& notes) {
  std::vector<fs::path> names;
  std::vector<std::optional<std::int64_t>> own;
  for (const PoseSet::Image& image : set.images) {
    names.emplace_back(image.name);
    own.push_back(image.id);
  }
  ImageIds ids = image_ids(names, own);
  if (!ids.note.empty()) notes.push_back(std::move(ids.note));
  return std::move(ids.ids);
}

Json category(const Skeleton& skeleton) {
  Json names = Json::array();
  for (const Joint& joint : skeleton.joints) names.push(joint.name);
  Json limbs = Json::array();
  for (const Limb& limb : skeleton.limbs) limbs.push(Json::Array{limb.from + 1, limb.to + 1});
  return Json::Object{{"id", 1},
                      {"name", "person"},
                      {"supercategory", "person"},
                      {"keypoints", std::move(names)},
                      {"skeleton", std::move(limbs)}};
}

Status write_coco_truth(const PoseSet& set, const fs::path& out, Notes& notes) {
  const auto ids = ids_of(set, notes);
  Json images = Json::array();
  Json annotations = Json::array();
  std::set<std::int64_t> taken;
  std::int64_t next = 1;
  for (std::size_t row = 0; row < set.images.size(); ++row) {
    const PoseSet::Image& image = set.images[row];
    Json entry = Json::Object{{"id", ids[row]}, {"file_name", image.name}};
    if (image.width > 0) entry.set("width", image.width);
    if (image.height > 0) entry.set("height", image.height);
    images.push(std::move(entry));
    for (const Annotation& truth : image.truths) {
      std::int64_t id = truth.id;
      while (!taken.insert(id).second) id = next++;  // MPII's and made-up ids may repeat
      int labelled = 0;
      Json keypoints = triplets(truth, labelled);
      annotations.push(Json::Object{{"id", id},
                                    {"image_id", ids[row]},
                                    {"category_id", 1},
                                    {"bbox", Json::Array{truth.box.x, truth.box.y, truth.box.width, truth.box.height}},
                                    {"area", truth.area},
                                    {"iscrowd", truth.crowd ? 1 : 0},
                                    {"num_keypoints", labelled},
                                    {"keypoints", std::move(keypoints)}});
    }
  }
  Json categories = Json::array();
  categories.push(category(set.skeleton));
  return write_json(out, Json::Object{{"images", std::move(images)},
                                      {"annotations", std::move(annotations)},
                                      {"categories", std::move(categories)}});
}

Status write_coco_results(const PoseSet& set, const fs::path& out, Notes& notes) {
  const auto ids = ids_of(set, notes);
  Json results = Json::array();
  for (std::size_t row = 0; row < set.images.size(); ++row) {
    FrameResult frame = frame_of(set, set.images[row], row);
    frame.image_id = ids[row];
    zero_missing(frame.poses);
    append_coco_results(frame, ids[row], results);
  }
  return write_json(out, results);
}

// --- formats with rows ---

/// One person a row, in the set's order; of images with several the best.
Result<std::vector<Pose>> pose_rows(const PoseSet& set, Notes& notes) {
  std::vector<Pose> rows;
  std::size_t dropped = 0;
  std::size_t empty = 0;
  for (const PoseSet::Image& image : set.images) {
    const auto best = std::max_element(image.poses.begin(), image.poses.end(),
                                       [](const Pose& a, const Pose& b) { return a.score < b.score; });
    dropped += image.poses.empty() ? 0 : image.poses.size() - 1;
    Pose nobody;
    nobody.keypoints.resize(set.skeleton.joints.size(), not_found_keypoint());
    empty += image.poses.empty() ? 1 : 0;
    rows.push_back(best == image.poses.end() ? nobody : *best);
  }
  if (rows.empty()) return invalid_argument("there is no person to write");
  if (dropped > 0) notes.push_back(counted(dropped, "pose") + " left out: this format has one row a picture");
  if (empty > 0) notes.push_back(counted(empty, "picture") + " without a pose: their rows are NaN");
  return rows;
}

/// The same of truths, in order of their ids where several share a picture.
std::vector<std::pair<const Annotation*, const PoseSet::Image*>> truth_rows(const PoseSet& set) {
  std::vector<std::pair<const Annotation*, const PoseSet::Image*>> rows;
  for (const PoseSet::Image& image : set.images) {
    for (const Annotation& truth : image.truths) rows.emplace_back(&truth, &image);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first->id < b.first->id; });
  return rows;
}

/// Our pixel to one of MATLAB's, which counts from 1.
double to_matlab(float v) { return double{v} + 1; }

/// (x, y) of a joint, NaN where there is none.
std::array<double, 2> place(const Pose& pose, int joint) {
  if (joint < 0 || !found(pose.keypoints[static_cast<std::size_t>(joint)])) return {kNan, kNan};
  const Point point = pose.keypoints[static_cast<std::size_t>(joint)].point;
  return {to_matlab(point.x), to_matlab(point.y)};
}

Status write_lsp(const PoseSet& set, bool extended, const fs::path& out, Notes& notes) {
  POISE_TRY(const Skeleton lsp, find_skeleton("lsp14"));
  const auto from = partners(lsp, set.skeleton, notes);
  MatVariable variable;
  variable.kind = "double";
  if (!set.is_truth) {
    if (extended) return invalid_argument("LSPET's format holds truths; predictions go as lsp (2x14xN)");
    POISE_TRY(const auto rows, pose_rows(set, notes));
    variable.name = "pred";
    variable.dims = {2, from.size(), rows.size()};
    for (const Pose& pose : rows) {
      for (const int joint : from) {
        const auto xy = place(pose, joint);
        variable.numbers.insert(variable.numbers.end(), xy.begin(), xy.end());
      }
    }
    return write_file_atomic(out, write_mat({variable}));
  }
  variable.name = "joints";
  const auto rows = truth_rows(set);
  if (rows.empty()) return invalid_argument("there is no person to write");
  variable.dims = extended ? std::vector<std::uint64_t>{from.size(), 3, rows.size()}
                           : std::vector<std::uint64_t>{3, from.size(), rows.size()};
  std::size_t unlabelled = 0;
  for (const auto& [truth, image] : rows) {
    std::vector<std::array<double, 3>> joints;
    for (const int joint : from) {
      const auto one = joint < 0 ? Annotation::TrueKeypoint{} : truth->keypoints[static_cast<std::size_t>(joint)];
      const bool absent = one.visibility == Visibility::kAbsent;
      unlabelled += absent && !extended ? 1 : 0;
      const bool flag = extended ? !absent : one.visibility == Visibility::kOccluded;
      joints.push_back({absent ? 0 : to_matlab(one.point.x), absent ? 0 : to_matlab(one.point.y), flag ? 1.0 : 0.0});
    }
    for (std::size_t k = 0; extended && k < 3; ++k) {
      for (const auto& joint : joints) variable.numbers.push_back(joint[k]);
    }
    for (const auto& joint : joints) {
      if (!extended) variable.numbers.insert(variable.numbers.end(), joint.begin(), joint.end());
    }
  }
  if (unlabelled > 0) {
    return invalid_argument(counted(unlabelled, "joint is", "joints are") +
                            " not labelled, which LSP's format cannot say: write lspet");
  }
  return write_file_atomic(out, write_mat({variable}));
}

Json pair_of(double a, double b) { return Json::Array{a, b}; }

Status write_mpii_truth(const PoseSet& set, const std::vector<int>& from, const fs::path& out) {
  Json list = Json::array();
  for (const auto& [truth, image] : truth_rows(set)) {
    if (image->name.empty()) return invalid_argument("MPII's JSON names images; this set has no names");
    Json joints = Json::array();
    Json visible = Json::array();
    for (const int joint : from) {
      const auto one = joint < 0 ? Annotation::TrueKeypoint{} : truth->keypoints[static_cast<std::size_t>(joint)];
      const bool absent = one.visibility == Visibility::kAbsent;
      joints.push(absent ? pair_of(-1, -1) : pair_of(to_matlab(one.point.x), to_matlab(one.point.y)));
      visible.push(absent ? 0 : 1);
    }
    // box_of's inverse: the longer side as their square.
    const double scale = double{std::max(truth->box.width, truth->box.height)} / (1.25 * 200);
    const Point centre = truth->box.centre();
    list.push(Json::Object{{"joints_vis", std::move(visible)},
                           {"joints", std::move(joints)},
                           {"image", image->name},
                           {"scale", scale},
                           {"center", pair_of(to_matlab(centre.x), to_matlab(centre.y) - 15 * scale)}});
  }
  return write_json(out, list);
}

Status write_mpii(const PoseSet& set, const fs::path& out, Notes& notes) {
  POISE_TRY(const Skeleton mpii, find_skeleton("mpii16"));
  const auto from = partners(mpii, set.skeleton, notes);
  if (set.is_truth) return write_mpii_truth(set, from, out);
  POISE_TRY(const auto rows, pose_rows(set, notes));
  MatVariable preds{"preds", "double", {rows.size(), from.size(), 2}, {}, {}};
  preds.numbers.resize(rows.size() * from.size() * 2);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t j = 0; j < from.size(); ++j) {
      const auto xy = place(rows[row], from[j]);
      preds.numbers[j * rows.size() + row] = xy[0];
      preds.numbers[(from.size() + j) * rows.size() + row] = xy[1];
    }
  }
  return write_file_atomic(out, write_mat({preds}));
}

// --- a file a picture ---

/// No folder of the user's but `out` is written to; equal stems are told apart by number.
std::string stem_of(const FrameResult& frame, std::map<std::string, int>& used) {
  std::string stem = fs::path(frame.source).filename().stem().string();
  if (stem.empty()) stem = "picture";
  const int before = used[stem]++;
  return before == 0 ? stem : stem + "_" + std::to_string(before);
}

Status write_pictures(const PoseSet& set, PoseFormat format, const fs::path& out) {
  std::map<std::string, int> used;
  const Provenance provenance{"converted", "", Json::object()};
  for (std::size_t row = 0; row < set.images.size(); ++row) {
    FrameResult frame = frame_of(set, set.images[row], row);
    const std::string stem = stem_of(frame, used);
    if (format == PoseFormat::kOpenpose) {
      const float all = std::numeric_limits<float>::lowest();
      POISE_RETURN_IF_ERROR(write_json(out / (stem + "_keypoints.json"), openpose_json(frame, set.skeleton, all)));
      continue;
    }
    zero_missing(frame.poses);
    POISE_RETURN_IF_ERROR(write_json(out / (stem + ".poses.json"), poses_json(frame, set.skeleton, provenance)));
  }
  return {};
}

}  // namespace

Status write_pose_set(const PoseSet& set, PoseFormat format, const fs::path& out, Notes& notes) {
  const bool predictions =
      format == PoseFormat::kOpenpose || format == PoseFormat::kCsv || format == PoseFormat::kPoise;
  if (set.is_truth && predictions) {
    notes.emplace_back("truths written as predictions: labelled joints have score 1");
  }
  switch (format) {
    case PoseFormat::kCoco:
      return set.is_truth ? write_coco_truth(set, out, notes) : write_coco_results(set, out, notes);
    case PoseFormat::kMpii:
      return write_mpii(set, out, notes);
    case PoseFormat::kLsp:
    case PoseFormat::kLspet:
      return write_lsp(set, format == PoseFormat::kLspet, out, notes);
    case PoseFormat::kOpenpose:
    case PoseFormat::kPoise:
      return write_pictures(set, format, out);
    case PoseFormat::kPosetrack:
    case PoseFormat::kPosetrack17: {
      PosetrackSequence sequence = posetrack_sequence(set);
      sequence.name = out.stem().string();
      return write_json(out,
                        format == PoseFormat::kPosetrack ? posetrack18_json(sequence) : posetrack17_json(sequence));
    }
    case PoseFormat::kCsv:
      break;
  }
  std::string text = csv_header();
  for (std::size_t row = 0; row < set.images.size(); ++row) {
    text += csv_rows(frame_of(set, set.images[row], row), set.skeleton);
  }
  return write_file_atomic(out, text);
}

}  // namespace poise
