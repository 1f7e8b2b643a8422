// PoseTrack's files as PoseSets, and back.

#include <algorithm>
#include <limits>

#include "poise/base/counted.h"
#include "poise/formats/derived_joints.h"
#include "poise/formats/pose_readers.h"
#include "poise/formats/posetrack18.h"

namespace poise {
namespace {

const std::vector<Limb> kLimbs = {{0, 1},   {1, 2},  {3, 4},  {4, 5},   {2, 3},   {6, 7}, {7, 8}, {9, 10},
                                  {10, 11}, {8, 12}, {9, 12}, {12, 13}, {13, 14}, {2, 8}, {3, 9}};

Point to_point(double x, double y) { return {static_cast<float>(x), static_cast<float>(y)}; }

/// What the file gives, else around the points.
Box box_of(const PosetrackPerson& person) {
  if (person.box) {
    const auto& [x, y, width, height] = *person.box;
    return {static_cast<float>(x), static_cast<float>(y), static_cast<float>(width), static_cast<float>(height)};
  }
  if (person.points.empty()) return {};
  double left = person.points.front().x, right = left, top = person.points.front().y, bottom = top;
  for (const PosetrackPoint& point : person.points) {
    left = std::min(left, point.x);
    right = std::max(right, point.x);
    top = std::min(top, point.y);
    bottom = std::max(bottom, point.y);
  }
  return {static_cast<float>(left), static_cast<float>(top), static_cast<float>(right - left),
          static_cast<float>(bottom - top)};
}

std::optional<int> id_of(const PosetrackPerson& person) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  if (!person.track || *person.track < -kMost || *person.track > kMost) return std::nullopt;
  return static_cast<int>(*person.track);
}

Annotation truth_of(const PosetrackPerson& person, std::int64_t id) {
  Annotation truth;
  truth.id = id;
  truth.keypoints.resize(kPosetrackJoints);
  for (const PosetrackPoint& point : person.points) {
    truth.keypoints[static_cast<std::size_t>(point.joint)] = {to_point(point.x, point.y), Visibility::kVisible};
  }
  truth.box = box_of(person);
  truth.area = truth.box.width * truth.box.height;
  return truth;
}

Pose pose_of(const PosetrackPerson& person) {
  Pose pose;
  pose.keypoints.assign(kPosetrackJoints, not_found_keypoint());
  double sum = 0;
  for (const PosetrackPoint& point : person.points) {
    const auto score = static_cast<float>(point.score.value_or(0));
    pose.keypoints[static_cast<std::size_t>(point.joint)] = {to_point(point.x, point.y), score};
    sum += point.score.value_or(0);
  }
  const auto count = static_cast<double>(std::max<std::size_t>(1, person.points.size()));
  pose.score = static_cast<float>(person.score.value_or(sum / count));
  pose.box = box_of(person);
  pose.track_id = id_of(person);
  return pose;
}

bool has_scores(const PosetrackSequence& sequence) {
  for (const PosetrackFrame& frame : sequence.frames) {
    for (const PosetrackPerson& person : frame.persons) {
      const auto scored = [](const PosetrackPoint& point) { return point.score.has_value(); };
      if (std::any_of(person.points.begin(), person.points.end(), scored)) return true;
    }
  }
  return false;
}

class Writing {
 public:
  explicit Writing(const PoseSet& set) : set_(set) {
    for (const std::string_view joint : posetrack_joints()) joints_.push_back(derive_joint(joint, set.skeleton));
  }

  PosetrackSequence sequence() const {
    PosetrackSequence sequence;
    for (const PoseSet::Image& image : set_.images) {
      PosetrackFrame& frame = sequence.frames.emplace_back();
      frame.name = image.name;
      frame.id = image.id;
      frame.width = image.width;
      frame.height = image.height;
      for (const auto& polygon : image.ignored) {
        auto& points = frame.ignored.emplace_back();
        for (const Point point : polygon) points.push_back({posetrack_number(point.x), posetrack_number(point.y)});
      }
      for (const Pose& pose : image.poses) {
        PosetrackPerson& person = frame.persons.emplace_back(with_points(pose.keypoints, true));
        if (pose.track_id) person.track = *pose.track_id;
        person.score = posetrack_number(pose.score);
        person.box = {posetrack_number(pose.box.x), posetrack_number(pose.box.y), posetrack_number(pose.box.width),
                      posetrack_number(pose.box.height)};
      }
      for (std::size_t i = 0; i < image.truths.size(); ++i) frame.persons.push_back(truth(image, i));
    }
    // Either all pictures have an id of their own, or all are numbered.
    const auto has_id = [](const PosetrackFrame& frame) { return frame.id.has_value(); };
    if (!std::all_of(sequence.frames.begin(), sequence.frames.end(), has_id)) {
      for (PosetrackFrame& frame : sequence.frames) frame.id.reset();
    }
    return sequence;
  }

