#pragma once
// People in space, from their poses in videos of calibrated cameras that run together. Pure.

#include <span>
#include <string>
#include <vector>

#include "poise/formats/pose_frames.h"
#include "poise/formats/world_poses.h"
#include "poise/geometry/camera.h"
#include "poise/lift/triangulate.h"

namespace poise {

struct TriangulateVideosOptions {
  TriangulateOptions triangulate;
  float min_score = 0.3F;  // joints below are not looked at
  int min_joints = 5;      // of a person, else nobody is there
  double max_step =
      0.5;  // metres that a person's joints may move, in the mean, between two frames and stay who they are
  double max_absence = 1;  // seconds until who is not seen is forgotten
  UpAxis up = UpAxis::kZ;  // of the calibration's axes
};

struct CameraFit {
  std::size_t sightings = 0;  // joints of people who were found
  std::size_t left_out = 0;   // of these, because they disagreed with the others
  double median_error = 0;    // pixels, of those used
};

struct TriangulatedVideos {
  WorldPoseSet set;
  std::vector<CameraFit> cameras;  // one a camera
  double median_error = 0;         // pixels, over all sightings used
  std::size_t sightings = 0;       // used
  std::size_t people = 0;          // followed
  std::size_t alone = 0;           // poses that no other camera's met
  std::vector<std::string> notes;
};

/// One video a camera, in their order; frames meet by index, joints must be those of the first video. In each frame
/// poses are brought together by how well they fit one body, triangulated joint by joint, and followed by the nearest
/// place. Errors: kInvalidArgument (fewer than two cameras, another number of videos, other joints, no common frame).
Result<TriangulatedVideos> triangulate_videos(std::span<const Camera> cameras, std::span<const PoseFrames> videos,
                                              const TriangulateVideosOptions& options);

/// A joint of a found person and what the cameras saw of it: what adjust_cameras() learns from.
struct SeenPoint {
  Point3 point;
  std::vector<Sighting> sightings;
};
/// The same joints as triangulate_videos() finds, all of them, with the sightings that were used.
Result<std::vector<SeenPoint>> seen_points(std::span<const Camera> cameras, std::span<const PoseFrames> videos,
                                           const TriangulateVideosOptions& options);

}  // namespace poise
