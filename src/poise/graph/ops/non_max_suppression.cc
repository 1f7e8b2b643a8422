// NonMaxSuppression: of boxes that overlap, the best of each class.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

enum Input : std::size_t { kBoxes, kScores, kMost, kIou, kScore };

struct Rule {
  bool centres = false;   // boxes are x, y of the middle, width, height; else two corners, y first, in any order
  std::int64_t most = 0;  // boxes of each class
  float iou = 0;
  const float* score = nullptr;  // none: any score will do
};

const Tensor* given(Inputs inputs, std::size_t i) { return i < inputs.size() ? inputs[i] : nullptr; }

Rule rule_of(const Node& node, Inputs inputs) {
  Rule rule;
  rule.centres = node.integer("center_point_box", 0) != 0;
  if (const Tensor* most = given(inputs, kMost)) rule.most = list_of(*most)[0];
  if (const Tensor* iou = given(inputs, kIou)) rule.iou = iou->floats()[0];
  if (const Tensor* score = given(inputs, kScore)) rule.score = score->floats().data();
  return rule;
}

struct Corners {
  float left, top, right, bottom;
  float area() const { return (right - left) * (bottom - top); }
};

Corners corners_of(const float* box, bool centres) {
  if (centres) {
    const float x = box[2] / 2, y = box[3] / 2;
    return {box[0] - x, box[1] - y, box[0] + x, box[1] + y};
  }
  const auto [top, bottom] = std::minmax(box[0], box[2]);
  const auto [left, right] = std::minmax(box[1], box[3]);
  return {left, top, right, bottom};
}

// onnxruntime/core/providers/cpu/object_detection/non_max_suppression_helper.h, SuppressByIOU: boxes of no area overlap
// nothing.
bool overlap(const Corners& a, const Corners& b, float iou) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (!(width > 0) || !(height > 0) || !(a.area() > 0) || !(b.area() > 0)) return false;
  const float both = width * height;
  const float either = a.area() + b.area() - both;
  return either > 0 && both / either > iou;
}

/// Of one class of one picture: the boxes that stay, best first; of equals the first one is better.
std::vector<std::int64_t> suppressed(std::span<const Corners> boxes, const float* scores, const Rule& rule) {
  std::vector<std::int64_t> order;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const bool wanted = rule.score == nullptr ? !std::isnan(scores[i]) : scores[i] > *rule.score;
    if (wanted) order.push_back(static_cast<std::int64_t>(i));
  }
  std::stable_sort(order.begin(), order.end(), [scores](auto a, auto b) { return scores[a] > scores[b]; });
  std::vector<std::int64_t> kept;
  for (const std::int64_t i : order) {
    if (static_cast<std::int64_t>(kept.size()) >= rule.most) break;
    const auto hides = [&](std::int64_t k) { return overlap(boxes[i], boxes[k], rule.iou); };
    if (std::none_of(kept.begin(), kept.end(), hides)) kept.push_back(i);
  }
  return kept;
}

/// Picture, class and box of each that stays.
std::vector<std::int64_t> select(const Node& node, Inputs inputs) {
  const Rule rule = rule_of(node, inputs);
  const std::int64_t count = inputs[kBoxes]->dim(1), classes = inputs[kScores]->dim(1);
  std::vector<std::int64_t> rows;
  std::vector<Corners> boxes(static_cast<std::size_t>(count));
  for (std::int64_t picture = 0; picture < inputs[kBoxes]->dim(0); ++picture) {
    const float* first = inputs[kBoxes]->floats().data() + picture * count * 4;
    for (std::int64_t i = 0; i < count; ++i) boxes[i] = corners_of(first + 4 * i, rule.centres);
    for (std::int64_t c = 0; c < classes; ++c) {
      const float* scores = inputs[kScores]->floats().data() + (picture * classes + c) * count;
      for (const std::int64_t i : suppressed(boxes, scores, rule)) rows.insert(rows.end(), {picture, c, i});
    }
  }
  return rows;
}

Status check(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& boxes = inputs[kBoxes].shape;
  const Shape& scores = inputs[kScores].shape;
  POISE_RETURN_IF_ERROR(expect_float(inputs[kBoxes], "list of boxes"));
  POISE_RETURN_IF_ERROR(expect_float(inputs[kScores], "list of scores"));
  if (boxes.size() != 3 || scores.size() != 3 || boxes[2] != 4 || scores[0] != boxes[0] || scores[2] != boxes[1]) {
    return malformed("the boxes are " + to_string(boxes) + ", the scores " + to_string(scores) +
                     ": they must be (N, boxes, 4) and (N, classes, boxes)");
  }
  constexpr std::string_view kNames[] = {"", "", "max_output_boxes_per_class", "iou_threshold", "score_threshold"};
  for (std::size_t i = kMost; i < inputs.size(); ++i) {
    if (!has_input(node, i)) continue;
    POISE_RETURN_IF_ERROR(expect_type(inputs[i], kNames[i], {i == kMost ? DType::kInt64 : DType::kFloat32}));
    POISE_TRY(const std::int64_t count, element_count(inputs[i].shape));
    if (count != 1) return malformed("the " + std::string(kNames[i]) + " must be one number");
  }
  return {};
}

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(check(node, inputs));
  std::vector<const Tensor*> tensors;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (has_input(node, i) && inputs[i].constant == nullptr) return open_output(DType::kInt64);
    tensors.push_back(inputs[i].constant.get());
  }
  return one_output(DType::kInt64, {static_cast<std::int64_t>(select(node, tensors).size() / 3), 3});
}

void run(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const std::vector<std::int64_t> rows = select(node, inputs);
  std::copy(rows.begin(), rows.end(), outputs[0].as<std::int64_t>().begin());
}

constexpr AttributeRule kAttributes[] = {{"center_point_box", AttributeKind::kInteger}};

}  // namespace

const Operator kNonMaxSuppression{"NonMaxSuppression", 2, 5, kAttributes, infer, run, 1, true};

}  // namespace poise
