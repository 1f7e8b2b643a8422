#include "poise/draw/figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "poise/base/random.h"

namespace poise {
namespace {

// COCO-17 order (skeleton "coco17").
enum JointIndex {
  kNose,
  kLeftEye,
  kRightEye,
  kLeftEar,
  kRightEar,
  kLeftShoulder,
  kRightShoulder,
  kLeftElbow,
  kRightElbow,
  kLeftWrist,
  kRightWrist,
  kLeftHip,
  kRightHip,
  kLeftKnee,
  kRightKnee,
  kLeftAnkle,
  kRightAnkle,
  kJoints
};

struct Colour {
  float r = 0, g = 0, b = 0;
};

/// Angles in degrees from "hanging straight down", positive to the viewer's right; the figure faces the viewer, so its
/// left side is on the right of the picture.
struct Stance {
  float lean;
  float left_arm, left_forearm, right_arm, right_forearm;
  float left_thigh, left_shin, right_thigh, right_shin;
};

constexpr std::array<Stance, 7> kStances{{
    {0, 12, 18, -12, -18, 5, 3, -5, -3},          // standing
    {-3, 150, 165, -14, -30, 8, 4, -7, -5},       // waving
    {4, 35, 60, -30, 10, 26, 8, -24, -34},        // walking
    {0, 140, 155, -140, -155, 24, 18, -24, -18},  // star jump
    {0, 80, 165, -80, -165, 50, -8, -50, 8},      // squat, hands up
    {10, 95, 90, -85, -92, 46, 40, -6, 2},        // lunge, arms out
    {-6, 55, -35, -55, 35, 12, 6, -12, -6},       // hands on the hips
}};

// Lengths as parts of the standing height.
constexpr float kNeck = 0.13F, kTorso = 0.29F, kShoulder = 0.105F, kHip = 0.06F;
constexpr float kUpperArm = 0.17F, kForearm = 0.15F, kThigh = 0.24F, kShin = 0.23F;

Point down(float degrees, float length) {
  const float angle = degrees * std::numbers::pi_v<float> / 180.0F;
  return {std::sin(angle) * length, std::cos(angle) * length};
}
Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
Point operator*(Point a, float s) { return {a.x * s, a.y * s}; }

using Joints = std::array<Point, kJoints>;

/// Joints around the middle of the hips at (0, 0); y down, unit: pixels when `height` is.
Joints pose_joints(const Stance& stance, float height) {
  Joints joint;
  const Point up = down(180.0F + stance.lean, height);
  const Point left{-up.y, up.x};  // the person's left: the viewer's right
  const Point neck = up * kTorso;
  const Point head = neck + up * kNeck;
  joint[kNose] = head;
  joint[kLeftEye] = head + left * 0.02F + up * 0.018F;
  joint[kRightEye] = head + left * -0.02F + up * 0.018F;
  joint[kLeftEar] = head + left * 0.043F + up * 0.005F;
  joint[kRightEar] = head + left * -0.043F + up * 0.005F;
  joint[kLeftShoulder] = neck + left * kShoulder;
  joint[kRightShoulder] = neck + left * -kShoulder;
  joint[kLeftHip] = left * kHip;
  joint[kRightHip] = left * -kHip;
  joint[kLeftElbow] = joint[kLeftShoulder] + down(stance.left_arm, height * kUpperArm);
  joint[kRightElbow] = joint[kRightShoulder] + down(stance.right_arm, height * kUpperArm);
  joint[kLeftWrist] = joint[kLeftElbow] + down(stance.left_forearm, height * kForearm);
  joint[kRightWrist] = joint[kRightElbow] + down(stance.right_forearm, height * kForearm);
  joint[kLeftKnee] = joint[kLeftHip] + down(stance.left_thigh, height * kThigh);
  joint[kRightKnee] = joint[kRightHip] + down(stance.right_thigh, height * kThigh);
  joint[kLeftAnkle] = joint[kLeftKnee] + down(stance.left_shin, height * kShin);
  joint[kRightAnkle] = joint[kRightKnee] + down(stance.right_shin, height * kShin);
  return joint;
}

/// Where one figure's pixels lie; `owner` tells who is seen at each pixel of the picture.
struct Canvas {
  Image& image;
  std::vector<int>& owner;
  int person = 0;
  std::vector<bool> covered;

  void blend(int x, int y, float coverage, const Colour& colour) {
    std::uint8_t* pixel = image.row(y) + 3 * x;
    const std::array<float, 3> planes{colour.r, colour.g, colour.b};
    for (std::size_t c = 0; c < 3; ++c) {
      const float value = static_cast<float>(pixel[c]) * (1 - coverage) + planes[c] * 255.0F * coverage;
      pixel[c] = static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
    }
    if (coverage < 0.5F) return;
    const auto index =
        static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width()) + static_cast<std::size_t>(x);
    owner[index] = person;
    covered[index] = true;
  }

