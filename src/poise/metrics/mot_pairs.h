#pragma once
// True boxes and tracked boxes of one sequence side by side, frame by frame: what the tracking metrics measure. Pure.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/mot.h"

namespace poise {

/// Which boxes count. Sources: TrackEval, trackeval/datasets/mot_challenge_2d_box.py, get_preprocessed_seq_data.
enum class MotRules {
  kPlain,  // all truths whose confidence is not 0 (MOT15)
  kMot17,  // pedestrians alone; tracks on a person on a vehicle, a static person, a distractor or a reflection do not
           // count (MOT16, MOT17)
  kMot20,  // vehicles besides
};
const char* name_of(MotRules rules);  // "plain", "mot17", "mot20"

struct MotPairs {
  /// An overlap above 0.
  struct Overlap {
    int truth = 0;  // places in Frame::truths and Frame::tracks
    int track = 0;
    int pair = 0;    // index in id_pairs
    double iou = 0;  // (0, 1]
  };
  struct Frame {
    std::vector<int> truths;  // ids, from 0, in the file's order
    std::vector<int> tracks;
    std::vector<Overlap> overlaps;  // by truth, then by track
  };
  std::vector<Frame> frames;              // those in which either file has a box, in order
  std::vector<std::int64_t> truth_boxes;  // a true id's number of boxes
  std::vector<std::int64_t> track_boxes;
  std::vector<std::pair<int, int>> id_pairs;  // true id and track id that overlap somewhere

  std::int64_t truths = 0;  // boxes in all
  std::int64_t tracks = 0;
  std::int64_t truths_left_out = 0;  // by the rules
  std::int64_t tracks_left_out = 0;

  /// Frame `f`'s overlaps as a matrix, truths x tracks, row-major; 0 where there is none.
  void fill(const Frame& frame, std::vector<double>& matrix) const;
};

/// Intersection over union of numbers as TrackEval computes it; boxes without area overlap nothing.
/// Errors: kMalformed (an id twice in a frame, naming it), kTooLarge (over 2048 boxes a frame, over 50 million
/// overlaps).
Result<MotPairs> pair_tracks(const MotSequence& truth, const MotSequence& tracks, MotRules rules);

}  // namespace poise
