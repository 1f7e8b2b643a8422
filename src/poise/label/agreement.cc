#include "poise/label/agreement.h"

#include <algorithm>
#include <cmath>

#include "poise/base/median.h"

namespace poise {
namespace {

AgreedJoint agree_on(std::span<const Pose> looks, std::size_t joint, float reach) {
  std::vector<float> xs, ys;
  for (const Pose& look : looks) {
    xs.push_back(look.keypoints[joint].point.x);
    ys.push_back(look.keypoints[joint].point.y);
  }
  const Point middle{median(xs), median(ys)};
  AgreedJoint agreed;
  float all = 0, near = 0;
  for (const Pose& look : looks) {
    const Keypoint& seen = look.keypoints[joint];
    const float score = std::clamp(seen.score, 0.0F, 1.0F);
    all += score;
    if (!(std::hypot(seen.point.x - middle.x, seen.point.y - middle.y) < reach)) continue;
    near += score;
    agreed.point.x += seen.point.x * score;
    agreed.point.y += seen.point.y * score;
  }
  if (!(near > 0)) return {};
  agreed.point = {agreed.point.x / near, agreed.point.y / near};
  agreed.agreement = near / all;
  agreed.score = all / static_cast<float>(looks.size()) * agreed.agreement;
  return agreed;
}

}  // namespace

std::vector<AgreedJoint> agree(std::span<const Pose> looks, const Box& box, Size image,
                               const AgreementOptions& options) {
  const float reach = options.near * std::max(box.width, box.height);
  std::vector<AgreedJoint> joints;
  for (std::size_t j = 0; j < looks.front().keypoints.size(); ++j) {
    AgreedJoint joint = agree_on(looks, j, reach);
    const bool inside = joint.point.x >= 0 && joint.point.y >= 0 &&
                        joint.point.x <= static_cast<float>(image.width - 1) &&
                        joint.point.y <= static_cast<float>(image.height - 1);
    joint.kept = inside && joint.agreement >= options.min_agreement && joint.score >= options.min_score;
    if (!joint.kept) joint.point = {};
    joints.push_back(joint);
  }
  return joints;
}

}  // namespace poise
