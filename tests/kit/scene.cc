#include "kit/scene.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "poise/base/random.h"

namespace poise::kit {
namespace {

constexpr float kTurn = 2 * std::numbers::pi_v<float>;

Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
Point operator*(Point a, float s) { return {a.x * s, a.y * s}; }

/// Smooth random brightness in [0, 1]: a lattice of random numbers, interpolated, three sizes over each other.
class Texture {
 public:
  Texture(std::uint64_t seed, float wavelength) : wavelength_(wavelength) {
    Random random(seed, 7);
    for (float& value : lattice_) value = static_cast<float>(random.uniform());
  }
  float at(float u, float v) const {
    return 0.5F * layer(u, v, wavelength_) + 0.3F * layer(u, v, wavelength_ * 0.4F) +
           0.2F * layer(u, v, wavelength_ * 0.17F);
  }

 private:
  static constexpr int kSide = 64;
  float layer(float u, float v, float wavelength) const {
    const float x = u / wavelength, y = v / wavelength;
    const float x0 = std::floor(x), y0 = std::floor(y);
    const auto smooth = [](float t) { return t * t * (3 - 2 * t); };
    const float fx = smooth(x - x0), fy = smooth(y - y0);
    const auto value = [&](int i, int j) {
      const int column = (static_cast<int>(x0) + i) & (kSide - 1);
      const int row = (static_cast<int>(y0) + j) & (kSide - 1);
      return lattice_[static_cast<std::size_t>(row * kSide + column)];
    };
    const float upper = value(0, 0) + fx * (value(1, 0) - value(0, 0));
    const float lower = value(0, 1) + fx * (value(1, 1) - value(0, 1));
    return upper + fy * (lower - upper);
  }
  float wavelength_;
  std::array<float, kSide * kSide> lattice_{};
};

/// A rigid piece of a body: everything within `radius` of the line from `origin` to `length` along `angle`.
struct Part {
  Point origin;
  float angle = 0;  // from straight down, positive to the viewer's right
  float length = 0, radius = 0;

