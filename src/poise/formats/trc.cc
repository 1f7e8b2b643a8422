// OpenSim's marker files (Track Row Column): a person's joints as markers, in pixels of the picture.

#include <cmath>
#include <cstdio>

#include "poise/formats/output_formats.h"
#include "poise/formats/trc_text.h"

namespace poise {
namespace {

/// A name that no reader splits: markers stand between tabs, and some readers take blanks for them.
std::string marker(const std::string& joint) {
  std::string name = joint;
  for (char& c : name) {
    if (c == '\t' || c == ' ' || c == '\n' || c == '\r') c = '_';
  }
  return name;
}

}  // namespace

std::string trc_number(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.6f", value);
  std::string digits = text.data();
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits == "-0" ? "0" : digits;
}

std::string trc_header(const Skeleton& skeleton, const TrcFile& file) {
  const std::string rate = trc_number(file.frames_per_second);
  const std::string frames = std::to_string(file.frames);
  std::string text = "PathFileType\t4\t(X/Y/Z)\t" + file.name + "\n";
  text += "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n";
  text += rate + "\t" + rate + "\t" + frames + "\t" + std::to_string(skeleton.joints.size()) + "\t" + file.unit + "\t" +
          rate + "\t" + std::to_string(file.first_frame) + "\t" + frames + "\nFrame#\tTime";
  for (const Joint& joint : skeleton.joints) text += "\t" + marker(joint.name) + "\t\t";
  text += "\n\t";
  for (std::size_t j = 1; j <= skeleton.joints.size(); ++j) {
    const std::string n = std::to_string(j);
    text += "\tX" + n + "\tY" + n + "\tZ" + n;
  }
  return text + "\n\n";
}

namespace {

class TrcFiles final : public PersonSequence {
 public:
  static constexpr const char* kEnding = ".trc";
  using PersonSequence::PersonSequence;

 private:
  std::string of_person(const PersonTrack& track) override {
    const std::string name = target().stem.filename().string() + "_person" + std::to_string(track.id) + kEnding;
    std::string text = trc_header(
        target().skeleton, {name, "px", track.frames_per_second, track.moments.size(), track.moments.front().frame});
    for (const PersonTrack::Moment& moment : track.moments) text += row(moment);
    return text;
  }

  /// The picture's y points down, OpenSim's up. What was not seen is empty.
  std::string row(const PersonTrack::Moment& moment) const {
    std::string text = std::to_string(moment.frame) + "\t" + trc_number(moment.seconds);
    for (std::size_t j = 0; j < target().skeleton.joints.size(); ++j) {
      const Keypoint joint = moment.keypoints.empty() ? Keypoint{} : moment.keypoints[j];
      const bool seen = !moment.keypoints.empty() && joint.score >= target().min_score &&
                        std::isfinite(joint.point.x) && std::isfinite(joint.point.y);
      text += seen ? "\t" + trc_number(joint.point.x) + "\t" + trc_number(-joint.point.y) + "\t0" : "\t\t\t";
    }
    return text + "\n";
  }
};

}  // namespace

OutputFormat trc_format() {
  return {"trc", "OpenSim's markers in pixels, a file a person", {}, open_persons<TrcFiles>};
}

}  // namespace poise
