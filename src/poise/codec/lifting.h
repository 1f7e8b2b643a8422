#pragma once
// What a network that lifts poses is fed, and what its answer means: encode and decode. A pose is looked at as a camera
// would that turned to its middle and zoomed to its size, so that neither place nor lens changes what the network sees.
// Pure.

#include <optional>
#include <span>
#include <vector>

#include "poise/geometry/camera.h"
#include "poise/geometry/space.h"

namespace poise {

/// A pose seen through that turned camera.
struct LiftView {
  std::vector<float> values;  // x, y in [-1, 1] and 1 for each joint; 0, 0, 0 where it is not known
  Matrix3 view_from_camera;   // the turn
  std::vector<Pixel> rays;    // of the camera, as given
};

inline constexpr std::size_t kLeastLifted = 6;  // joints that must be known

/// `rays`: where each joint is seen at depth 1 (Camera::ray_from_pixel), NaN where it is not known. Nothing where fewer
/// than kLeastLifted are, or all are in one place.
std::optional<LiftView> lift_view(std::span<const Pixel> rays);

/// The network's answer, x, y and z of each joint in metres from the hips' middle in the turned camera's axes, as
/// points in the camera's axes, put where they are seen best: the shift of least squares along the known rays.
std::vector<Point3> decode_lifted(std::span<const float> answer, const LiftView& view);

/// What the answer should be: points in the camera's axes from `root`, in the turned camera's axes.
void encode_lifted(std::span<const Point3> joints, Point3 root, const LiftView& view, std::span<float> answer);

}  // namespace poise
