#pragma once
// Dense optical flow by OpenCV's video module: a library of its own, poise::flow, since nobody needs OpenCV who does
// without. As every Flow, one thread at a time.

#include <memory>

#include "poise/base/result.h"
#include "poise/track/flow.h"

namespace poise {

struct DenseFlowOptions {
  enum class Kind {
    kDis,        // dense inverse search, medium preset (Kroeger et al., ECCV 2016)
    kFarneback,  // polynomial expansion (Farneback, SCIA 2003)
  };
  Kind kind = Kind::kDis;
  int longest = 640;  // pictures are shrunk by a whole number to this longer side first
};

/// "dis" or "farneback". Nothing is followed out of the picture. Threads: OpenCV's own, as cv::setNumThreads has them.
std::unique_ptr<Flow> dense_flow(const DenseFlowOptions& options = {});

}  // namespace poise
