#include "poise/track/tracker.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/base/median.h"

namespace poise {
namespace {

/// The joints moved by the same way.
void shift(Pose& pose, Point by) {
  for (Keypoint& joint : pose.keypoints) joint.point = {joint.point.x + by.x, joint.point.y + by.y};
  pose.box.x += by.x;
  pose.box.y += by.y;
}

constexpr int kKnown = 5;  // sightings: who was seen less often is maybe nobody

/// Of all joints, those that are not seen too.
float mean_score(const Pose& pose) {
  return person_score(pose.keypoints, 1.0F, -std::numeric_limits<float>::infinity());
}

constexpr int kEnoughJoints = 2;     // in both poses, as pose_likeness has it
constexpr float kBoxesAlone = 0.4F;  // what an overlap is worth against a likeness of joints

int common_joints(const Pose& a, const Pose& b, float min_score) {
  int count = 0;
  for (std::size_t i = 0; i < a.keypoints.size() && i < b.keypoints.size(); ++i) {
    count += a.keypoints[i].score >= min_score && b.keypoints[i].score >= min_score ? 1 : 0;
  }
  return count;
}

float size_of(const Box& box) { return std::sqrt(std::max(0.0F, box.area())); }

/// How far two poses of one person lie apart: the median over the joints that score enough in both, else the boxes'
/// centres.
Point displacement(const Pose& from, const Pose& to, float min_score) {
  std::vector<float> dx, dy;
  for (std::size_t i = 0; i < from.keypoints.size() && i < to.keypoints.size(); ++i) {
    if (from.keypoints[i].score < min_score || to.keypoints[i].score < min_score) continue;
    dx.push_back(to.keypoints[i].point.x - from.keypoints[i].point.x);
    dy.push_back(to.keypoints[i].point.y - from.keypoints[i].point.y);
  }
  constexpr std::size_t kEnough = 3;
  if (dx.size() >= kEnough) return {upper_median(dx), upper_median(dy)};
  const Point a = from.box.centre();
  const Point b = to.box.centre();
  return {b.x - a.x, b.y - a.y};
}

}  // namespace

void Tracker::carry_by_flow(Track& track, const FlowStep* step) const {
  for (Memory& memory : track.carried) ++memory.age;
  if (step == nullptr) return;
  for (Memory& memory : track.carried) {
    std::vector<Point> points;
    for (const Keypoint& joint : memory.pose.keypoints) points.push_back(joint.point);
    const auto carried = step->carry(points);
    std::vector<float> dx, dy;
    for (std::size_t i = 0; i < carried.size(); ++i) {
      if (!carried[i] || memory.pose.keypoints[i].score < options_.min_joint_score) continue;
      dx.push_back(carried[i]->x - points[i].x);
      dy.push_back(carried[i]->y - points[i].y);
    }
    // Joints that flow loses go with the others of their person.
    const Point mean = dx.empty() ? Point{} : Point{upper_median(dx), upper_median(dy)};
    for (std::size_t i = 0; i < carried.size(); ++i) {
      Keypoint& joint = memory.pose.keypoints[i];
      joint.point = carried[i] ? *carried[i] : Point{points[i].x + mean.x, points[i].y + mean.y};
    }
    memory.pose.box.x += mean.x;
    memory.pose.box.y += mean.y;
  }
}

void Tracker::carry_by_motion(Track& track, double seconds) const {
  if (!options_.motion || track.sightings < 2) return;
  constexpr double kLongest = 0.5;  // seconds: nobody keeps a velocity for longer
  const auto dt = static_cast<float>(std::min(seconds - track.seen, kLongest));
  track.expected = track.last;
  shift(*track.expected, {track.velocity.x * dt, track.velocity.y * dt});
}

Json to_json(const TrackerOptions& options) {
  return Json::Object{{"similarity", std::string(name_of(options.similarity))},
                      {"matching", options.matching == TrackerOptions::Matching::kGreedy ? "greedy" : "hungarian"},
                      {"propagate", options.propagate},
                      {"motion", options.motion},
                      {"memory", options.memory},
                      {"min_box_score", options.min_box_score},
                      {"min_joint_score", options.min_joint_score}};
}

void Tracker::begin(const FlowStep* step, double seconds, Size picture) {
  now_ = seconds;
  picture_ = picture;
  carried_.clear();
  looked_ = false;
  for (Track& track : tracks_) {
    ++track.unseen;
    carry_by_flow(track, step);
    carry_by_motion(track, seconds);
  }
}

/// Whether somebody whom the detector does not find, for the pose is unusual or half hidden, is plainly there.
bool Tracker::still_sure(const Track& track) const {
  constexpr float kAsSure = 0.8F;  // of what it was
  return track.detections >= kKnown && now_ - track.detected < options_.max_carried_sure &&
         mean_score(track.last) >= kAsSure * track.sureness;
}

/// Where flow says the person is; who was hidden in the frame before is where motion says, since flow there is that of
/// whoever hides them.
std::optional<PersonBox> Tracker::carried_box(const Track& track) const {
  if (track.unseen > options_.look_again || (track.unfound >= options_.max_carried && !still_sure(track))) {
    return std::nullopt;
  }
  const bool hidden = track.unseen > 1;
  const Pose* pose = nullptr;
  if (!track.carried.empty()) pose = &track.carried.front().pose;
  if (hidden && track.expected) pose = &*track.expected;
  if (pose == nullptr) return std::nullopt;
  // Fewer joints, of somebody half hidden, make a box of a part of the body.
  const int enough = static_cast<int>(pose->keypoints.size()) * 3 / 4;
  auto box = box_of_joints(pose->keypoints, options_.min_joint_score, options_.enlarge, enough);
  if (!box) box = pose->box;
  const bool outside = box->x >= static_cast<float>(picture_.width) || box->y >= static_cast<float>(picture_.height) ||
                       box->x + box->width <= 0 || box->y + box->height <= 0;
  if (outside || !(box->area() > 1)) return std::nullopt;
  return PersonBox{*box, track.last.box_score};
}

std::vector<PersonBox> Tracker::propose(std::span<const PersonBox> detections, bool looked) {
  looked_ = looked;
  carried_.clear();
  std::vector<PersonBox> boxes;
  for (const PersonBox& detection : detections) {
    if (detection.score >= options_.min_box_score) boxes.push_back(detection);
  }
  std::stable_sort(boxes.begin(), boxes.end(),
                   [](const PersonBox& a, const PersonBox& b) { return a.score > b.score; });
  if (!options_.propagate) return boxes;
  // A detection covers one person: of two who hide each other the other one is looked for all the same.
  const std::size_t detected = boxes.size();
  std::vector<PersonBox> carried;
  std::vector<int> ids;
  for (const Track& track : tracks_) {
    const auto box = carried_box(track);
    if (!box) continue;
    carried.push_back(*box);
    ids.push_back(track.id);
  }
  std::vector<float> overlaps;
  for (const PersonBox& box : carried) {
    for (std::size_t d = 0; d < detected; ++d) overlaps.push_back(iou(box.box, boxes[d].box));
  }
  const std::vector<int> covered_by =
      match_greedily(overlaps, static_cast<int>(carried.size()), static_cast<int>(detected), options_.box_nms);
  for (std::size_t i = 0; i < carried.size(); ++i) {
    if (covered_by[i] >= 0) continue;
    boxes.push_back(carried[i]);
    carried_.push_back({carried[i].box, ids[i]});
  }
  return boxes;
}

float Tracker::likeness(const Track& track, const Pose& pose) const {
  // Where too few joints are seen in both to tell, the boxes do, and never against a pose that fits.
  const auto alike = [&](const Pose& past) {
    const float joints = pose_likeness(past, pose, skeleton_, options_.min_joint_score);
    if (common_joints(past, pose, options_.min_joint_score) >= kEnoughJoints) return joints;
    return kBoxesAlone * iou(past.box, pose.box);
  };
  float best = 0;
  switch (options_.similarity) {
    case Similarity::kBox:
      best = iou(track.last.box, pose.box);
      break;
    case Similarity::kPose:
      best = alike(track.last);
      break;
    case Similarity::kFlow:
      if (!track.carried.empty() && track.carried.front().age == 1) best = alike(track.carried.front().pose);
      break;
    case Similarity::kMultiFlow:
      for (const Memory& memory : track.carried) {
        if (memory.age <= options_.history) best = std::max(best, alike(memory.pose));
      }
      break;
  }
  if (track.expected && track.unseen > 1) {
    const float moved =
        options_.similarity == Similarity::kBox ? iou(track.expected->box, pose.box) : alike(*track.expected);
    best = std::max(best, moved);
  }
  return best;
}

/// Of people who were hidden: 1 where the pose stands just where they were expected, 0 out of reach.
float Tracker::nearness(const Track& track, const Pose& pose) const {
  if (track.sightings < kKnown && track.unseen > 1) return 0;  // by place alone
  const Pose& past = track.expected ? *track.expected : track.last;
  const float size = size_of(track.last.box);
  const float other = size_of(pose.box);
  constexpr float kMostGrowth = 1.6F;
  if (!(size > 0) || !(other > 0) || std::max(size / other, other / size) > kMostGrowth) return 0;
  const Point a = past.box.centre();
  const Point b = pose.box.centre();
  const double hidden = std::min(1.0, (now_ - track.seen) / std::max(options_.memory, 1e-6));
  const double reach = options_.reach * (1 + hidden) * size;
  const double distance = std::hypot(double{a.x} - b.x, double{a.y} - b.y);
  return distance >= reach ? 0.0F : static_cast<float>(1 - distance / reach);
}

/// The track of each pose, or -1.
std::vector<int> Tracker::match(std::span<const Pose* const> poses) const {
  const int rows = static_cast<int>(poses.size());
  const int columns = static_cast<int>(tracks_.size());
  std::vector<float> table;
  const auto solve = [&](float threshold) {
    return options_.matching == TrackerOptions::Matching::kGreedy ? match_greedily(table, rows, columns, threshold)
                                                                  : match_best_sum(table, rows, columns, threshold);
  };
  if (rows == 0 || columns == 0) return std::vector<int>(poses.size(), -1);
  for (const Pose* pose : poses) {
    for (const Track& track : tracks_) table.push_back(likeness(track, *pose));
  }
  std::vector<int> track_of = solve(options_.min_likeness);
  if (!options_.motion) return track_of;

  // Who came out of hiding is not posed as before: the place decides among those that are left.
  std::vector<bool> taken(tracks_.size(), false);
  for (const int track : track_of) {
    if (track >= 0) taken[static_cast<std::size_t>(track)] = true;
  }
  table.assign(table.size(), 0);
  for (std::size_t p = 0; p < poses.size(); ++p) {
    if (track_of[p] >= 0) continue;
    for (std::size_t t = 0; t < tracks_.size(); ++t) {
      if (!taken[t]) table[p * tracks_.size() + t] = nearness(tracks_[t], *poses[p]);
    }
  }
  constexpr float kWithinReach = 1e-6F;
  const std::vector<int> again = solve(kWithinReach);
  for (std::size_t p = 0; p < poses.size(); ++p) {
    if (track_of[p] < 0) track_of[p] = again[p];
  }
  return track_of;
}

const Tracker::Carried* Tracker::carried_of(const Pose& pose) const {
  const auto found =
      std::find_if(carried_.begin(), carried_.end(), [&](const Carried& carried) { return carried.box == pose.box; });
  return found == carried_.end() ? nullptr : &*found;
}

/// Whether the pose of a carried box is somebody who was found already: whoever hides the person, most of the time.
bool Tracker::is_found(const Pose& pose, std::span<Pose* const> found) const {
  constexpr float kSame = 0.6F;  // people who stand before each other are less alike
  return std::any_of(found.begin(), found.end(), [&](const Pose* other) {
    return pose_likeness(*other, pose, skeleton_, options_.min_joint_score) >= kSame;
  });
}

/// Whether the pose of the track's own carried box shows the person still.
bool Tracker::goes_on(const Track& track, const Pose& pose) const {
  if (track.unseen == 0) return false;  // found by the detector after all
  const bool seen = std::any_of(pose.keypoints.begin(), pose.keypoints.end(),
                                [&](const Keypoint& joint) { return joint.score >= options_.min_joint_score; });
  return seen && (likeness(track, pose) >= options_.min_likeness || (options_.motion && nearness(track, pose) > 0));
}

void Tracker::see(Track& track, const Pose& pose) const {
  if (track.sightings > 0 && now_ > track.seen) {
    const auto dt = static_cast<float>(now_ - track.seen);
    const Point moved = displacement(track.last, pose, options_.min_joint_score);
    const Point present{moved.x / dt, moved.y / dt};
    constexpr float kNew = 0.4F;  // of the running mean
    const float part = track.sightings == 1 ? 1.0F : kNew;
    track.velocity = {track.velocity.x + part * (present.x - track.velocity.x),
                      track.velocity.y + part * (present.y - track.velocity.y)};
  }
  track.last = pose;
  track.seen = now_;
  track.unseen = 0;
  track.expected.reset();
  ++track.sightings;
  track.carried.insert(track.carried.begin(), Memory{pose, 0});
  const auto history = static_cast<std::size_t>(std::max(1, options_.history));
  if (track.carried.size() > history) track.carried.resize(history);
}

void Tracker::link(std::vector<Pose>& poses) {
  std::vector<Pose*> found, carried;
  for (Pose& pose : poses) (carried_of(pose) == nullptr ? found : carried).push_back(&pose);
  const std::vector<int> track_of = match({found.data(), found.size()});
  for (std::size_t p = 0; p < found.size(); ++p) {
    std::size_t t = tracks_.size();
    if (track_of[p] >= 0) {
      t = static_cast<std::size_t>(track_of[p]);
    } else {
      tracks_.emplace_back().id = ++last_id_;
    }
    see(tracks_[t], *found[p]);
    tracks_[t].unfound = 0;
    ++tracks_[t].detections;
    tracks_[t].detected = now_;
    tracks_[t].sureness = mean_score(*found[p]);
    found[p]->track_id = tracks_[t].id;
  }
  for (Pose* pose : carried) {
    pose->track_id.reset();
    const int id = carried_of(*pose)->id;
    const auto track = std::find_if(tracks_.begin(), tracks_.end(), [&](const Track& t) { return t.id == id; });
    if (track == tracks_.end() || is_found(*pose, found) || !goes_on(*track, *pose)) continue;
    see(*track, *pose);
    if (looked_) ++track->unfound;
    pose->track_id = id;
    found.push_back(pose);
  }
  std::erase_if(poses, [](const Pose& pose) { return !pose.track_id; });
  std::erase_if(tracks_, [&](const Track& track) { return track.unseen > 0 && now_ - track.seen >= options_.memory; });
}

}  // namespace poise
