#pragma once
// `poise eval --detector`: how well the people of an annotated set are found.

#include <string>

#include "console.h"
#include "people.h"

namespace poise::app {

struct DetectorEvaluation {
  std::string annotations, images, out, json;
  DetectorFlags detector;
  RunnerOptions run;
};

/// COCO's box AP and AR of the persons, and recall, precision and false persons at the detector's threshold; crowds and
/// sizes as cocoapi has them. Errors: of reading; annotations without a category for people; no picture.
Status eval_detector(const DetectorEvaluation& o, Console& console);

}  // namespace poise::app