  Point along() const { return {std::sin(angle), std::cos(angle)}; }
  /// The picture's point in the part's own coordinates, and back.
  Point local(Point p) const {
    const Point d = along(), q = p - origin;
    return {q.x * d.x + q.y * d.y, q.y * d.x - q.x * d.y};
  }
  Point picture(Point local) const {
    const Point d = along();
    return origin + Point{local.x * d.x - local.y * d.y, local.x * d.y + local.y * d.x};
  }
  bool covers(Point p) const {
    const Point q = local(p);
    const float beyond = q.x < 0 ? q.x : std::max(0.0F, q.x - length);
    return beyond * beyond + q.y * q.y <= radius * radius;
  }
  Point end() const { return picture({length, 0}); }
};

// From the nearest to the farthest: the left arm hides the trunk, the trunk the right arm.
enum PartIndex {
  kLeftForearm,
  kLeftUpperArm,
  kHead,
  kTrunk,
  kLeftShin,
  kLeftThigh,
  kRightShin,
  kRightThigh,
  kRightForearm,
  kRightUpperArm,
  kParts
};
using Body = std::array<Part, kParts>;

// Lengths as parts of the standing height.
constexpr float kTrunkLength = 0.29F, kUpperArm = 0.17F, kForearm = 0.16F, kThigh = 0.24F, kShin = 0.24F;
constexpr float kShoulder = 0.075F, kHip = 0.045F, kHeadUp = 0.11F;

/// Where the walker's parts are; somebody seen from half aside, whose arms and legs swing against each other.
Body body_of(const Walker& walker, int index, Point camera) {
  const float h = walker.height;
  const auto t = static_cast<float>(walker.phase + walker.swing * index) * kTurn;
  const float swing = std::sin(t);
  const float forward = walker.velocity.x < 0 ? -1.0F : 1.0F;
  const float bob = 0.012F * h * std::cos(2 * t);
  const auto frames = static_cast<float>(index);
  const Point hips = walker.hips + walker.velocity * frames + camera + Point{0, bob};
  const Point neck = hips - Point{0, kTrunkLength * h};
  Body body;
  body[kTrunk] = {neck, 0.02F * swing, kTrunkLength * h, 0.085F * h};
  body[kHead] = {neck - Point{0, kHeadUp * h}, 0.08F * std::sin(t + 1), 0.02F * h, 0.062F * h};
  const auto limb = [&](Point from, float upper, float bend, int first, int second, std::array<float, 4> sizes) {
    body.at(static_cast<std::size_t>(first)) = {from, upper, sizes[0] * h, sizes[1] * h};
    body.at(static_cast<std::size_t>(second)) = {body.at(static_cast<std::size_t>(first)).end(), upper + bend,
                                                 sizes[2] * h, sizes[3] * h};
  };
  constexpr std::array<float, 4> kArm{kUpperArm, 0.036F, kForearm, 0.028F};
  constexpr std::array<float, 4> kLeg{kThigh, 0.05F, kShin, 0.036F};
  const float stride = 0.5F * swing;
  const float lift = 0.35F * (1 + std::cos(t));  // the knee of the leg that comes forward
  const float other_lift = 0.35F * (1 - std::cos(t));
  limb(neck + Point{kShoulder * h, 0.03F * h}, 0.25F - forward * stride, forward * (0.45F - 0.3F * swing),
       kLeftUpperArm, kLeftForearm, kArm);
  limb(neck + Point{-kShoulder * h, 0.03F * h}, -0.25F + forward * stride, forward * (0.45F + 0.3F * swing),
       kRightUpperArm, kRightForearm, kArm);
  limb(hips + Point{kHip * h, 0}, forward * stride, -forward * lift, kLeftThigh, kLeftShin, kLeg);
  limb(hips + Point{-kHip * h, 0}, -forward * stride, -forward * other_lift, kRightThigh, kRightShin, kLeg);
  return body;
}

/// COCO-17 (skeleton "coco17").
std::array<Point, 17> joints_of(const Body& body, float height) {
  const auto face = [&](float across, float down) { return body[kHead].picture({down * height, -across * height}); };
  return {face(0, 0.01F),
          face(0.022F, -0.01F),
          face(-0.022F, -0.01F),
          face(0.05F, 0),
          face(-0.05F, 0),
          body[kLeftUpperArm].origin,
          body[kRightUpperArm].origin,
          body[kLeftForearm].origin,
          body[kRightForearm].origin,
          body[kLeftForearm].end(),
          body[kRightForearm].end(),
          body[kLeftThigh].origin,
          body[kRightThigh].origin,
          body[kLeftShin].origin,
          body[kRightShin].origin,
          body[kLeftShin].end(),
          body[kRightShin].end()};
}

/// What somebody covers, whoever hides it.
struct Extent {
  int left = std::numeric_limits<int>::max(), top = left, right = -1, bottom = -1;  // within the picture
  int pixels = 0;                                                                   // outside too
  int seen = 0;
};

struct Span {
  int left, top, right, bottom;
};
Span span_of(const Part& part) {
  const Point a = part.origin, b = part.end();
  const float r = part.radius + 1;
  return {static_cast<int>(std::floor(std::min(a.x, b.x) - r)), static_cast<int>(std::floor(std::min(a.y, b.y) - r)),
          static_cast<int>(std::ceil(std::max(a.x, b.x) + r)), static_cast<int>(std::ceil(std::max(a.y, b.y) + r))};
}

/// Takes the pixels of one person that nobody nearer has.
Extent cover(const Body& body, int person, Size size, std::vector<std::int16_t>& owners) {
  Span all = span_of(body[0]);
  for (const Part& part : body) {
    const Span span = span_of(part);
    all = {std::min(all.left, span.left), std::min(all.top, span.top), std::max(all.right, span.right),
           std::max(all.bottom, span.bottom)};
  }
  const auto width = static_cast<std::size_t>(all.right - all.left + 1);
  std::vector<bool> mine(width * static_cast<std::size_t>(all.bottom - all.top + 1));
  Extent extent;
  for (std::size_t p = 0; p < body.size(); ++p) {
    const Span span = span_of(body[p]);
    for (int y = span.top; y <= span.bottom; ++y) {
      for (int x = span.left; x <= span.right; ++x) {
        const auto place = static_cast<std::size_t>(y - all.top) * width + static_cast<std::size_t>(x - all.left);
        if (mine[place] || !body[p].covers({static_cast<float>(x), static_cast<float>(y)})) continue;
        mine[place] = true;
        ++extent.pixels;
        if (x < 0 || y < 0 || x >= size.width || y >= size.height) continue;
        extent.left = std::min(extent.left, x);
        extent.top = std::min(extent.top, y);
        extent.right = std::max(extent.right, x);
        extent.bottom = std::max(extent.bottom, y);
        std::int16_t& owner = owners[static_cast<std::size_t>(y * size.width + x)];
        if (owner >= 0) continue;
        owner = static_cast<std::int16_t>(person * kParts + static_cast<int>(p));
        ++extent.seen;
      }
    }
  }
  return extent;
}

/// Clothes, skin and hair of one person.
struct Look {
  Texture texture;
  std::array<std::array<float, 3>, 4> colours{};  // shirt, trousers, skin, hair

