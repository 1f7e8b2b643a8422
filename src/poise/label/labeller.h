#pragma once
// A picture's people as a teacher sees them through several views: labels to learn from.

#include <span>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/infer/pipeline.h"
#include "poise/infer/pose_finder.h"
#include "poise/label/agreement.h"

namespace poise {

/// One look at a person.
struct LabelView {
  float scale = 1;        // of the box, about its centre
  Point shift = {};       // of the box, as a share of its longer side
  bool mirrored = false;  // of the picture
};

/// What `names` make of the plain look, which comes first: "flip" adds each look at the mirrored picture, "scale" adds
/// boxes a tenth smaller and fifteen hundredths larger, each a little beside. Errors: kInvalidArgument, naming what is
/// known.
Result<std::vector<LabelView>> label_views(std::span<const std::string> names);

struct LabelOptions {
  std::vector<LabelView> views = {LabelView{}};  // at least one
  AgreementOptions agreement = {};
};

struct LabelledPerson {
  Box box;  // cut to the picture, its pixels
  float box_score = 1;
  std::vector<AgreedJoint> joints;  // of the finder's skeleton
};

/// Everyone in the picture that its boxes name, or else the finder sees there; which of doubled boxes stays, the plain
/// look decides. A picture that was turned upright is labelled as it is stored, which is how it is learned from. What
/// comes out depends on the picture alone. One thread at a time a finder, whose network takes one person a crop.
/// Errors: those of PoseFinder::find.
Result<std::vector<LabelledPerson>> label_people(PoseFinder& finder, const PipelinePicture& picture,
                                                 const LabelOptions& options);

}  // namespace poise
