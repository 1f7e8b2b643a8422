#pragma once
// Optical flow as a tracker needs it: where points of one picture of a video are in the next.
//
// Two kinds: Lucas-Kanade at the points themselves, which is ours and fast (lucas_kanade.h), and dense fields by OpenCV
// (opencv/dense_flow.h, a target of its own). Another kind is one class.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/geometry/point.h"
#include "poise/image/image.h"

namespace poise {

/// What happened between two pictures. Immutable and thread-safe; holds what it needs of both.
class FlowStep {
 public:
  virtual ~FlowStep() = default;
  /// Points of the earlier picture, in its pixels, where they are in the later one; nothing for those that cannot be
  /// followed: outside the picture, nothing to hold on to, or hidden.
  virtual std::vector<std::optional<Point>> carry(std::span<const Point> points) const = 0;
};

class Flow {
 public:
  virtual ~Flow() = default;
  /// "lk", "dis", "farneback".
  virtual std::string name() const = 0;
  /// The video's next picture, and what happened since the one before; null for the first one and where the size has
  /// changed. Errors: kInvalidArgument (an empty picture). One thread at a time, in order.
  virtual Result<std::shared_ptr<const FlowStep>> next(const ImageView& picture) = 0;
};

}  // namespace poise
