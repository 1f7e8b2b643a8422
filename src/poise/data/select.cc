#include "poise/data/select.h"

#include <cmath>
#include <string>
#include <utility>

#include "poise/base/counted.h"

namespace poise {
namespace {

bool is_centred(const Person& person, const CropOptions& crop) {
  double x = 0;
  double y = 0;
  double count = 0;
  for (std::size_t j = 0; j < person.keypoints.size(); ++j) {
    if (!(person.weights[j] > 0) || person.keypoints[j].visibility == Visibility::kAbsent) continue;
    x += person.keypoints[j].point.x;
    y += person.keypoints[j].point.y;
    count += 1;
  }
  if (count == 0) return false;
  const Point centre = person.box.centre();
  const double far = std::hypot(x / count - centre.x, y / count - centre.y);
  constexpr double kWidth = 0.2, kLeast = 0.45, kEachJoint = 0.2 / 16;
  const double area = padded_box(person.box, crop).area();
  return std::exp(-far * far / (2 * kWidth * kWidth * area)) > kLeast + kEachJoint * (count - 1);
}

}  // namespace

Result<DataSetPtr> select_centred(DataSetPtr set, const CropOptions& crop) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < set->size(); ++i) {
    if (is_centred(set->get(i), crop)) kept.push_back(i);
  }
  if (kept.empty()) {
    return invalid_argument("nobody is left of " + counted(set->size(), "person") +
                            ": DATASET.SELECT_DATA wants joints about the middle of their box");
  }
  return subset(std::move(set), std::move(kept));
}

}  // namespace poise
