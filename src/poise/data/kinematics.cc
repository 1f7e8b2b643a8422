#include "poise/data/kinematics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "poise/base/check.h"
#include "poise/codec/lifting.h"

namespace poise {
namespace {

constexpr std::size_t kJoints = 17;
constexpr double kDegree = std::numbers::pi / 180;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Right-handed turns by degrees; a body's x is to its left, y up, z ahead.
Matrix3 about_x(double degrees) { return rotation_from_vector({degrees * kDegree, 0, 0}); }
Matrix3 about_y(double degrees) { return rotation_from_vector({0, degrees * kDegree, 0}); }
Matrix3 about_z(double degrees) { return rotation_from_vector({0, 0, degrees * kDegree}); }

double limited(Random& random, double mean, double deviation, double low, double high) {
  return std::clamp(mean + deviation * random.normal(), low, high);
}

/// Lengths in metres, from the height: Drillis and Contini's shares (Winter, Biomechanics and Motor Control of Human
/// Movement, figure 4.1), between joints' centres, each with six percent of its own.
struct Bones {
  double hip, trunk, shoulder, neck, thigh, shin, upper_arm, forearm, face;
  explicit Bones(Random& random) {
    const double height = limited(random, 1.70, 0.09, 1.45, 1.95);
    const auto bone = [&](double share) { return height * share * limited(random, 1, 0.06, 0.85, 1.15); };
    hip = bone(0.060), trunk = bone(0.288), shoulder = bone(0.112), neck = bone(0.115), thigh = bone(0.245);
    shin = bone(0.246), upper_arm = bone(0.172), forearm = bone(0.150), face = bone(0.052);
  }
};

enum class Activity { kStanding, kWalking, kSitting, kReaching, kAny };

Activity some_activity(Random& random) {
  const double chance = random.uniform();
  return chance < 0.3    ? Activity::kStanding
         : chance < 0.55 ? Activity::kWalking
         : chance < 0.7  ? Activity::kSitting
         : chance < 0.85 ? Activity::kReaching
                         : Activity::kAny;
}

struct Leg {
  double flexion = 0, abduction = 0, turn = 0, knee = 0;
};
struct Arm {
  double flexion = 0, abduction = 0, turn = 0, elbow = 0;
};

Leg some_leg(Random& random, Activity activity, double step) {
  Leg leg;
  leg.abduction = limited(random, 4, 7, -15, 45);
  leg.turn = limited(random, 5, 15, -40, 45);
  switch (activity) {
    case Activity::kWalking:
      leg.flexion = limited(random, step, 10, -25, 100);
      leg.knee = random.uniform(0, step < 0 ? 60 : 35);
      break;
    case Activity::kSitting:
      leg.flexion = random.uniform(55, 115);
      leg.knee = random.uniform(45, 130);
      leg.abduction = limited(random, 10, 12, -15, 50);
      break;
    case Activity::kAny:
      leg.flexion = random.uniform(-25, 120);
      leg.knee = random.uniform(0, 145);
      leg.abduction = random.uniform(-15, 55);
      break;
    case Activity::kStanding:
    case Activity::kReaching:
      leg.flexion = limited(random, 4, 9, -20, 60);
      leg.knee = std::abs(limited(random, 0, 12, -60, 60));
      break;
  }
  return leg;
}

Arm some_arm(Random& random, Activity activity) {
  Arm arm;
  if (random.uniform() < (activity == Activity::kReaching || activity == Activity::kAny ? 0.15 : 0.65)) {  // it hangs
    arm.flexion = limited(random, 5, 18, -40, 90);
    arm.abduction = limited(random, 10, 9, -5, 60);
    arm.elbow = std::abs(limited(random, 15, 30, -145, 145));
  } else {
    arm.flexion = random.uniform(-45, 170);
    arm.abduction = random.uniform(-10, 130);
    arm.elbow = random.uniform(0, 145);
  }
  arm.turn = random.uniform(-60, 80);
  return arm;
}

/// COCO's joints about the hips' middle, in a frame that is y up.
std::array<Point3, kJoints> some_body(Random& random) {
  const Bones bones(random);
  const Activity activity = some_activity(random);
  const bool lies = activity == Activity::kAny && random.uniform() < 0.35;
  const double lean = lies ? random.uniform(-95, 95) : limited(random, 4, 9, -30, 60);
  const Matrix3 pelvis = about_y(random.uniform(-180, 180)) * about_x(lean) * about_z(limited(random, 0, 5, -25, 25));
  const double bend = activity == Activity::kAny ? random.uniform(-20, 80) : limited(random, 6, 12, -20, 75);
  const Matrix3 chest =
      pelvis * about_x(bend) * about_z(limited(random, 0, 7, -30, 30)) * about_y(limited(random, 0, 12, -45, 45));
  const Matrix3 head = chest * about_y(limited(random, 0, 22, -70, 70)) * about_x(limited(random, 2, 14, -45, 50)) *
                       about_z(limited(random, 0, 7, -30, 30));
  std::array<Point3, kJoints> joints;
  const Point3 neck = chest * Point3{0, bones.trunk, 0};
  const Point3 ears = neck + head * Point3{0, bones.neck, 0.01};
  joints[0] = ears + head * Point3{0, -0.15 * bones.face, 1.25 * bones.face};  // nose
  const double step = random.uniform(-40, 40);
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const double out = side == 0 ? 1 : -1;  // left is along x
    joints[1 + side] = ears + head * Point3{out * 0.37 * bones.face, 0.35 * bones.face, 0.95 * bones.face};
    joints[3 + side] = ears + head * Point3{out * 0.85 * bones.face, 0, 0};
    const Arm arm = some_arm(random, activity);
    const Matrix3 upper = chest * about_z(out * arm.abduction) * about_x(-arm.flexion) * about_y(out * arm.turn);
    joints[5 + side] = neck + chest * Point3{out * bones.shoulder, -0.02, 0};
    joints[7 + side] = joints[5 + side] + upper * Point3{0, -bones.upper_arm, 0};
    joints[9 + side] = joints[7 + side] + upper * about_x(-arm.elbow) * Point3{0, -bones.forearm, 0};
    const Leg leg = some_leg(random, activity, out * step);
    const Matrix3 thigh = pelvis * about_z(out * leg.abduction) * about_x(-leg.flexion) * about_y(out * leg.turn);
    joints[11 + side] = pelvis * Point3{out * bones.hip, 0, 0};
    joints[13 + side] = joints[11 + side] + thigh * Point3{0, -bones.thigh, 0};
    joints[15 + side] = joints[13 + side] + thigh * about_x(leg.knee) * Point3{0, -bones.shin, 0};
  }
  return joints;
}

/// How a detector spoils what is seen.
void spoil(MadePose& pose, Random& random, const KinematicOptions& options) {
  double low = 1e9, high = -1e9;
  for (const Pixel& ray : pose.rays) {
    low = std::min({low, ray.x, ray.y});
    high = std::max({high, ray.x, ray.y});
  }
  const bool fixed = options.fixed_noise >= 0;
  const double deviation = fixed ? options.fixed_noise / pose.focal : random.uniform(0, options.noise) * (high - low);
  constexpr double kOutliers = 0.02, kFurther = 5;
  const bool cut = !fixed && random.uniform() < options.cut;
  const std::size_t cut_from = random.uniform() < 0.5 ? 13 : 15;  // knees, or ankles
  for (std::size_t j = 0; j < kJoints; ++j) {
    const double scale = !fixed && random.uniform() < kOutliers ? kFurther : 1;
    pose.rays[j].x += scale * deviation * random.normal();
    pose.rays[j].y += scale * deviation * random.normal();
    const bool lost = !fixed && random.uniform() < options.lost;
    if (lost || (cut && j >= cut_from)) pose.rays[j] = {kNan, kNan};
  }
}

class MadePoses final : public Examples {
 public:
  MadePoses(std::size_t count, const KinematicOptions& options) : count_(count), options_(options) {}
  std::size_t size() const override { return count_; }
  ExampleShapes shapes() const override { return {{3 * kJoints}, {3 * kJoints}, {kJoints}}; }
  Status make(std::size_t /*i*/, Random random, std::uint64_t /*epoch*/, const SampleView& out) const override {
    std::optional<LiftView> view;
    MadePose pose;
    while (!view) {  // hardly ever twice: so many joints are seldom lost
      pose = make_pose(Random(random.next()), options_);
      view = lift_view(pose.rays);
    }
    std::ranges::copy(view->values, out.image.begin());
    encode_lifted(pose.joints, 0.5 * (pose.joints[11] + pose.joints[12]), *view, out.targets);
    std::ranges::fill(out.weights, 1.0F);
    return {};
  }

 private:
  std::size_t count_;
  KinematicOptions options_;
};

}  // namespace

MadePose make_pose(Random random, const KinematicOptions& options) {
  const std::array<Point3, kJoints> body = some_body(random);
  MadePose pose;
  pose.focal = random.uniform(800, 1600);
  // Whoever faces the camera has their left on the picture's right.
  const Matrix3 camera_from_body = about_z(limited(random, 0, 3, -15, 15)) * about_x(limited(random, 6, 12, -35, 60)) *
                                   Matrix3{{1, 0, 0, 0, -1, 0, 0, 0, -1}};
  const double size = random.uniform(150, 850);  // of 1.7 m, in pixels
  const Point3 ahead{0, 0, std::max(1.8, 1.7 * pose.focal / size)};
  for (const Point3& joint : body) {
    pose.joints.push_back(camera_from_body * joint + ahead);
    const Point3& p = pose.joints.back();
    pose.rays.push_back({p.x / p.z, p.y / p.z});
  }
  spoil(pose, random, options);
  return pose;
}

ExamplesPtr made_poses(std::size_t count, const KinematicOptions& options) {
  return std::make_shared<MadePoses>(count, options);
}

}  // namespace poise
