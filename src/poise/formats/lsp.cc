#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "poise/base/check.h"
#include "poise/formats/pose_readers.h"

namespace poise {
namespace {

constexpr std::size_t kJoints = 14;

enum class Kind { kNone, kLsp, kLspet, kPredictions, kPredictionsByAxis };

/// Of a variable by its dimensions; a set of one image has lost its third one.
Kind kind_of(const MatVariable& variable) {
  const auto& d = variable.dims;
  if (variable.numbers.empty() || d.size() < 2 || d.size() > 3) return Kind::kNone;
  if (d[0] == 3 && d[1] == kJoints) return Kind::kLsp;
  if (d[0] == kJoints && d[1] == 3) return Kind::kLspet;
  if (d[0] == 2 && d[1] == kJoints) return Kind::kPredictions;
  if (d[0] == kJoints && d[1] == 2) return Kind::kPredictionsByAxis;  // shihenw/convolutional-pose-machines-release
  return Kind::kNone;
}

const MatVariable* find_joints(const std::vector<MatVariable>& variables) {
  for (const MatVariable& variable : variables) {
    if (kind_of(variable) != Kind::kNone) return &variable;
  }
  return nullptr;
}

std::string image_name(std::size_t row, bool extended) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), extended ? "im%05zu.jpg" : "im%04zu.jpg", row + 1);
  return name.data();
}

/// MATLAB's first pixel is (1, 1).
Point from_matlab(double x, double y) { return {static_cast<float>(x - 1), static_cast<float>(y - 1)}; }

Box extent(const Annotation& truth) {
  float low_x = 0, high_x = 0, low_y = 0, high_y = 0;
  bool any = false;
  for (const auto& joint : truth.keypoints) {
    if (joint.visibility == Visibility::kAbsent) continue;
    low_x = any ? std::min(low_x, joint.point.x) : joint.point.x;
    high_x = any ? std::max(high_x, joint.point.x) : joint.point.x;
    low_y = any ? std::min(low_y, joint.point.y) : joint.point.y;
    high_y = any ? std::max(high_y, joint.point.y) : joint.point.y;
    any = true;
  }
  return {low_x, low_y, high_x - low_x, high_y - low_y};
}

Result<Annotation> truth_row(const MatVariable& variable, Kind kind, std::size_t row) {
  Annotation truth;
  truth.id = static_cast<std::int64_t>(row) + 1;
  for (std::size_t j = 0; j < kJoints; ++j) {
    const auto at = [&](std::size_t k) {
      const std::size_t within = kind == Kind::kLsp ? j * 3 + k : k * kJoints + j;
      return variable.numbers[row * 3 * kJoints + within];
    };
    const std::string where = variable.name + ", image " + std::to_string(row + 1) + ", joint " + std::to_string(j + 1);
    if (at(2) != 0 && at(2) != 1) {
      return malformed(where + ": its third number must be 0 or 1, it is " + Json(at(2)).dump());
    }
    Annotation::TrueKeypoint joint;
    joint.visibility = (at(2) == 1) == (kind == Kind::kLspet) ? Visibility::kVisible : Visibility::kOccluded;
    if (kind == Kind::kLspet && at(2) == 0) joint.visibility = Visibility::kAbsent;
    if (joint.visibility != Visibility::kAbsent) {
      if (!(std::abs(at(0)) < 1e6 && std::abs(at(1)) < 1e6)) return malformed(where + ": its place is no pixel");
      joint.point = from_matlab(at(0), at(1));
    }
    truth.keypoints.push_back(joint);
  }
  truth.box = extent(truth);
  truth.area = truth.box.area();
  return truth;
}

Pose pose_row(const MatVariable& variable, Kind kind, std::size_t row) {
  Pose pose;
  pose.score = 1;
  for (std::size_t j = 0; j < kJoints; ++j) {
    const double* numbers = variable.numbers.data() + row * kJoints * 2;
    const bool by_axis = kind == Kind::kPredictionsByAxis;
    const double x = by_axis ? numbers[j] : numbers[j * 2], y = by_axis ? numbers[kJoints + j] : numbers[j * 2 + 1];
    const bool found = std::abs(x) < 1e6 && std::abs(y) < 1e6;
    pose.keypoints.push_back(found ? Keypoint{from_matlab(x, y), 1} : not_found_keypoint());
  }
  return pose;
}

}  // namespace

bool is_lsp(const std::vector<MatVariable>& variables) { return find_joints(variables) != nullptr; }

Result<PoseSet> lsp_from_mat(const std::vector<MatVariable>& variables) {
  const MatVariable* joints = find_joints(variables);
  if (joints == nullptr) {
    return malformed(
        "not of the Leeds sets: they hold joints 3x14xN (LSP) or 14x3xN (LSPET), predictions are 2x14xN or 14x2xN; "
        "this file holds " +
        describe(variables));
  }
  const Kind kind = kind_of(*joints);
  PoseSet set;
  POISE_TRY(set.skeleton, find_skeleton("lsp14"));
  set.is_truth = kind == Kind::kLsp || kind == Kind::kLspet;
  set.nameless = !set.is_truth;
  if (kind == Kind::kLspet) set.annotated = Annotated::kPersonCentric;
  const std::size_t rows = joints->numbers.size() / (kJoints * (set.is_truth ? 3 : 2));
  set.images.resize(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    PoseSet::Image& image = set.images[row];
    if (!set.is_truth) {
      image.poses.push_back(pose_row(*joints, kind, row));
      continue;
    }
    image.id = static_cast<std::int64_t>(row) + 1;
    image.name = image_name(row, kind == Kind::kLspet);
    POISE_TRY(Annotation truth, truth_row(*joints, kind, row));
    image.truths.push_back(std::move(truth));
  }
  return set;
}

}  // namespace poise
