#include <cmath>
#include <string_view>

#include "poise/base/check.h"
#include "poise/formats/writers.h"

namespace poise {
namespace {

/// RFC 4180, section 2, rules 6 and 7.
std::string csv_field(std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(field);
  std::string result = "\"";
  for (const char c : field) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

/// The shortest digits that give the same float; an empty field where it is not finite.
std::string digits(float value) { return std::isfinite(value) ? Json(value).dump() : std::string(); }

}  // namespace

std::string csv_header() { return "source,person,score,joint,x,y,joint_score\n"; }

std::string csv_rows(const FrameResult& frame, const Skeleton& skeleton) {
  std::string text;
  const std::string source = csv_field(frame.source);
  for (std::size_t person = 0; person < frame.poses.size(); ++person) {
    const Pose& pose = frame.poses[person];
    POISE_CHECK(pose.keypoints.size() == skeleton.joints.size());
    const std::string start = source + ',' + std::to_string(person) + ',' + digits(pose.score) + ',';
    for (std::size_t joint = 0; joint < pose.keypoints.size(); ++joint) {
      const Keypoint& keypoint = pose.keypoints[joint];
      text += start;
      text += csv_field(skeleton.joints[joint].name) + ',' + digits(keypoint.point.x) + ',' + digits(keypoint.point.y) +
              ',' + digits(keypoint.score) + '\n';
    }
  }
  return text;
}

}  // namespace poise
