#include <algorithm>
#include <cmath>
#include <optional>

#include "poise/base/json.h"
#include "poise/codec/detectors/shared.h"

namespace poise {
namespace {

constexpr std::int64_t kMostRows = 1000;

/// Where boxes and classes stand.
struct Outputs {
  const Tensor* rows = nullptr;    // (1, n, 5) or (1, n, 6)
  const Tensor* labels = nullptr;  // (1, n), whole numbers; null: in the rows, or there are none
};

std::optional<Outputs> find(std::span<const Tensor> outputs) {
  Outputs found;
  for (const Tensor& output : outputs) {
    const bool rows = output.rank() == 3 && output.dim(0) == 1 && output.dim(1) <= kMostRows &&
                      (output.dim(2) == 5 || output.dim(2) == 6) && output.type() == DType::kFloat32;
    const bool labels = output.rank() == 2 && output.dim(0) == 1;
    if (rows && found.rows == nullptr) {
      found.rows = &output;
    } else if (labels && found.labels == nullptr) {
      found.labels = &output;
    } else {
      return std::nullopt;
    }
  }
  const bool fits = found.rows != nullptr && (found.labels == nullptr ||
                                              (found.labels->dim(1) == found.rows->dim(1) && found.rows->dim(2) == 5));
  return fits ? std::optional(found) : std::nullopt;
}

double label_at(const Tensor& labels, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  switch (labels.type()) {
    case DType::kInt64:
      return static_cast<double>(labels.as<std::int64_t>()[at]);
    case DType::kInt32:
      return labels.as<std::int32_t>()[at];
    default:
      return labels.type() == DType::kFloat32 ? static_cast<double>(labels.floats()[at]) : -1.0;
  }
}

Error others(std::span<const Tensor> outputs) {
  return other_outputs(outputs, "end2end", "one (1, n, 6), or (1, n, 5) and labels (1, n), n at most 1000");
}

}  // namespace

Result<int> classes_of_end2end(std::span<const Tensor> outputs, const DetectionHead& head) {
  const auto found = find(outputs);
  if (!found) return others(outputs);
  const bool one = found->rows->dim(2) == 5 && found->labels == nullptr;  // nothing says which
  return one ? 1 : head.classes;
}

Status decode_end2end(std::span<const Tensor> outputs, const DetectionHead& head, std::vector<Detection>& found) {
  const auto at = find(outputs);
  if (!at) return others(outputs);
  const std::int64_t numbers = at->rows->dim(2);
  for (std::int64_t i = 0; i < at->rows->dim(1); ++i) {
    const float* row = at->rows->floats().data() + i * numbers;
    if (!(row[4] > std::max(head.threshold, 0.0F))) continue;  // rows of nothing fill up what is left, with any class
    double label = 0;
    if (at->labels != nullptr) {
      label = label_at(*at->labels, i);
    } else if (numbers == 6) {
      label = static_cast<double>(row[5]);
    }
    constexpr double kMost = 100'000;
    const double below = head.classes > 0 ? head.classes : kMost;
    if (!(label >= 0 && label < below && label == std::floor(label))) {
      return unsupported("the network says class " + Json(label).dump() + ", and there are " +
                         (head.classes > 0 ? std::to_string(head.classes) : "whole numbers of them") +
                         ": its rows are others than left, top, right, bottom, score, class");
    }
    found.push_back({{row[0], row[1], row[2] - row[0], row[3] - row[1]}, row[4], static_cast<int>(label)});
  }
  return {};
}

}  // namespace poise
