#pragma once
// One number that changes only when results change: of the shipped networks, or of what is computed with them.

#include <string>

#include "poise/base/result.h"

namespace poise {

struct SignatureOptions {
  int pictures = 40;  // drawn figures, one to three people each; another count is another number
  int streams = 0;    // as PipelineOptions::streams: changes nothing but the time
};

/// The shipped detector and pose network over drawn pictures, on the plain backend in float32, with flip test and DARK:
/// the first 16 digits of the SHA-256 of all boxes and joints, rounded to a quarter of a pixel, scores to 1/64. The
/// same on every machine with the same floating point. Takes about a second of one core for each picture. Errors: those
/// of Detector and Estimator. Networks are its own: thread-safe.
Result<std::string> result_signature(const SignatureOptions& options = {});

}  // namespace poise
