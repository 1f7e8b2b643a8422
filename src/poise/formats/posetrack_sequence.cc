// People followed through a video as PoseTrack's files of predictions, which poseval and `evaluate_posetrack` measure.

#include <cstdio>

#include "poise/formats/derived_joints.h"
#include "poise/formats/output_formats.h"
#include "poise/formats/posetrack18.h"

namespace poise {
namespace {

/// Poses become people of PoseTrack's fifteen joints; those under the score limit are left out.
class PosetrackFrames {
 public:
  explicit PosetrackFrames(const SequenceTarget& target)
      : name_(target.stem.filename().string()), min_score_(target.min_score) {
    for (const std::string_view joint : posetrack_joints()) joints_.push_back(derive_joint(joint, target.skeleton));
  }

  PosetrackFrame operator()(const TimedFrame& frame) const {
    PosetrackFrame result;
    std::array<char, 32> number{};
    std::snprintf(number.data(), number.size(), "/%06lld.jpg", static_cast<long long>(frame.index));
    result.name = frame.result.source.empty() ? name_ + number.data() : frame.result.source;
    result.width = frame.result.width;
    result.height = frame.result.height;
    for (const Pose& pose : frame.result.poses) result.persons.push_back(person_of(pose));
    return result;
  }

 private:
  PosetrackPerson person_of(const Pose& pose) const {
    PosetrackPerson person;
    if (pose.track_id) person.track = *pose.track_id;
    person.score = posetrack_number(pose.score);
    person.box = {posetrack_number(pose.box.x), posetrack_number(pose.box.y), posetrack_number(pose.box.width),
                  posetrack_number(pose.box.height)};
    for (std::size_t joint = 0; joint < joints_.size(); ++joint) {
      const auto place = place_of(joints_[joint], pose.keypoints, min_score_);
      if (!place) continue;
      person.points.push_back({static_cast<int>(joint), posetrack_number(place->point.x),
                               posetrack_number(place->point.y), posetrack_number(place->score)});
    }
    return person;
  }

  std::string name_;
  float min_score_;
  std::vector<DerivedJoint> joints_;
};

class Posetrack17 final : public TextSequence {
 public:
  static constexpr const char* kEnding = ".json";
  Posetrack17(SequenceTarget target, std::filesystem::path path, GrowingFile file)
      : TextSequence(target, std::move(path), std::move(file)), frames_(target) {}

 private:
  std::string begin() override { return "{\"annolist\": ["; }
  std::string of_frame(const TimedFrame& frame) override {
    return (std::exchange(first_, false) ? "\n" : ",\n") + posetrack17_frame(frames_(frame)).dump();
  }
  std::string end() override { return "\n]}\n"; }

  PosetrackFrames frames_;
  bool first_ = true;
};

/// People go to the file as they come; the pictures' entries, which stand in a list of their own, wait for the end.
class Posetrack18 final : public TextSequence {
 public:
  static constexpr const char* kEnding = ".json";
  Posetrack18(SequenceTarget target, std::filesystem::path path, GrowingFile file)
      : TextSequence(target, std::move(path), std::move(file)),
        frames_(target),
        name_(target.stem.filename().string()) {}

 private:
  std::string begin() override {
    return "{\"categories\": " + posetrack18_categories().dump() + ",\n\"annotations\": [";
  }
  std::string of_frame(const TimedFrame& frame) override {
    const PosetrackFrame one = frames_(frame);
    const std::int64_t id = frame.index + 1;
    images_ += (images_.empty() ? "\n" : ",\n") + posetrack18_image(one, id, name_).dump();
    std::string text;
    for (const PosetrackPerson& person : one.persons) {
      text += (people_ == 0 ? "\n" : ",\n") + posetrack18_person(person, id, people_ + 1).dump();
      ++people_;
    }
    return text;
  }
  std::string end() override { return "\n],\n\"images\": [" + images_ + "\n]}\n"; }

  PosetrackFrames frames_;
  std::string name_, images_;
  std::int64_t people_ = 0;
};

}  // namespace

OutputFormat posetrack_format() { return {"posetrack", "PoseTrack18's JSON, one file", {}, open_text<Posetrack18>}; }

OutputFormat posetrack17_format() {
  return {"posetrack17", "PoseTrack17's JSON, one file", {}, open_text<Posetrack17>};
}

}  // namespace poise
