#pragma once
// Errors of poses in space, in metres: MPJPE (Ionescu and others, PAMI 2014; protocol 1), P-MPJPE after a similarity
// (protocol 2), N-MPJPE after a scale (Rhodin and others, CVPR 2018), PCK and its area (Mehta and others, 3DV 2017), as
// facebookresearch/VideoPose3D, common/loss.py, and MMPose, keypoint_3d_pck and keypoint_3d_auc, compute them. Pure.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/world_poses.h"

namespace poise {

/// One person in one frame; joint by joint, NaN where it is not known.
struct WorldPair {
  std::vector<Point3> truth, predicted;
};

struct WorldPairs {
  std::vector<std::string> joints;
  std::vector<WorldPair> pairs;
  std::size_t missed = 0;  // persons of the truth whom nothing was found for
  std::size_t extra = 0;   // predicted persons beside the truth's
  std::vector<std::string> notes;
};

/// Frames meet by their number (those of an array by their place), persons of a frame by the least distances in all,
/// joints by name; joints without names meet in order. Errors: kInvalidArgument (no joint or no frame in common).
Result<WorldPairs> pair_world_poses(const WorldPoseSet& truth, const WorldPoseSet& predicted);

struct MpjpeOptions {
  std::optional<std::size_t> root = {};  // this joint is brought to the origin in both first; not for P-MPJPE
  double threshold = 0.15;               // metres: PCK counts joints that are nearer
};

inline constexpr int kPck3dCurve = 31;  // thresholds of the area, from 0 to 0.15 metres, evenly
double pck3d_curve_threshold(int i);

struct MpjpeResult {
  double mpjpe = -1, p_mpjpe = -1, n_mpjpe = -1;  // metres, means over all joints found; -1 where there are none
  double pck = -1, auc = -1;                      // in [0, 1]; joints that were not found are wrong
  std::vector<double> joints;                     // MPJPE of each; -1 where never found
  std::size_t poses = 0;                          // counted
  std::size_t without_root = 0;                   // left out: the root is not known
  std::size_t found = 0, not_found = 0;           // joints of the truth
};

/// Persons who were missed count nowhere. Errors: kInvalidArgument (a root that is no joint).
Result<MpjpeResult> measure_mpjpe(const WorldPairs& pairs, const MpjpeOptions& options);

}  // namespace poise
