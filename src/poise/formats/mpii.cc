#include <cmath>
#include <map>
#include <utility>

#include "poise/formats/pose_readers.h"

namespace poise {
namespace {

constexpr std::size_t kJoints = 16;
constexpr double kFarthest = 1e6;  // pixels

const MatVariable* find(const std::vector<MatVariable>& variables, const std::string& name) {
  for (const MatVariable& variable : variables) {
    if (variable.name == name && !variable.numbers.empty()) return &variable;
  }
  return nullptr;
}

/// MPII's first pixel is (1, 1).
Point from_mpii(double x, double y) { return {static_cast<float>(x - 1), static_cast<float>(y - 1)}; }
bool is_pixel(double x, double y) { return std::abs(x) < kFarthest && std::abs(y) < kFarthest; }

/// The numbers of a variable that must be a x b x rows (or a x b, of one row).
Result<const MatVariable*> shaped(const std::vector<MatVariable>& variables, const std::string& name, std::uint64_t a,
                                  std::uint64_t b) {
  const MatVariable* variable = find(variables, name);
  if (variable == nullptr) {
    return malformed("it has no " + name + "; gt_valid.mat holds pos_gt_src, jnt_missing and headboxes_src");
  }
  const auto& d = variable->dims;
  const bool flat = b == 0;  // a x rows
  if (d[0] != a || (flat && d.size() != 2) || (!flat && (d[1] != b || d.size() > 3))) {
    return malformed(name + " must be " + std::to_string(a) + "x" + (flat ? "" : std::to_string(b) + "x") +
                     "N; this file holds " + describe(variables));
  }
  return variable;
}

Result<PoseSet> truth_from_mat(const std::vector<MatVariable>& variables, PoseSet set) {
  POISE_TRY(const MatVariable* joints, shaped(variables, "pos_gt_src", kJoints, 2));
  POISE_TRY(const MatVariable* missing, shaped(variables, "jnt_missing", kJoints, 0));
  POISE_TRY(const MatVariable* heads, shaped(variables, "headboxes_src", 2, 2));
  const std::size_t rows = missing->numbers.size() / kJoints;
  if (joints->numbers.size() != rows * kJoints * 2 || heads->numbers.size() != rows * 4) {
    return malformed("its variables are not of one number of persons: it holds " + describe(variables));
  }
  set.is_truth = true;
  for (std::size_t row = 0; row < rows; ++row) {
    PoseSet::Image& image = set.images.emplace_back();
    Annotation truth;
    truth.id = static_cast<std::int64_t>(row) + 1;
    for (std::size_t j = 0; j < kJoints; ++j) {
      const double gone = missing->numbers[row * kJoints + j];
      const double x = joints->numbers[row * kJoints * 2 + j];
      const double y = joints->numbers[row * kJoints * 2 + kJoints + j];
      const std::string where = ", person " + std::to_string(row + 1) + ", joint " + std::to_string(j + 1);
      if (gone != 0 && gone != 1) return malformed("jnt_missing" + where + " must be 0 or 1");
      if (gone == 0 && !is_pixel(x, y)) return malformed("pos_gt_src" + where + " is no pixel");
      truth.keypoints.push_back(gone == 1 ? Annotation::TrueKeypoint{}
                                          : Annotation::TrueKeypoint{from_mpii(x, y), Visibility::kVisible});
    }
    // [corner, x or y, person]
    const double* head = heads->numbers.data() + row * 4;
    if (!is_pixel(head[0], head[2]) || !is_pixel(head[1], head[3])) {
      return malformed("headboxes_src, person " + std::to_string(row + 1) + " is no box of pixels");
    }
    const Point corner = from_mpii(head[0], head[2]);
    image.head_boxes.push_back(
        {corner.x, corner.y, static_cast<float>(head[1] - head[0]), static_cast<float>(head[3] - head[2])});
    image.truths.push_back(std::move(truth));
  }
  return set;
}

Result<PoseSet> predictions_from_mat(const MatVariable& preds, PoseSet set) {
  const auto& d = preds.dims;
  if (d.size() != 3 || d[1] != kJoints || d[2] != 2) {
    return malformed("preds must be Nx16x2, it is " + describe({preds}));
  }
  const std::size_t rows = d[0];
  for (std::size_t row = 0; row < rows; ++row) {
    Pose pose;
    pose.score = 1;
    for (std::size_t j = 0; j < kJoints; ++j) {
      const double x = preds.numbers[j * rows + row];
      const double y = preds.numbers[(kJoints + j) * rows + row];
      pose.keypoints.push_back(is_pixel(x, y) ? Keypoint{from_mpii(x, y), 1} : not_found_keypoint());
    }
    set.images.emplace_back().poses.push_back(std::move(pose));
  }
  return set;
}

/// center and scale -> the square around the person.
Result<Box> box_of(const Json& entry, const std::string& where) {
  const auto center = entry.numbers("center");
  const auto scale = entry.number("scale");
  if (!center.ok() || center->size() != 2 || !is_pixel((*center)[0], (*center)[1])) {
    return malformed(where + ".center must be two pixels");
  }
  if (!scale.ok() || !(std::abs(*scale) < kFarthest)) return malformed(where + ".scale must be a number");
  const double side = *scale * 1.25 * 200;
  const double x = (*center)[0] - 1;
  const double y = (*center)[1] + 15 * *scale - 1;
  return Box{static_cast<float>(x - side / 2), static_cast<float>(y - side / 2), static_cast<float>(side),
             static_cast<float>(side)};
}

Status add_joints(const Json& entry, const std::string& where, Annotation& truth) {
  const Json* joints = entry.find("joints");
  if (joints == nullptr) {  // the test set's answers are not public
    truth.keypoints.resize(kJoints);
    return {};
  }
  const auto visible = entry.numbers("joints_vis");
  if (!joints->is_array() || joints->as_array().size() != kJoints)
    return malformed(where + ".joints must be 16 points");
  if (!visible.ok() || visible->size() != kJoints) return malformed(where + ".joints_vis must be 16 numbers");
  for (std::size_t j = 0; j < kJoints; ++j) {
    const std::string name = where + ".joints[" + std::to_string(j) + "]";
    const Json& point = joints->as_array()[j];
    if (!point.is_array() || point.as_array().size() != 2 || !point.as_array()[0].is_number() ||
        !point.as_array()[1].is_number() ||
        !is_pixel(point.as_array()[0].as_number(), point.as_array()[1].as_number())) {
      return malformed(name + " must be two pixels");
    }
    const double v = (*visible)[j];
    if (v != 0 && v != 1) return malformed(where + ".joints_vis[" + std::to_string(j) + "] must be 0 or 1");
    if (v == 0) {
      truth.keypoints.emplace_back();
    } else {
      truth.keypoints.push_back(
          {from_mpii(point.as_array()[0].as_number(), point.as_array()[1].as_number()), Visibility::kVisible});
    }
  }
  return {};
}

}  // namespace

Result<PoseSet> mpii_from_mat(const std::vector<MatVariable>& variables) {
  PoseSet set;
  POISE_TRY(set.skeleton, find_skeleton("mpii16"));
  set.annotated = Annotated::kPersonCentric;
  set.nameless = true;
  if (const MatVariable* preds = find(variables, "preds"); preds != nullptr) {
    return predictions_from_mat(*preds, std::move(set));
  }
  if (find(variables, "pos_gt_src") == nullptr) {
    return malformed(
        "not of MPII: gt_valid.mat holds pos_gt_src 16x2xN, pred.mat holds preds Nx16x2; this file holds " +
        describe(variables));
  }
  return truth_from_mat(variables, std::move(set));
}

Result<PoseSet> mpii_from_json(const Json& json) {
  if (!json.is_array()) return malformed(std::string("not of MPII: it must be an array, it is ") + json.kind());
  PoseSet set;
  POISE_TRY(set.skeleton, find_skeleton("mpii16"));
  set.annotated = Annotated::kPersonCentric;
  set.is_truth = true;
  std::map<std::string, std::size_t> by_name;
  for (std::size_t row = 0; row < json.as_array().size(); ++row) {
    const Json& entry = json.as_array()[row];
    const std::string where = "[" + std::to_string(row) + "]";
    const auto name = entry.string("image");
    if (!name.ok() || name->empty()) return malformed(where + ".image must be a file name");
    const auto [at, fresh] = by_name.emplace(*name, set.images.size());
    if (fresh) {
      set.images.emplace_back().name = *name;
      set.images.back().id = static_cast<std::int64_t>(set.images.size());
    }
    Annotation truth;
    truth.id = static_cast<std::int64_t>(row) + 1;
    POISE_TRY(truth.box, box_of(entry, where));
    truth.area = truth.box.area();
    POISE_RETURN_IF_ERROR(add_joints(entry, where, truth));
    set.images[at->second].truths.push_back(std::move(truth));
  }
  return set;
}

}  // namespace poise