  /// A capsule from a to b whose radius goes from ra to rb, smooth at the edge and darker towards it.
  void capsule(Point a, Point b, float ra, float rb, const Colour& colour, float darkening = 0.25F) {
    const float reach = std::max(ra, rb) + 1;
    const int x0 = std::max(0, static_cast<int>(std::floor(std::min(a.x, b.x) - reach)));
    const int y0 = std::max(0, static_cast<int>(std::floor(std::min(a.y, b.y) - reach)));
    const int x1 = std::min(image.width() - 1, static_cast<int>(std::ceil(std::max(a.x, b.x) + reach)));
    const int y1 = std::min(image.height() - 1, static_cast<int>(std::ceil(std::max(a.y, b.y) + reach)));
    const float dx = b.x - a.x, dy = b.y - a.y, length2 = std::max(1e-6F, dx * dx + dy * dy);
    for (int y = y0; y <= y1; ++y) {
      for (int x = x0; x <= x1; ++x) {
        const float px = static_cast<float>(x) - a.x, py = static_cast<float>(y) - a.y;
        const float t = std::clamp((px * dx + py * dy) / length2, 0.0F, 1.0F);
        const float radius = ra + (rb - ra) * t, distance = std::hypot(px - t * dx, py - t * dy);
        const float coverage = std::clamp(radius + 0.5F - distance, 0.0F, 1.0F);
        if (coverage <= 0) continue;
        const float edge = std::min(1.0F, distance / radius), shade = 1.0F - darkening * edge * edge;
        blend(x, y, coverage, {colour.r * shade, colour.g * shade, colour.b * shade});
      }
    }
  }
  void disc(Point centre, float radius, const Colour& colour) { capsule(centre, centre, radius, radius, colour); }
};

Colour random_colour(Random& random, double low, double high) {
  const auto channel = [&] { return static_cast<float>(random.uniform(low, high)); };
  const float r = channel(), g = channel(), b = channel(), grey = (r + g + b) / 3;
  return {(r + grey) / 2, (g + grey) / 2, (b + grey) / 2};
}

void draw_figure(Canvas& canvas, const Joints& joint, float height, Random& random) {
  const auto tone = static_cast<float>(random.uniform(0.45, 1.0));
  const Colour skin{0.96F * tone, 0.76F * tone, 0.64F * tone};
  const auto dye = static_cast<float>(random.uniform(0.15, 0.6));
  const Colour hair{dye, 0.7F * dye, 0.45F * dye};
  const Colour shirt = random_colour(random, 0.1, 1.0);
  const Colour trousers = random_colour(random, 0.08, 0.5);
  const Colour shoes{0.1F, 0.1F, 0.12F}, dark{0.08F, 0.06F, 0.06F};
  const float h = height;
  const auto limb = [&](int from, int to, float r0, float r1, const Colour& colour) {
    canvas.capsule(joint.at(static_cast<std::size_t>(from)), joint.at(static_cast<std::size_t>(to)), r0 * h, r1 * h,
                   colour);
  };
  for (const auto& [hip, knee, ankle] :
       {std::array{kRightHip, kRightKnee, kRightAnkle}, {kLeftHip, kLeftKnee, kLeftAnkle}}) {
    const float out = hip == kLeftHip ? 0.03F : -0.03F;
    const Point foot = joint.at(ankle);
    canvas.capsule(foot + Point{0, 0.02F * h}, foot + Point{out * h, 0.03F * h}, 0.022F * h, 0.018F * h, shoes);
    limb(knee, ankle, 0.036F, 0.024F, trousers);
    limb(hip, knee, 0.052F, 0.038F, trousers);
  }
  const Point neck = (joint[kLeftShoulder] + joint[kRightShoulder]) * 0.5F;
  canvas.capsule(neck, joint[kNose], 0.03F * h, 0.03F * h, skin);
  limb(kLeftHip, kRightHip, 0.055F, 0.055F, trousers);
  for (int i = 0; i <= 4; ++i) {  // the trunk: lines from hip to shoulder, side by side
    const float t = static_cast<float>(i) / 4;
    const Point top = joint[kLeftShoulder] * (1 - t) + joint[kRightShoulder] * t;
    const Point bottom = joint[kLeftHip] * (1 - t) + joint[kRightHip] * t;
    canvas.capsule(top, top * 0.12F + bottom * 0.88F, 0.038F * h, 0.045F * h, shirt, 0.0F);
  }
  for (const auto& [shoulder, elbow, wrist] :
       {std::array{kRightShoulder, kRightElbow, kRightWrist}, {kLeftShoulder, kLeftElbow, kLeftWrist}}) {
    limb(elbow, wrist, 0.026F, 0.02F, skin);
    canvas.disc(joint.at(wrist), 0.026F * h, skin);
    limb(shoulder, elbow, 0.038F, 0.03F, shirt);
  }
  const Point head = joint[kNose];
  const Point middle = (joint[kLeftEye] + joint[kRightEye]) * 0.5F,
              up{(middle.x - head.x) / 0.018F, (middle.y - head.y) / 0.018F};
  canvas.capsule(head + up * 0.03F, head + up * 0.01F, 0.056F * h, 0.05F * h, hair);
  canvas.capsule(head + up * 0.012F, head + up * -0.018F, 0.042F * h, 0.038F * h, skin);
  for (const int ear : {kLeftEar, kRightEar}) canvas.disc(joint.at(static_cast<std::size_t>(ear)), 0.012F * h, skin);
  for (const int eye : {kLeftEye, kRightEye}) canvas.disc(joint.at(static_cast<std::size_t>(eye)), 0.007F * h, dark);
  canvas.disc(head, 0.008F * h, {skin.r * 0.8F, skin.g * 0.7F, skin.b * 0.7F});
}

void draw_background(Image& image, Random& random) {
  const Colour sky = random_colour(random, 0.55, 0.95), wall = random_colour(random, 0.45, 0.8);
  const Colour ground = random_colour(random, 0.25, 0.5);
  const auto horizon = static_cast<float>(random.uniform(0.6, 0.75));
  for (int y = 0; y < image.height(); ++y) {
    const float v = static_cast<float>(y) / static_cast<float>(image.height());
    for (int x = 0; x < image.width(); ++x) {
      const float u = static_cast<float>(x) / static_cast<float>(image.width());
      const float t = v < horizon ? v / horizon : 1.0F;
      const float light = 1.0F - 0.15F * u + (v < horizon ? 0.0F : 0.25F * (v - horizon));
      const Colour& far = v < horizon ? sky : ground;
      const Colour& near = v < horizon ? wall : ground;
      const std::array<float, 3> planes{far.r + (near.r - far.r) * t, far.g + (near.g - far.g) * t,
                                        far.b + (near.b - far.b) * t};
      for (std::size_t c = 0; c < 3; ++c) {
        image.row(y)[3 * x + static_cast<int>(c)] =
            static_cast<std::uint8_t>(std::clamp(std::lround(planes[c] * light * 255.0F), 0L, 255L));
      }
    }
  }
}

Stance random_stance(Random& random) {
  Stance stance = kStances.at(random.below(kStances.size()));
  for (float* angle : {&stance.lean, &stance.left_arm, &stance.left_forearm, &stance.right_arm, &stance.right_forearm,
                       &stance.left_thigh, &stance.left_shin, &stance.right_thigh, &stance.right_shin}) {
    *angle += static_cast<float>(random.uniform(-6, 6));
  }
  return stance;
}

/// Box and area of what the figure covers.
void measure(const std::vector<bool>& covered, Size size, Annotation& truth) {
  int x0 = size.width, y0 = size.height, x1 = -1, y1 = -1, area = 0;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      if (!covered[static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) + static_cast<std::size_t>(x)])
        continue;
      x0 = std::min(x0, x), x1 = std::max(x1, x), y0 = std::min(y0, y), y1 = std::max(y1, y);
      ++area;
    }
  }
  if (area > 0) {
    truth.box = {static_cast<float>(x0), static_cast<float>(y0), static_cast<float>(x1 - x0 + 1),
                 static_cast<float>(y1 - y0 + 1)};
  }
  truth.area = static_cast<float>(area);
}

}  // namespace

