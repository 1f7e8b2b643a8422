#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "poise/codec/detectors/shared.h"

namespace poise {
namespace {

constexpr std::int64_t kNumbers = 12;  // centre, size, four points
constexpr std::int64_t kAnchors = 2254;
constexpr int kInput = 224;
// Cells a side, and anchors a cell: strides 8, 16 and three of 32, two anchors each.
struct Layer {
  int side, anchors;
};
constexpr std::array<Layer, 3> kLayers{{{28, 2}, {14, 2}, {7, 6}}};
constexpr float kMostLogit = 100;  // score_clipping_thresh
constexpr float kOverlap = 0.3F;   // min_suppression_threshold

struct Found {
  float score = 0;
  std::array<float, 4> edges{};  // left, top, right, bottom
  std::array<Point, 4> points{};
};

Box box_of(const Found& one) {
  return {one.edges[0], one.edges[1], one.edges[2] - one.edges[0], one.edges[3] - one.edges[1]};
}

/// The mean of those who overlap the best of them, by their scores: weighted non-maximum suppression (mediapipe/
/// calculators/util/non_max_suppression_calculator.cc).
std::vector<Found> merge(std::vector<Found> found) {
  std::ranges::stable_sort(found, [](const Found& a, const Found& b) { return a.score > b.score; });
  std::vector<Found> merged;
  while (!found.empty()) {
    const Found best = found.front();
    std::vector<Found> others;
    Found mean;
    float total = 0;
    for (const Found& one : found) {
      if (!(iou(box_of(one), box_of(best)) > kOverlap)) {
        others.push_back(one);
        continue;
      }
      total += one.score;
      for (std::size_t k = 0; k < 4; ++k) {
        mean.edges[k] += one.score * one.edges[k];
        mean.points[k].x += one.score * one.points[k].x;
        mean.points[k].y += one.score * one.points[k].y;
      }
    }
    if (others.size() == found.size()) break;  // a best that is no box overlaps nobody, itself neither
    mean.score = best.score;
    for (std::size_t k = 0; k < 4; ++k) {
      mean.edges[k] /= total;
      mean.points[k] = {mean.points[k].x / total, mean.points[k].y / total};
    }
    merged.push_back(mean);
    found = std::move(others);
  }
  return merged;
}

struct Outputs {
  const Tensor *numbers = nullptr, *logits = nullptr;
};

Result<Outputs> find(std::span<const Tensor> outputs, const DetectionHead& head) {
  Outputs found;
  for (const Tensor& output : outputs) {
    const bool rows =
        output.rank() == 3 && output.type() == DType::kFloat32 && output.dim(0) == 1 && output.dim(1) == kAnchors;
    if (rows && output.dim(2) == kNumbers) found.numbers = &output;
    if (rows && output.dim(2) == 1) found.logits = &output;
  }
  if (outputs.size() == 2 && found.numbers != nullptr && found.logits != nullptr &&
      head.input == Size{kInput, kInput}) {
    return found;
  }
  return other_outputs(outputs, "blazepose", "(1, 2254, 12) and (1, 2254, 1) of a 224x224 input");
}

}  // namespace

Result<int> classes_of_blazepose(std::span<const Tensor> outputs, const DetectionHead& head) {
  POISE_RETURN_IF_ERROR(find(outputs, head));
  return 1;
}

Status decode_blazepose(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found) {
  POISE_TRY(const Outputs own, find(outputs, head));
  std::vector<Found> all;
  std::int64_t at = 0;
  for (const Layer& layer : kLayers) {
    for (int cell = 0; cell < layer.side * layer.side; ++cell) {
      const int column = cell % layer.side, line = cell / layer.side;
      const float x = (static_cast<float>(column) + 0.5F) / static_cast<float>(layer.side) * kInput;
      const float y = (static_cast<float>(line) + 0.5F) / static_cast<float>(layer.side) * kInput;
      for (int anchor = 0; anchor < layer.anchors; ++anchor, ++at) {
        const float score =
            sigmoid(std::clamp(own.logits->floats()[static_cast<std::size_t>(at)], -kMostLogit, kMostLogit));
        if (!(score > head.threshold)) continue;
        const float* row = own.numbers->floats().data() + at * kNumbers;
        Found one;
        one.score = score;
        const Box box = around(row[0] + x, row[1] + y, row[2], row[3]);
        one.edges = {box.x, box.y, box.x + box.width, box.y + box.height};
        for (std::size_t k = 0; k < 4; ++k) one.points[k] = {row[4 + 2 * k] + x, row[5 + 2 * k] + y};
        all.push_back(one);
      }
    }
  }
  for (const Found& one : merge(std::move(all))) {
    found.push_back({box_of(one), one.score, 0, std::array{one.points[0], one.points[1]}});
  }
  return {};
}

}  // namespace poise
