#pragma once
// Joints made steady once the whole video is known, without lag: outliers go, gaps are filled, and what is left runs
// through a low-pass filter forwards and backwards.

#include <cstdint>
#include <vector>

#include "poise/person/timed_frame.h"

namespace poise {

struct OfflineSmoothingOptions {
  double cutoff = 6;              // Hz, Butterworth's; 0, or what is too high for the frame rate: no low-pass
  int outlier_window = 3;         // frames on either side that an outlier is judged by
  double outlier_deviations = 3;  // standard deviations from their median; 0: no outliers
  double outlier_size = 0.05;     // least distance of an outlier from the median, parts of the person's size, the root
                                  // of the box's area
  double max_gap = 0.7;           // seconds; longer gaps stay, and what is before and after is smoothed by itself
  float min_joint_score = 0.2F;   // joints that score less were not seen
};

struct OfflineSmoothingReport {
  std::int64_t outliers = 0;        // joints that were replaced
  std::int64_t filled_joints = 0;   // of people who were seen, but not these joints
  std::int64_t filled_persons = 0;  // that were put into frames where they were not seen
};

/// Works on poses with a track_id, in place; others stay. Who is missing between two frames is put in. Joints and poses
/// that come from their neighbours in time are marked (TimedFrame::filled), and score what the lower of the two does
/// where they were not seen; joints that are not seen on either side stay as they were. Frames in order, taken as
/// evenly spaced. Pure but for `frames`.
OfflineSmoothingReport smooth_offline(std::vector<TimedFrame>& frames, const OfflineSmoothingOptions& options = {});

}  // namespace poise
