#include "poise/codec/detection.h"

#include <algorithm>
#include <cmath>

#include "poise/codec/detectors/families.h"

namespace poise {
namespace {

constexpr std::size_t kMostCandidates = 10'000;  // a crowd has fewer; bounds the time

bool is_box(const Detection& d) {
  return std::isfinite(d.box.x) && std::isfinite(d.box.y) && std::isfinite(d.box.width) &&
         std::isfinite(d.box.height) && std::isfinite(d.score) && d.box.width > 0 && d.box.height > 0;
}

}  // namespace

std::vector<Detection> suppress(std::vector<Detection> found, float iou_limit, int max) {
  found.erase(std::remove_if(found.begin(), found.end(), [](const Detection& d) { return !is_box(d); }), found.end());
  std::stable_sort(found.begin(), found.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  if (found.size() > kMostCandidates) found.resize(kMostCandidates);
  std::vector<Detection> kept;
  for (const Detection& candidate : found) {
    if (static_cast<int>(kept.size()) >= max) break;
    const bool doubled = std::any_of(kept.begin(), kept.end(), [&](const Detection& better) {
      return better.label == candidate.label && iou(better.box, candidate.box) > iou_limit;
    });
    if (!doubled) kept.push_back(candidate);
  }
  return kept;
}

std::span<const DetectionFamily> detection_families() {
  static constexpr std::array kFamilies = {
      DetectionFamily{"fastestdet", decode_fastestdet, classes_of_fastestdet},
      DetectionFamily{"yolov3", decode_yolov3, classes_of_yolov3},
      DetectionFamily{"yolov5", decode_yolov5, classes_of_yolov5},
      DetectionFamily{"yolov8", decode_yolov8, classes_of_yolov8},
      DetectionFamily{"yolox", decode_yolox, classes_of_yolox},
      DetectionFamily{"centre", decode_centre, classes_of_centre},
  };
  return kFamilies;
}

const DetectionFamily* find_detection_family(const std::string& name) {
  for (const DetectionFamily& family : detection_families()) {
    if (name == family.name) return &family;
  }
  return nullptr;
}

}  // namespace poise
