#include "kit/scene_tracking.h"

#include <algorithm>
#include <cmath>

#include "poise/base/random.h"
#include "poise/skeleton/skeleton.h"

namespace poise::kit {
namespace {

/// A number of its own for each thing that is drawn by lot.
Random lot(std::uint64_t seed, const char purpose, int frame, std::size_t person) {
  return Random(seed, static_cast<std::uint64_t>(purpose), static_cast<std::uint64_t>(frame) * 1000 + person);
}

float size_of(const Box& box) { return std::sqrt(box.area()); }

bool lies_in(const Box& box, Point p) {
  constexpr float kMargin = 0.15F;  // what a crop shows around its box
  return p.x >= box.x - kMargin * box.width && p.x <= box.x + (1 + kMargin) * box.width &&
         p.y >= box.y - kMargin * box.height && p.y <= box.y + (1 + kMargin) * box.height;
}

/// Whether one of the boxes is the person's: of IoU .5, and on nobody else as much.
bool is_covered(const SceneFrame& frame, std::size_t person, const SceneFinder& finder,
                const std::vector<Pose>& poses) {
  constexpr float kMatch = 0.5F;
  return std::any_of(poses.begin(), poses.end(), [&](const Pose& pose) {
    const float overlap = iou(frame.people[person].truth.box, pose.box);
    if (overlap < kMatch) return false;
    return std::none_of(frame.people.begin(), frame.people.end(), [&](const ScenePerson& other) {
      return finder.counts(other) && iou(other.truth.box, pose.box) > overlap;
    });
  });
}

}  // namespace

bool SceneFinder::is_missed(const SceneFrame& frame, std::size_t person) const {
  if (options_.misses && options_.misses(frame.index, static_cast<int>(person))) return true;
  return lot(options_.seed, 'd', frame.index, person).uniform() < options_.drop;
}

std::vector<PersonBox> SceneFinder::detect(const SceneFrame& frame) const {
  std::vector<PersonBox> boxes;
  for (std::size_t i = 0; i < frame.people.size(); ++i) {
    if (!counts(frame.people[i]) || is_missed(frame, i)) continue;
    Random random = lot(options_.seed, 'b', frame.index, i);
    Box box = frame.people[i].truth.box;
    const auto noise = [&](float side) { return static_cast<float>(options_.box_noise * random.normal()) * side; };
    const float left = box.x + noise(box.width), right = box.x + box.width + noise(box.width);
    const float top = box.y + noise(box.height), bottom = box.y + box.height + noise(box.height);
    boxes.push_back({{left, top, right - left, bottom - top}, static_cast<float>(random.uniform(0.7, 1))});
  }
  return boxes;
}

Pose SceneFinder::pose_of(const SceneFrame& frame, std::size_t person, const Box& box) const {
  const Annotation& truth = frame.people[person].truth;
  const float size = size_of(truth.box);
  Random random = lot(options_.seed, 'j', frame.index, person);
  Pose pose;
  for (const Annotation::TrueKeypoint& joint : truth.keypoints) {
    const bool seen = joint.visibility == Visibility::kVisible && lies_in(box, joint.point);
    constexpr double kHidden = 5;  // so much worse are guesses
    double spread = options_.joint_noise * (seen ? 1 : kHidden);
    const bool outlier = random.uniform() < options_.outliers;
    constexpr double kElsewhere = 0.3;
    if (outlier) spread = kElsewhere;
    const auto noise = [&] { return static_cast<float>(spread * random.normal()) * size; };
    const Point off{noise(), noise()};
    const auto score = static_cast<float>(seen ? random.uniform(0.6, 1) : random.uniform(0.05, 0.3));
    pose.keypoints.push_back({{joint.point.x + off.x, joint.point.y + off.y}, score});
  }
  return pose;
}

std::vector<Pose> SceneFinder::estimate(const SceneFrame& frame, std::span<const PersonBox> boxes) const {
  std::vector<Pose> poses;
  for (const PersonBox& box : boxes) {
    std::size_t best = frame.people.size();
    float most = 0.3F;  // where less overlaps nobody is in the box
    for (std::size_t i = 0; i < frame.people.size(); ++i) {
      const float overlap = iou(frame.people[i].truth.box, box.box);
      if (!counts(frame.people[i]) || overlap <= most) continue;
      most = overlap;
      best = i;
    }
    Pose pose;
    if (best < frame.people.size()) {
      pose = pose_of(frame, best, box.box);
    } else {
      pose.keypoints.assign(17, {box.box.centre(), 0.05F});
    }
    pose.box = box.box;
    pose.box_score = box.score;
    pose.score = person_score(pose.keypoints, box.score);
    poses.push_back(std::move(pose));
  }
  return poses;
}

Film film(const Scene& scene, Flow* flow) {
  Film film;
  for (int i = 0; i < scene.options().frames; ++i) {
    film.frames.push_back(scene.frame(i));
    film.steps.push_back(flow == nullptr ? nullptr : flow->next(film.frames.back().image.view()).value());
  }
  return film;
}

TrackedScene track_scene(const Film& film, const SceneFinder& finder, const TrackerOptions& options) {
  static const Skeleton skeleton = find_skeleton("coco17").value();
  TrackedScene tracked;
  Tracker tracker(skeleton, options);
  MotSequence truth, tracks;
  truth.has_classes = true;
  constexpr int kPedestrian = 1, kDistractor = 8;  // MOT17's: tracks of a distractor are no errors
  for (std::size_t f = 0; f < film.frames.size(); ++f) {
    const SceneFrame& frame = film.frames[f];
    tracker.begin(film.steps[f].get(), frame.seconds, frame.image.size());
    // Nobody is detected twice: there are no doubles to remove.
    std::vector<Pose> poses = finder.estimate(frame, tracker.propose(finder.detect(frame)));
    tracker.link(poses);

    for (const Pose& pose : poses)
      tracks.rows.push_back(mot_row(frame.index + 1, pose.track_id.value(), pose.box, pose.box_score));
    for (std::size_t i = 0; i < frame.people.size(); ++i) {
      MotRow& row =
          truth.rows.emplace_back(mot_row(frame.index + 1, frame.people[i].truth.id, frame.people[i].truth.box, 1));
      row.object = finder.counts(frame.people[i]) ? kPedestrian : kDistractor;
      if (row.object == kDistractor || !finder.is_missed(frame, i)) continue;
      ++tracked.missed;
      if (is_covered(frame, i, finder, poses)) ++tracked.recovered;
    }
    TimedFrame& result = tracked.frames.emplace_back();
    result.index = frame.index;
    result.seconds = frame.seconds;
    result.result.width = frame.image.width();
    result.result.height = frame.image.height();
    result.result.poses = std::move(poses);
  }
  tracked.figures = measure_mot(truth, tracks, "scene").value();
  return tracked;
}

SceneOptions crossing_people(int count, std::uint64_t seed) {
  SceneOptions options;
  options.seed = seed;
  const auto width = static_cast<float>(options.size.width);
  for (int i = 0; i < count; ++i) {
    Random random(seed, 20, static_cast<std::uint64_t>(i));
    Walker walker;
    const bool to_right = i % 2 == 0;
    const float part = (static_cast<float>(i) + 0.5F) / static_cast<float>(count);
    walker.height = 170 - 50 * part;  // the nearest first
    walker.hips = {to_right ? width * (0.05F + 0.35F * part) : width * (0.95F - 0.35F * (1 - part)), 190 - 35 * part};
    const auto pace = static_cast<float>(random.uniform(2.5, 5));
    walker.velocity = {to_right ? pace : -pace, 0};
    walker.swing = 0.01 * static_cast<double>(pace);
    walker.phase = random.uniform();
    walker.look = random.next();
    options.people.push_back(walker);
  }
  return options;
}

SceneOptions fast_people(int count, std::uint64_t seed) {
  SceneOptions options;
  options.seed = seed;
  options.sway = {90, 0};
  options.sway_turns = 0.09;  // at most 90 * 2 pi * .09 = 51 pixels a frame
  for (int i = 0; i < count; ++i) {
    Random random(seed, 21, static_cast<std::uint64_t>(i));
    Walker walker;
    walker.height = static_cast<float>(random.uniform(110, 125));
    const float apart = 55;
    walker.hips = {240 + apart * (static_cast<float>(i) - static_cast<float>(count - 1) / 2), 170};
    walker.velocity = {static_cast<float>(random.uniform(-0.4, 0.4)), 0};
    walker.swing = random.uniform(0.02, 0.05);
    walker.phase = random.uniform();
    walker.look = random.next();
    options.people.push_back(walker);
  }
  return options;
}

}  // namespace poise::kit