FigurePicture draw_figures(const FigureOptions& options) {
  FigurePicture picture;
  picture.image = Image(options.size.width, options.size.height);
  Random background(options.seed, 0);
  draw_background(picture.image, background);
  std::vector<int> owner(static_cast<std::size_t>(options.size.width) * static_cast<std::size_t>(options.size.height),
                         -1);

  for (int person = 0; person < options.people; ++person) {
    Random random(options.seed, 1, static_cast<std::uint64_t>(person));
    const Stance stance = random_stance(random);
    const auto part = static_cast<float>(random.uniform(options.min_height, options.max_height));
    const float height = part * static_cast<float>(options.size.height);
    const float slot = static_cast<float>(options.size.width) / static_cast<float>(options.people);
    const float x = slot * (static_cast<float>(person) + 0.5F + static_cast<float>(random.uniform(-0.08, 0.08)));
    Joints joints = pose_joints(stance, height);
    // The figure stands on a common floor: its lower ankle a little above the lower edge.
    const float floor = static_cast<float>(options.size.height) * 0.96F - 0.05F * height;
    const Point hips{x, floor - std::max(joints[kLeftAnkle].y, joints[kRightAnkle].y)};
    for (Point& joint : joints) joint = joint + hips;

    Canvas canvas{picture.image, owner, person, std::vector<bool>(owner.size())};
    draw_figure(canvas, joints, height, random);
    Annotation truth;
    truth.id = person + 1;
    for (const Point& joint : joints) truth.keypoints.push_back({joint, Visibility::kVisible});
    measure(canvas.covered, options.size, truth);
    picture.people.push_back(std::move(truth));
  }

  for (std::size_t person = 0; person < picture.people.size(); ++person) {
    for (Annotation::TrueKeypoint& joint : picture.people[person].keypoints) {
      const long x = std::lround(joint.point.x), y = std::lround(joint.point.y);
      if (x < 0 || y < 0 || x >= options.size.width || y >= options.size.height) {
        joint.visibility = Visibility::kAbsent;
      } else if (owner[static_cast<std::size_t>(y * options.size.width + x)] != static_cast<int>(person)) {
        joint.visibility = Visibility::kOccluded;
      }
    }
  }
  return picture;
}

}  // namespace poise
