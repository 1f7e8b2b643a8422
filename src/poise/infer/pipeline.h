#pragma once
// Many pictures through detector and estimator at once: reading, detection and estimation overlap over pictures, and
// persons of several pictures are run together. One picture gets all threads; of many, each stream of one thread takes
// whatever work there is, so that none waits for another.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "poise/image/codec.h"
#include "poise/image/image.h"
#include "poise/infer/detector.h"
#include "poise/infer/doubles.h"
#include "poise/infer/estimator.h"
#include "poise/infer/one_stage.h"
#include "poise/infer/picture_notes.h"

namespace poise {

struct PipelinePicture {
  Image image;
  std::optional<std::vector<PersonBox>> boxes = {};  // nothing: a network finds them; else each passed check_box
  FrameResult frame = {};  // what is known of the picture: name, EXIF, image id; size and poses are filled in here
  bool guesses = false;    // the boxes are somebody's guess: two may be one person (PipelineOptions::doubles)
  std::vector<std::string> problems = {};  // boxes left out, one line each
  std::vector<PictureNote> notes = {};     // what is odd, though the picture is used
};

struct PipelineAnswer {
  Image image;
  std::vector<PersonBox> boxes;              // that were looked at, doubles too
  FrameResult frame;                         // with its poses; none without an estimator
  std::vector<Estimate::Heatmaps> heatmaps;  // one a pose, where wanted
  std::size_t doubles = 0;                   // poses that went, being somebody's who was found better
  std::vector<std::string> problems;         // as PipelinePicture's, and the next
  std::vector<PictureNote> notes;
};

/// Seconds are those of the streams, added up.
struct PipelineCost {
  std::size_t pictures = 0;  // that the detector, or a network without one, looked at
  double detect_seconds = 0;
  std::size_t persons = 0;  // that the estimator looked at
  double estimate_seconds = 0;
  int streams = 1;
};

struct PipelineOptions {
  int streams = 0;              // 0: one for each compute thread where there are pictures enough, else 1 of all threads
  int readers = 2;              // threads that call `read`
  bool heatmaps = false;        // wanted of the estimator
  DoublesOptions doubles = {};  // of boxes that are guesses, a detector's too; their poses come best first
  std::function<bool()> stop = {};  // asked before each picture: true ends the run after those begun; empty: never
};

/// Reads a picture by its number. `admit` belongs into DecodeOptions: it waits while those before it hold too many
/// pixels.
using ReadPicture = std::function<Result<PipelinePicture>(std::size_t, const AdmitPixels& admit)>;

/// Those that look at the pictures; none is owned. A detector before an estimator, either alone, or a network that does
/// without both.
struct PipelineNetworks {
  Detector* detector = nullptr;
  Estimator* estimator = nullptr;
  OneStage* one_stage = nullptr;
};

/// Calls `read` for 0, 1, ... on threads of its own, several at a time, and `take` on the caller's thread, in that
/// order, one at a time. Which persons are run together depends on the pictures alone, not on time or threads. Without
/// a detector each picture must bring its boxes, and with `one_stage` it must not. Some twenty pictures are held at
/// most, and of large ones fewer: while 64 million pixels are under way, from their admission to the return of `take`,
/// no other picture is begun. A picture's error is handed to `take`; a failure of the estimator is that of each picture
/// in its batch.
PipelineCost run_pipeline(std::size_t pictures, const PipelineNetworks& networks, const ReadPicture& read,
                          const std::function<void(std::size_t, Result<PipelineAnswer>)>& take,
                          const PipelineOptions& options = {});

}  // namespace poise
