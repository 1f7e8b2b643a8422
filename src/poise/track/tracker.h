#pragma once
// Who is who from frame to frame, and where to look for people whom the detector misses: the tracker of "Simple
// Baselines for Human Pose Estimation and Tracking" (Xiao et al., ECCV 2018, section 3), whose own code was never
// published, and what live use adds to it: memory for people who are hidden or leave, motion, another matching.
//
// A frame has three steps, so that detector, flow and network run wherever the caller likes:
//
//   tracker.begin(flow_step, seconds, image.size());            // everyone's joints are carried into this frame
//   boxes = tracker.propose(detector(image));                   // 1. the detector's boxes, and those of carried joints
//   poses = estimator(image, boxes);                            // 2. a pose each
//   tracker.link(poses);                                        // 3. ids; what is nobody goes
//
// run_stream() does that (stream/stream.h).

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "poise/base/json.h"
#include "poise/person/pose.h"
#include "poise/track/flow.h"
#include "poise/track/similarity.h"

namespace poise {

struct TrackerOptions {
  Similarity similarity = Similarity::kMultiFlow;
  enum class Matching { kGreedy, kBestSum };
  Matching matching = Matching::kGreedy;  // the paper's, or the Hungarian method's
  bool propagate = true;                  // boxes of carried joints are looked at too
  float min_box_score = 0.0F;             // detections below are left out: the detector has its threshold (paper: .5)
  float min_joint_score = 0.4F;           // joints below count neither in boxes nor in likeness (paper: .4)
  float enlarge = 0.15F;                  // of boxes of joints (paper: 15 %)
  float box_nms = 0.5F;                   // overlap from which a detection covers a carried box
  float min_likeness = 0.2F;              // less alike poses are not the same person
  int history = 5;                        // frames whose carried poses are compared in kMultiFlow, the paper's L_Q
  bool motion = true;                     // people who are not seen go on with the velocity they had
  double memory = 1;                      // seconds after which who is not seen is forgotten; 0: at once
  int look_again = 3;                     // frames for which who is not seen is looked for where expected, without a
                                          // detection; the paper has 1
  int max_carried = 10;                   // frames in which a detector looked and did not find a person: then boxes of
                                          // theirs are looked at no longer, and `memory` runs
  double max_carried_sure = 2;            // seconds for which they are looked at all the same: of people whom the
                                          // detector found five times or more, as long as the pose stays as sure
  double reach = 0.6;                     // of the body's size: how far from where they were expected people who were
                                          // hidden are known again; grows with the seconds hidden, to twice as much
};

/// {similarity, matching: "greedy" or "hungarian", propagate, motion, memory, min_box_score, min_joint_score}: what a
/// result's settings say of it.
Json to_json(const TrackerOptions& options);

/// One video. Movable; one thread at a time.
class Tracker {
 public:
  /// `skeleton`: of the poses.
  explicit Tracker(Skeleton skeleton, const TrackerOptions& options = {})
      : skeleton_(std::move(skeleton)), options_(options) {}

  /// The next frame. `step`: flow from the frame before, or null: then joints are carried by their velocity alone.
  /// `seconds`: its time, not before the last one's.
  void begin(const FlowStep* step, double seconds, Size picture);

  /// Boxes to estimate poses in: detections that score enough, best first, and then the carried boxes of those whom no
  /// detection covers; a detection covers one person. `looked`: whether a detector looked at this frame at all.
  std::vector<PersonBox> propose(std::span<const PersonBox> detections, bool looked = true);

  /// How many of propose()'s boxes, the last of them, are carried ones.
  std::size_t carried() const { return carried_.size(); }

  /// Gives each pose its track's id, Pose::track_id. The detections' poses choose among all tracks; that of a carried
  /// box goes on with its own track, or goes: if that was found by the detector after all, if the pose is that of
  /// somebody else who was found, or if nobody is there any more. Poses are those of propose()'s boxes, each with its
  /// box, in any order; where detections see people twice, one pose each. Ids count from 1 and no id comes again.
  void link(std::vector<Pose>& poses);

  /// Ids given so far.
  int ids() const { return last_id_; }
  const TrackerOptions& options() const { return options_; }
  const Skeleton& skeleton() const { return skeleton_; }

 private:
  /// A pose of the past as it would stand now.
  struct Memory {
    Pose pose;
    int age = 0;  // frames
  };
  struct Carried {
    Box box;
    int id = 0;  // of the track it is of
  };
  struct Track {
    int id = 0;
    Pose last;                     // as it was seen last
    std::vector<Memory> carried;   // by flow, the youngest first
    std::optional<Pose> expected;  // by motion, where there is one
    Point velocity;                // pixels a second
    double seen = 0;               // seconds of the last frame it was seen in
    int unseen = 0;                // frames since
    int unfound = 0;               // frames that a detector looked at, in which no detection covered it
    int sightings = 0;
    int detections = 0;   // sightings in which a detection covered it
    double detected = 0;  // seconds of the last of them
    float sureness = 0;   // mean score of the joints then
  };

  void carry_by_flow(Track& track, const FlowStep* step) const;
  void carry_by_motion(Track& track, double seconds) const;
  bool still_sure(const Track& track) const;
  std::optional<PersonBox> carried_box(const Track& track) const;
  float likeness(const Track& track, const Pose& pose) const;
  float nearness(const Track& track, const Pose& pose) const;
  std::vector<int> match(std::span<const Pose* const> poses) const;
  const Carried* carried_of(const Pose& pose) const;
  bool is_found(const Pose& pose, std::span<Pose* const> found) const;
  bool goes_on(const Track& track, const Pose& pose) const;
  void see(Track& track, const Pose& pose) const;

  Skeleton skeleton_;
  TrackerOptions options_;
  std::vector<Track> tracks_;
  std::vector<Carried> carried_;  // this frame's boxes that no detection covers
  bool looked_ = false;
  double now_ = 0;
  Size picture_;
  int last_id_ = 0;
};

}  // namespace poise
