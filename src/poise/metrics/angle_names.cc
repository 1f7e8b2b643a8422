#include <algorithm>
#include <sstream>

#include "poise/metrics/angles.h"

namespace poise {
namespace {

Result<int> joint_of(const std::string& text, const std::vector<std::string>& joints) {
  const auto named = std::find(joints.begin(), joints.end(), text);
  if (named != joints.end()) return static_cast<int>(named - joints.begin());
  const bool number = !text.empty() && text.size() < 6 && text.find_first_not_of("0123456789") == std::string::npos;
  if (number && std::stoul(text) < joints.size()) return std::stoi(text);
  return not_found("the truth has no joint \"" + text + "\"");
}

}  // namespace

std::vector<Angle> known_angles(const std::vector<std::string>& joints) {
  std::vector<Angle> angles;
  constexpr std::array<std::array<const char*, 4>, 4> kKnown = {{{"elbow", "shoulder", "elbow", "wrist"},
                                                                 {"shoulder", "elbow", "shoulder", "hip"},
                                                                 {"hip", "shoulder", "hip", "knee"},
                                                                 {"knee", "hip", "knee", "ankle"}}};
  for (const auto& [name, a, b, c] : kKnown) {
    for (const std::string side : {"left_", "right_"}) {
      const auto text = side + a + "," + side + b + "," + side + c;
      auto angle = angle_by_name(text, joints);
      if (!angle.ok()) continue;
      angle->name = side + name;
      angles.push_back(std::move(*angle));
    }
  }
  return angles;
}

Result<Angle> angle_by_name(const std::string& text, const std::vector<std::string>& joints) {
  if (text.find(',') == std::string::npos) {
    std::string names;
    for (const Angle& known : known_angles(joints)) {
      if (known.name == text) return known;
      names += (names.empty() ? "" : ", ") + known.name;
    }
    return not_found("no angle is called \"" + text + "\"; there are " + names + ", or three joints with commas");
  }
  std::vector<std::string> wanted;
  std::istringstream list(text);
  for (std::string joint; std::getline(list, joint, ',');) wanted.push_back(joint);
  const auto wrong = [&] {
    return invalid_argument("an angle is three different joints, the second being where it is: \"" + text + "\"");
  };
  Angle angle{text, {}};
  if (wanted.size() != angle.joints.size()) return wrong();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    POISE_TRY(angle.joints[i], joint_of(wanted[i], joints));
  }
  const auto& [a, b, c] = angle.joints;
  if (a == b || b == c || a == c) return wrong();
  return angle;
}

}  // namespace poise