 private:
  PosetrackPerson with_points(const std::vector<Keypoint>& keypoints, bool scored) const {
    PosetrackPerson person;
    for (std::size_t joint = 0; joint < joints_.size(); ++joint) {
      const auto place = place_of(joints_[joint], keypoints, std::numeric_limits<float>::lowest());
      if (!place) continue;
      const auto score = scored ? std::optional(posetrack_number(place->score)) : std::nullopt;
      person.points.push_back(
          {static_cast<int>(joint), posetrack_number(place->point.x), posetrack_number(place->point.y), score});
    }
    return person;
  }

  PosetrackPerson truth(const PoseSet::Image& image, std::size_t i) const {
    const Annotation& one = image.truths[i];
    std::vector<Keypoint> keypoints;
    for (const auto& joint : one.keypoints) {
      keypoints.push_back(joint.visibility == Visibility::kAbsent ? not_found_keypoint() : Keypoint{joint.point, 1});
    }
    PosetrackPerson person = with_points(keypoints, false);
    if (i < image.track_ids.size() && image.track_ids[i]) person.track = *image.track_ids[i];
    person.box = {posetrack_number(one.box.x), posetrack_number(one.box.y), posetrack_number(one.box.width),
                  posetrack_number(one.box.height)};
    if (i < image.head_boxes.size()) {
      const Box& head = image.head_boxes[i];
      person.head = {posetrack_number(head.x), posetrack_number(head.y), posetrack_number(head.x + head.width),
                     posetrack_number(head.y + head.height)};
    }
    return person;
  }

  const PoseSet& set_;
  std::vector<DerivedJoint> joints_;
};

}  // namespace

Result<PoseSet> posetrack_pose_set(const PosetrackSequence& sequence) {
  PoseSet set;
  const auto joints = posetrack_joints();
  POISE_TRY(set.skeleton, skeleton_of_joints({joints.begin(), joints.end()}, kLimbs));
  set.skeleton.name = "posetrack15";
  set.annotated = Annotated::kPersonCentric;
  set.is_truth = !has_scores(sequence);
  std::int64_t next = 1;
  std::size_t left_out = 0;
  std::size_t headless = 0;
  for (const PosetrackFrame& frame : sequence.frames) {
    PoseSet::Image& image = set.images.emplace_back();
    image.id = frame.id;
    image.name = frame.name;
    image.width = frame.width;
    image.height = frame.height;
    for (const PosetrackFrame::Polygon& polygon : frame.ignored) {
      auto& points = image.ignored.emplace_back();
      for (const auto& [x, y] : polygon) points.push_back(to_point(x, y));
    }
    for (const PosetrackPerson& person : frame.persons) {
      if (person.points.empty()) {
        ++left_out;
      } else if (!set.is_truth) {
        image.poses.push_back(pose_of(person));
      } else {
        image.truths.push_back(truth_of(person, next++));
        image.track_ids.push_back(id_of(person));
        const auto head = person.head.value_or(std::array<double, 4>{});
        headless += person.head ? 0 : 1;
        image.head_boxes.push_back({static_cast<float>(head[0]), static_cast<float>(head[1]),
                                    static_cast<float>(head[2] - head[0]), static_cast<float>(head[3] - head[1])});
      }
    }
  }
  if (headless > 0) {
    for (PoseSet::Image& image : set.images) image.head_boxes.clear();
    set.notes.push_back("head boxes left out: " + counted(headless, "person has", "people have") + " none");
  }
  if (left_out > 0) set.notes.push_back(counted(left_out, "person", "people") + " left out: without a joint");
  return set;
}

PosetrackSequence posetrack_sequence(const PoseSet& set) { return Writing(set).sequence(); }

}  // namespace poise
