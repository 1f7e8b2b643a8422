#include "poise/person/world_pose.h"

#include <string_view>

namespace poise {

const char* name_of(UpAxis up) { return up == UpAxis::kY ? "y" : up == UpAxis::kZ ? "z" : "-y"; }

std::optional<UpAxis> up_axis_by_name(const char* name) {
  for (const UpAxis up : {UpAxis::kY, UpAxis::kMinusY, UpAxis::kZ}) {
    if (std::string_view(name) == name_of(up)) return up;
  }
  return std::nullopt;
}

Matrix3 y_up_from(UpAxis up) {
  switch (up) {
    case UpAxis::kY:
      return {};
    case UpAxis::kMinusY:
      return {{1, 0, 0, 0, -1, 0, 0, 0, -1}};
    case UpAxis::kZ:
      break;
  }
  return {{0, 1, 0, 0, 0, 1, 1, 0, 0}};  // z to y, x to z, y to x: Pose2Sim's
}

}  // namespace poise
