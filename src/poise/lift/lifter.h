#pragma once
// Poses of one camera's pictures, lifted to space by a network (codec/lifting.h).

#include <cstdint>
#include <string>
#include <vector>

#include "poise/card/lift_card.h"
#include "poise/engine/session.h"
#include "poise/formats/pose_frames.h"
#include "poise/formats/world_poses.h"
#include "poise/geometry/camera.h"
#include "poise/weights/network_file.h"

namespace poise {

struct LiftOptions {
  float min_score = 0.2F;  // joints below are taken for not seen
};

struct Lifted {
  WorldPoseSet set;  // of the card's skeleton, in metres
  std::size_t poses = 0;
  std::size_t left_out = 0;  // poses with fewer than kLeastLifted joints seen
};

/// One thread at a time; siblings of its session are for others.
class Lifter {
 public:
  /// Errors: those of Session::create and lift_card_from_json; kInvalidArgument, a network that does not take three
  /// numbers a joint of its card and give as many, and one without such a card.
  static Result<Lifter> create(NetworkFile network, const SessionOptions& options = {});

  const LiftCard& card() const { return card_; }

  /// Each person of each frame by themselves. Joints meet the card's by name. Poses stand where the camera sees them,
  /// as far away as a person of the size that the network gives looks; with the camera's place in the world, there (up:
  /// z), else in its own axes (up: -y). Errors: kInvalidArgument (too few of the card's joints are in the poses), those
  /// of the session.
  Result<Lifted> operator()(const PoseFrames& video, const Camera& camera, const LiftOptions& options = {});

 private:
  Lifter(Session session, LiftCard card) : session_(std::move(session)), card_(std::move(card)) {}
  Session session_;
  LiftCard card_;
};

/// A camera of which only the picture is known: 1.2 times its longer side for focal length, without distortion.
Camera assumed_camera(Size picture);
/// The picture that the frames say they are of, or around all that is seen in them.
Size picture_of(const PoseFrames& video);

}  // namespace poise
