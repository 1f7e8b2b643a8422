#include "poise/draw/draw.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "poise/base/check.h"

namespace poise {
namespace {

struct Colour {
  std::array<std::uint8_t, 3> rgb;
};

// MMPose, mmpose/configs/_base_/datasets/coco.py, colours of left, right and centre.
constexpr Colour kLeft{{0, 255, 0}};
constexpr Colour kRight{{255, 128, 0}};
constexpr Colour kCentre{{51, 153, 255}};
constexpr Colour kRim{{16, 20, 28}};
constexpr Colour kBox{{240, 240, 240}};

constexpr double kRimOpacity = 0.85;
constexpr double kLimbOfPerson = 0.016;  // limb width as a part of the person's longer side
constexpr double kThinnest = 1.5;        // pixels
constexpr double kThickest = 16.0;       // pixels
constexpr double kJointOfLimb = 1.45;    // a joint's radius as a multiple of half a limb's width
constexpr double kWidthOfLength = 0.18;  // a short limb is no wider than this part of its length: faces stay legible
constexpr double kThinnestRim = 0.8;     // pixels
constexpr double kRimOfLimb = 0.3;       // the rim's width as a part of the limb's width

/// In double: coordinates may be huge, and their products must stay exact enough to clip.
struct Spot {
  double x = 0;
  double y = 0;
};

struct Segment {
  Spot a;
  Spot b;
};

bool finite(Point p) { return std::isfinite(p.x) && std::isfinite(p.y); }
Spot spot(Point p) { return {p.x, p.y}; }

/// The part of the parameter range [from, to] where low <= start + t * step <= high; nothing if there is none.
std::optional<std::pair<double, double>> clip(double start, double step, double low, double high, double from,
                                              double to) {
  if (step == 0) return start < low || start > high ? std::nullopt : std::optional(std::pair(from, to));
  const double enter = (step > 0 ? low - start : high - start) / step;
  const double leave = (step > 0 ? high - start : low - start) / step;
  from = std::max(from, enter);
  to = std::min(to, leave);
  if (from > to) return std::nullopt;
  return std::pair(from, to);
}

/// The part of the segment within `margin` of the image (Liang and Barsky).
std::optional<Segment> clip(const Segment& s, Size image, double margin) {
  const double dx = s.b.x - s.a.x;
  const double dy = s.b.y - s.a.y;
  const auto in_x = clip(s.a.x, dx, -margin, image.width + margin, 0, 1);
  if (!in_x) return std::nullopt;
  const auto in_y = clip(s.a.y, dy, -margin, image.height + margin, in_x->first, in_x->second);
  if (!in_y) return std::nullopt;
  const auto [from, to] = *in_y;
  return Segment{{s.a.x + from * dx, s.a.y + from * dy}, {s.a.x + to * dx, s.a.y + to * dy}};
}

void blend(std::uint8_t* pixel, const Colour& colour, double alpha) {
  for (std::size_t c = 0; c < 3; ++c) {
    pixel[c] = static_cast<std::uint8_t>(std::lround(pixel[c] + (colour.rgb[c] - pixel[c]) * alpha));
  }
}

/// All pixels within `radius` of the segment, the edge one pixel soft: a capsule, or a disc where both ends are one.
void fill_capsule(Image& image, const Segment& whole, double radius, const Colour& colour, double opacity) {
  const double reach = radius + 1;
  // Twice the reach: the cap that clipping makes lies outside the picture.
  const auto clipped = clip(whole, image.size(), 2 * reach);
  if (!clipped) return;
  const auto [a, b] = *clipped;
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double length_squared = dx * dx + dy * dy;
  const auto pixel_range = [](double low, double high, int size) {
    return std::pair(static_cast<int>(std::clamp(std::ceil(low), 0.0, static_cast<double>(size))),
                     static_cast<int>(std::clamp(std::floor(high), -1.0, size - 1.0)));
  };
  const auto [top, bottom] = pixel_range(std::min(a.y, b.y) - reach, std::max(a.y, b.y) + reach, image.height());
  for (int y = top; y <= bottom; ++y) {
    const auto near = clip(a.y, dy, y - reach, y + reach, 0, 1);  // of the segment: only this part reaches the row
    if (!near) continue;
    const double x0 = a.x + near->first * dx;
    const double x1 = a.x + near->second * dx;
    const auto [left, right] = pixel_range(std::min(x0, x1) - reach, std::max(x0, x1) + reach, image.width());
    for (int x = left; x <= right; ++x) {
      const double px = x - a.x;
      const double py = y - a.y;
      const double t = length_squared > 0 ? std::clamp((px * dx + py * dy) / length_squared, 0.0, 1.0) : 0.0;
      const double coverage = std::clamp(radius + 0.5 - std::hypot(px - t * dx, py - t * dy), 0.0, 1.0);
      if (coverage > 0) blend(image.row(y) + 3 * static_cast<std::ptrdiff_t>(x), colour, coverage * opacity);
    }
  }
}

/// The rim of a shape with this radius.
double rim_width(double radius) { return std::max(kThinnestRim, kRimOfLimb * 2 * radius); }

void draw_rimmed(Image& image, const Segment& segment, double radius, const Colour& colour) {
  fill_capsule(image, segment, radius + rim_width(radius), kRim, kRimOpacity);
  fill_capsule(image, segment, radius, colour, 1.0);
}

const Colour& colour_of(Side side) { return side == Side::kLeft ? kLeft : side == Side::kRight ? kRight : kCentre; }

/// A limb from one side to the centre is that side's; one that joins left and right is the centre's.
Side limb_side(Side a, Side b) {
  if (a == b || b == Side::kCentre) return a;
  return a == Side::kCentre ? b : Side::kCentre;
}

/// The longer side of what is seen of the person: of the joints drawn, of the box where fewer than two are.
double person_extent(const Pose& pose, float min_score) {
  float x0 = std::numeric_limits<float>::max();
  float y0 = x0;
  float x1 = std::numeric_limits<float>::lowest();
  float y1 = x1;
  int seen = 0;
  for (const Keypoint& keypoint : pose.keypoints) {
    if (!(keypoint.score >= min_score) || !finite(keypoint.point)) continue;
    x0 = std::min(x0, keypoint.point.x);
    x1 = std::max(x1, keypoint.point.x);
    y0 = std::min(y0, keypoint.point.y);
    y1 = std::max(y1, keypoint.point.y);
    ++seen;
  }
  if (seen < 2) return std::max(pose.box.width, pose.box.height);
  return std::max(static_cast<double>(x1) - x0, static_cast<double>(y1) - y0);
}

double limb_width(const Pose& pose, const DrawOptions& options) {
  if (std::isfinite(options.thickness) && options.thickness > 0) return options.thickness;
  const double width = kLimbOfPerson * person_extent(pose, options.min_score);
  return std::isfinite(width) ? std::clamp(width, kThinnest, kThickest) : kThinnest;
}

void draw_box(Image& image, const Box& box, double wanted_radius) {
  if (!finite({box.x, box.y}) || !std::isfinite(box.width) || !std::isfinite(box.height)) return;
  const double radius = std::max(kThinnest / 2, wanted_radius);
  const double rim = rim_width(radius);
  const Spot a = spot({box.x, box.y});
  const Spot c{a.x + box.width, a.y + box.height};
  const Spot b{c.x, a.y};
  const Spot d{a.x, c.y};
  const std::array<Segment, 4> edges{{{a, b}, {b, c}, {c, d}, {d, a}}};
  for (const Segment& edge : edges) fill_capsule(image, edge, radius + rim, kRim, kRimOpacity);
  for (const Segment& edge : edges) fill_capsule(image, edge, radius, kBox, 1.0);
}

}  // namespace

void draw(Image& image, const Pose& pose, const Skeleton& skeleton, const DrawOptions& options) {
  POISE_CHECK(pose.keypoints.size() == skeleton.joints.size());
  if (image.empty()) return;
  const double width = limb_width(pose, options);
  const bool fitted = !(options.thickness > 0);
  if (options.box) draw_box(image, pose.box, width / 4);

  const auto joint_at = [&](int index) -> const Joint& { return skeleton.joints[static_cast<std::size_t>(index)]; };
  const auto keypoint_at = [&](int index) -> const Keypoint& {
    return pose.keypoints[static_cast<std::size_t>(index)];
  };
  const auto drawn = [&](int index) {
    return keypoint_at(index).score >= options.min_score && finite(keypoint_at(index).point);
  };
  std::vector<double> widest(skeleton.joints.size(), 0.0);  // of the limbs at each joint
  for (const Limb& limb : skeleton.limbs) {
    if (!drawn(limb.from) || !drawn(limb.to)) continue;
    const Segment segment{spot(keypoint_at(limb.from).point), spot(keypoint_at(limb.to).point)};
    const double length = std::hypot(segment.b.x - segment.a.x, segment.b.y - segment.a.y);
    const double own = fitted ? std::min(width, std::max(kThinnest, kWidthOfLength * length)) : width;
    draw_rimmed(image, segment, own / 2, colour_of(limb_side(joint_at(limb.from).side, joint_at(limb.to).side)));
    for (const int end : {limb.from, limb.to}) {
      double& at_joint = widest[static_cast<std::size_t>(end)];
      at_joint = std::max(at_joint, own);
    }
  }
  for (int index = 0; index < skeleton.size(); ++index) {
    if (!drawn(index)) continue;
    const double own = widest[static_cast<std::size_t>(index)];
    const Spot centre = spot(keypoint_at(index).point);
    draw_rimmed(image, {centre, centre}, kJointOfLimb * (own > 0 ? own : width) / 2, colour_of(joint_at(index).side));
  }
}

Pose as_pose(const Annotation& truth) {
  Pose pose;
  for (const Annotation::TrueKeypoint& joint : truth.keypoints) {
    pose.keypoints.push_back({joint.point, joint.visibility == Visibility::kAbsent ? 0.0F : 1.0F});
  }
  pose.box = truth.box;
  pose.score = 1;
  return pose;
}

}  // namespace poise
