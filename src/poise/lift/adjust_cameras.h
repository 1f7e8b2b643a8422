#pragma once
// Bundle adjustment: where cameras stand and look, mended by what they see. Pure.

#include <span>
#include <vector>

#include "poise/base/result.h"
#include "poise/lift/triangulate_videos.h"

namespace poise {

struct AdjustOptions {
  int steps = 30;
  double huber = 2;           // pixels from which an error counts linearly only
  std::size_t points = 2000;  // at most, evenly chosen of those given
};

struct AdjustedCameras {
  std::vector<Camera> cameras;
  double error_before = 0, error_after = 0;  // root mean square over the points used, pixels
  std::size_t points = 0;                    // of the camera that sees most
};

/// Moves and turns all cameras but the first, and the points, until the squared distances in the pictures are least
/// (Levenberg and Marquardt; points are eliminated by Schur's complement). Lenses stay as they are; so does the
/// distance between the first two cameras, since pictures do not tell a scale. Errors: kInvalidArgument (fewer than two
/// cameras; a camera that sees fewer than 20 of the points).
Result<AdjustedCameras> adjust_cameras(std::span<const Camera> cameras, std::span<const SeenPoint> points,
                                       const AdjustOptions& options = {});

}  // namespace poise
