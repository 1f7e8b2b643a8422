#pragma once
// What a tracker makes of a drawn scene. Boxes and poses are the truth with stated noise and what is stated to be
// missed, given through the interfaces that detector and network have; of the pixels nobody but flow sees anything.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "kit/scene.h"
#include "poise/metrics/mot_eval.h"
#include "poise/person/timed_frame.h"
#include "poise/track/tracker.h"

namespace poise::kit {

struct SceneFinderOptions {
  double drop = 0;                                      // share of boxes that are missed, at random
  std::function<bool(int frame, int person)> misses{};  // boxes that are missed besides; person counts from 0
  double box_noise = 0.03;    // standard deviation of a box's edges, parts of its width and height
  double joint_noise = 0.01;  // of seen joints, parts of the person's size, the root of the box's area
  double outliers = 0;        // share of seen joints that lie elsewhere on the person
  float least_seen = 0.3F;    // people of whom less is seen are not found, and no error
  std::uint64_t seed = 1;
};

/// Detector and network of drawn scenes. The same seed misses the same people, whoever asks. Pure.
class SceneFinder {
 public:
  explicit SceneFinder(SceneFinderOptions options) : options_(std::move(options)) {}

  /// Whether the person is to be found, and whether the detector misses it.
  bool counts(const ScenePerson& person) const { return person.visible >= options_.least_seen; }
  bool is_missed(const SceneFrame& frame, std::size_t person) const;

  std::vector<PersonBox> detect(const SceneFrame& frame) const;
  /// Of each box the person whose own box is most like it, of those who count; joints that are hidden or outside the
  /// box score little, and so do all where nobody is.
  std::vector<Pose> estimate(const SceneFrame& frame, std::span<const PersonBox> boxes) const;

 private:
  Pose pose_of(const SceneFrame& frame, std::size_t person, const Box& box) const;
  SceneFinderOptions options_;
};

/// A scene's frames, and what flow saw between each and the one before.
struct Film {
  std::vector<SceneFrame> frames;
  std::vector<std::shared_ptr<const FlowStep>> steps;
};
/// `flow`: null for none.
Film film(const Scene& scene, Flow* flow);

struct TrackedScene {
  std::vector<TimedFrame> frames;
  MotFigures figures;  // of the boxes of those who count
  int missed = 0;      // boxes of people who count, that the detector missed
  int recovered = 0;   // of them, people whom the tracker had all the same, in a box of IoU .5
  double recovery() const { return missed == 0 ? 0 : static_cast<double>(recovered) / missed; }
};
TrackedScene track_scene(const Film& film, const SceneFinder& finder, const TrackerOptions& options);

/// People who walk both ways in two rows, and cross: `count` of them.
SceneOptions crossing_people(int count, std::uint64_t seed);
/// People who follow each other closely, before a camera that swings by more than a person's width from frame to frame.
SceneOptions fast_people(int count, std::uint64_t seed);

}  // namespace poise::kit
