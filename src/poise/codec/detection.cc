#include "poise/codec/detection.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "poise/codec/detectors/families.h"

namespace poise {
namespace {

constexpr std::size_t kMostCandidates = 10'000;  // a crowd has fewer; bounds the time

bool is_box(const Detection& d) {
  return std::isfinite(d.box.x) && std::isfinite(d.box.y) && std::isfinite(d.box.width) &&
         std::isfinite(d.box.height) && std::isfinite(d.score) && d.box.width > 0 && d.box.height > 0;
}

std::string number_text(float value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g", static_cast<double>(value));
  return text.data();
}

}  // namespace

std::vector<std::size_t> suppress_indices(std::span<const Detection> found, float iou_limit, int max) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (is_box(found[i])) order.push_back(i);
  }
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return found[a].score > found[b].score; });
  if (order.size() > kMostCandidates) order.resize(kMostCandidates);
  std::vector<std::size_t> kept;
  for (const std::size_t candidate : order) {
    if (static_cast<int>(kept.size()) >= max) break;
    const bool doubled = std::ranges::any_of(kept, [&](std::size_t better) {
      return found[better].label == found[candidate].label && iou(found[better].box, found[candidate].box) > iou_limit;
    });
    if (!doubled) kept.push_back(candidate);
  }
  return kept;
}

std::vector<Detection> suppress(std::vector<Detection> found, float iou_limit, int max) {
  std::vector<Detection> kept;
  for (const std::size_t i : suppress_indices(found, iou_limit, max)) kept.push_back(found[i]);
  return kept;
}

Status check_answers(std::span<const Detection> said, const DetectionHead& head) {
  constexpr float kSlack = 0.02F;         // rounding of small integers
  constexpr float kLargest = 16;          // times the input's longer side
  constexpr std::size_t kFewest = 32;     // boxes that show where boxes lie
  constexpr double kCorner = 1.0 / 16.0;  // of a side
  const auto longest = static_cast<float>(std::max(head.input.width, head.input.height));
  float low = std::numeric_limits<float>::max();
  float high = std::numeric_limits<float>::lowest();
  std::size_t boxes = 0;
  double x = 0;
  double y = 0;
  for (const Detection& d : said) {
    low = std::min(low, d.score);
    high = std::max(high, d.score);
    const float side = std::max(d.box.width, d.box.height);
    if (d.score > head.threshold && !(side <= kLargest * longest)) {
      return unsupported("a box is " + number_text(side) + " pixels long, the network's input " + number_text(longest) +
                         ": its boxes are not what this family gives");
    }
    if (!is_box(d)) continue;
    ++boxes;
    x += static_cast<double>(d.box.x) + 0.5 * static_cast<double>(d.box.width);
    y += static_cast<double>(d.box.y) + 0.5 * static_cast<double>(d.box.height);
  }
  if (low < -kSlack || high > 1 + kSlack) {
    return unsupported("scores are " + number_text(low) + " to " + number_text(high) +
                       ", a detector's are 0 to 1: is a sigmoid missing, or does it say something else there?");
  }
  const auto count = static_cast<double>(boxes);
  if (boxes >= kFewest && x < kCorner * count * head.input.width && y < kCorner * count * head.input.height) {
    return unsupported(
        "all boxes lie in the upper left corner: they are shares of the picture or offsets, and this family's are in "
        "pixels of the input");
  }
  return {};
}

std::span<const DetectionFamily> detection_families() {
  static constexpr std::array kFamilies = {
      DetectionFamily{"fastestdet", decode_fastestdet, classes_of_fastestdet},
      DetectionFamily{"yolov3", decode_yolov3, classes_of_yolov3},
      DetectionFamily{"yolov5", decode_yolov5, classes_of_yolov5},
      DetectionFamily{"yolov8", decode_yolov8, classes_of_yolov8},
      DetectionFamily{"yolox", decode_yolox, classes_of_yolox},
      DetectionFamily{"centre", decode_centre, classes_of_centre},
      DetectionFamily{"end2end", decode_end2end, classes_of_end2end},
      DetectionFamily{"nanodet", decode_nanodet, classes_of_nanodet},
      DetectionFamily{"blazepose", decode_blazepose, classes_of_blazepose},
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