  Look(std::uint64_t seed, float height) : texture(seed, 0.11F * height) {
    Random random(seed, 8);
    for (auto& colour : colours) {
      for (float& channel : colour) channel = static_cast<float>(random.uniform(0.35, 1));
    }
  }
  const std::array<float, 3>& colour(int part) const {
    switch (part) {
      case kTrunk:
      case kLeftUpperArm:
      case kRightUpperArm:
        return colours[0];
      case kLeftThigh:
      case kRightThigh:
      case kLeftShin:
      case kRightShin:
        return colours[1];
      case kHead:
        return colours[3];
      default:
        return colours[2];
    }
  }
};

void paint(std::uint8_t* pixel, const std::array<float, 3>& colour, float brightness) {
  for (std::size_t c = 0; c < 3; ++c) pixel[c] = static_cast<std::uint8_t>(255 * colour[c] * brightness + 0.5F);
}

std::vector<Body> bodies_of(const SceneOptions& options, int index, Point camera) {
  std::vector<Body> bodies;
  for (const Walker& walker : options.people) bodies.push_back(body_of(walker, index, camera));
  return bodies;
}

void shade(const SceneOptions& options, const std::vector<Body>& bodies, Point camera, SceneFrame& frame) {
  const Texture background(options.seed, 70);
  constexpr std::array<float, 3> kWall{0.8F, 0.82F, 0.75F};
  std::vector<Look> looks;
  for (const Walker& walker : options.people) looks.emplace_back(walker.look, walker.height);
  for (int y = 0; y < options.size.height; ++y) {
    for (int x = 0; x < options.size.width; ++x) {
      const Point p{static_cast<float>(x), static_cast<float>(y)};
      std::uint8_t* pixel = frame.image.row(y) + static_cast<std::ptrdiff_t>(x) * 3;
      const int owner = frame.owners[static_cast<std::size_t>(y * options.size.width + x)];
      if (owner < 0) {
        paint(pixel, kWall, 0.3F + 0.6F * background.at(p.x - camera.x, p.y - camera.y));
        continue;
      }
      const int part = owner % kParts;
      const auto person = static_cast<std::size_t>(owner / kParts);
      const Point q = bodies[person].at(static_cast<std::size_t>(part)).local(p);
      constexpr float kApart = 37;  // parts of one person have textures of their own
      const float brightness = looks[person].texture.at(q.x + kApart * static_cast<float>(part), q.y);
      paint(pixel, looks[person].colour(part), 0.15F + 0.85F * brightness);
    }
  }
}

}  // namespace

Point Scene::camera(int index) const {
  const auto turn = static_cast<float>(options_.sway_turns * index) * kTurn;
  return options_.sway * std::sin(turn);
}

SceneFrame Scene::frame(int index) const {
  SceneFrame frame;
  const Size size = options_.size;
  frame.index = index;
  frame.seconds = index / options_.rate;
  frame.image = Image(size.width, size.height);
  frame.owners.assign(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height), -1);
  const std::vector<Body> bodies = bodies_of(options_, index, camera(index));
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const Extent extent = cover(bodies[i], static_cast<int>(i), size, frame.owners);
    ScenePerson person;
    person.truth.id = static_cast<std::int64_t>(i) + 1;
    if (extent.right >= 0) {
      person.truth.box = {static_cast<float>(extent.left), static_cast<float>(extent.top),
                          static_cast<float>(extent.right - extent.left + 1),
                          static_cast<float>(extent.bottom - extent.top + 1)};
    }
    person.truth.area = static_cast<float>(extent.pixels);
    person.visible = static_cast<float>(extent.seen) / static_cast<float>(std::max(1, extent.pixels));
    for (const Point joint : joints_of(bodies[i], options_.people[i].height)) {
      const int x = static_cast<int>(std::lround(joint.x)), y = static_cast<int>(std::lround(joint.y));
      Visibility visibility = Visibility::kAbsent;
      if (x >= 0 && y >= 0 && x < size.width && y < size.height) {
        // People nearer were drawn before: whoever of them has the pixel hides the joint.
        const int owner = frame.owners[static_cast<std::size_t>(y * size.width + x)];
        const bool hidden = owner >= 0 && owner / kParts < static_cast<int>(i);
        visibility = hidden ? Visibility::kOccluded : Visibility::kVisible;
      }
      person.truth.keypoints.push_back({joint, visibility});
    }
    frame.people.push_back(std::move(person));
  }
  shade(options_, bodies, camera(index), frame);
  return frame;
}

SceneFlow Scene::flow(const SceneFrame& from, const SceneFrame& to) const {
  const std::vector<Body> before = bodies_of(options_, from.index, camera(from.index));
  const std::vector<Body> after = bodies_of(options_, to.index, camera(to.index));
  const Point shift = camera(to.index) - camera(from.index);
  const Size size = options_.size;
  SceneFlow flow;
  flow.motion.resize(from.owners.size());
  flow.seen.resize(from.owners.size());
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const auto i = static_cast<std::size_t>(y * size.width + x);
      const Point p{static_cast<float>(x), static_cast<float>(y)};
      const int owner = from.owners[i];
      Point end = p + shift;
      if (owner >= 0) {
        const auto person = static_cast<std::size_t>(owner / kParts);
        const auto part = static_cast<std::size_t>(owner % kParts);
        end = after[person].at(part).picture(before[person].at(part).local(p));
      }
      flow.motion[i] = end - p;
      const long column = std::lround(end.x), row = std::lround(end.y);
      flow.seen[i] = column >= 0 && row >= 0 && column < size.width && row < size.height &&
                     to.owners[static_cast<std::size_t>(row * size.width + column)] == owner;
    }
  }
  return flow;
}

}  // namespace poise::kit
