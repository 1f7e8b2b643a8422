#pragma once
// `poise predict -v`: a video, each frame by itself. Done where `track` is (track.cc), which differs in who is who.

#include <string>

#include "flags/card_flags.h"
#include "flags/people_flags.h"
#include "poise/draw/draw.h"
#include "poise/infer/pose_finder.h"

namespace poise::app {

struct VideoPrediction {
  std::string source;  // as track's
  std::string model, format, json, out, device;
  Json card_flags = Json::object();
  std::string preset;
  DetectorFlags detector;
  DoublesOptions doubles;
  EstimatorOptions estimator;
  DrawOptions draw;
  bool no_video = false, quiet = false;
};

/// Until the video ends or Ctrl-C. `code`: the exit code. Errors: what must be said before any frame.
Status predict_video(VideoPrediction prediction, int& code);

}  // namespace poise::app
