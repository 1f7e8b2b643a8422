#pragma once
// People who stand before a camera and do things with their hands, or walk, wave and dance: their joints (COCO-17) as a
// tracker finds them, with stated noise, without a picture. All of it is a function of the options and the time: the
// same seed gives the same people.

#include <cstdint>
#include <functional>
#include <vector>

#include "poise/person/timed_frame.h"

namespace poise::kit {

/// Where the wrists are: torsos from the middle of the shoulders, x to the person's own left, y up.
struct Hands {
  Point left, right;
};

struct Posture {
  Hands hands;
  double turn = 0;    // turns about the upright axis; 0 faces the camera
  Point shift = {};   // torsos, from where the person began
  double stride = 0;  // of the legs, -1 to 1
};
using Motion = std::function<Posture(double seconds)>;

/// Hands that arrive somewhere at a time, after so many seconds on their way, and stay until they leave for the next.
struct Move {
  double at = 0, takes = 0.5;
  Hands hands;
};

Hands hanging();                               // beside the hips
Motion moves(std::vector<Move> choreography);  // from hanging hands on; in the order of their times

/// Ten minutes and more of each, drawn by lot. Hands swing, carry, scratch, point, are raised, clapped, held together
/// and far apart, as it comes; nobody means any of it for a computer.
Motion walks(std::uint64_t seed);
Motion waves(std::uint64_t seed);
Motion dances(std::uint64_t seed);

struct PerformerOptions {
  Size picture{640, 480};
  Point shoulders{320, 160};  // in the first frame, pixels
  float torso = 100;          // pixels
  double noise = 0.015;       // standard deviation of a joint, torsos
  double lost = 0.01;         // share of joints that are not seen
  double outliers = 0.002;    // share of joints that lie elsewhere
  bool legs = true;           // in the picture: hips and below are not seen of somebody at a desk
  std::uint64_t seed = 1;
  int id = 1;
};

Pose pose_of(const Motion& motion, const PerformerOptions& options, double seconds);

/// So many seconds of one person alone.
std::vector<TimedFrame> perform(const Motion& motion, const PerformerOptions& options, double seconds,
                                double frames_per_second = 30);

}  // namespace poise::kit
