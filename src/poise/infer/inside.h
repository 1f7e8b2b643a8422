#pragma once
// Boxes that end with the picture. Internal to infer.

#include <algorithm>

#include "poise/geometry/box.h"

namespace poise {

/// The part of the box inside the picture, empty where there is none.
inline Box inside(const Box& box, Size image) {
  const float left = std::clamp(box.x, 0.0F, static_cast<float>(image.width));
  const float top = std::clamp(box.y, 0.0F, static_cast<float>(image.height));
  const float right = std::clamp(box.x + box.width, left, static_cast<float>(image.width));
  const float bottom = std::clamp(box.y + box.height, top, static_cast<float>(image.height));
  return {left, top, right - left, bottom - top};
}

}  // namespace poise
