#include "poise/data/truncate.h"

#include <algorithm>

namespace poise {
namespace {

constexpr double kBelow = 0.6, kLeft = 0.75, kRight = 0.9;  // shares, summed up; the rest: above
constexpr double kLeast = 0.2, kMost = 0.85;                // of the box, kept
constexpr double kSecondCut = 0.3;                          // of those cut below: also on a side
constexpr double kSecondLeast = 0.4;
constexpr double kPictureEnds = 0.5;
constexpr int kFewestJoints = 3;
constexpr float kMargin = 0.25F;  // around the joints left, of their larger extent: flesh and hair
constexpr float kFar = 1e6F;

/// The half plane of the image that is kept, as a box that is as good as endless elsewhere.
Box kept_side(const Box& box, double where, float share) {
  if (where < kBelow) return {-kFar, -kFar, 2 * kFar, kFar + box.y + box.height * share};
  if (where < kLeft) return {box.x + box.width * (1 - share), -kFar, 2 * kFar, 2 * kFar};
  if (where < kRight) return {-kFar, -kFar, kFar + box.x + box.width * share, 2 * kFar};
  return {-kFar, box.y + box.height * (1 - share), 2 * kFar, 2 * kFar};
}

Box intersection(const Box& a, const Box& b) {
  const float left = std::max(a.x, b.x), top = std::max(a.y, b.y);
  const float right = std::min(a.x + a.width, b.x + b.width), bottom = std::min(a.y + a.height, b.y + b.height);
  return {left, top, right - left, bottom - top};
}

}  // namespace

bool holds(const Box& box, Point p) {
  return p.x >= box.x && p.y >= box.y && p.x < box.x + box.width && p.y < box.y + box.height;
}

bool truncate(const Person& person, Random& random, Truncation& result) {
  const double where = random.uniform();
  const double share = random.uniform(kLeast, kMost);
  const bool ends = random.uniform() < kPictureEnds;
  const double second = random.uniform();
  const double second_share = random.uniform(kSecondLeast, kMost);
  Box kept = kept_side(person.box, where, static_cast<float>(share));
  if (where < kBelow && second < kSecondCut) {
    const double side = second < kSecondCut / 2 ? kBelow : kLeft;
    kept = intersection(kept, kept_side(person.box, side, static_cast<float>(second_share)));
  }
  int joints = 0;
  Point low, high;
  for (std::size_t j = 0; j < person.keypoints.size(); ++j) {
    const Point p = person.keypoints[j].point;
    const bool labelled = person.keypoints[j].visibility != Visibility::kAbsent && person.weights[j] > 0;
    if (!labelled || !holds(kept, p)) continue;
    low = joints == 0 ? p : Point{std::min(low.x, p.x), std::min(low.y, p.y)};
    high = joints == 0 ? p : Point{std::max(high.x, p.x), std::max(high.y, p.y)};
    ++joints;
  }
  if (joints < kFewestJoints) return false;
  const float margin = kMargin * std::max(high.x - low.x, high.y - low.y);
  const Box around{low.x - margin, low.y - margin, high.x - low.x + 2 * margin, high.y - low.y + 2 * margin};
  const Box box = intersection(intersection(around, person.box), kept);
  if (!(box.width >= 2 && box.height >= 2)) return false;
  result = {box, ends ? kept : Box{}};
  return true;
}

}  // namespace poise
