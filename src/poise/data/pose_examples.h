#pragma once
// Persons of a data set as examples: crop and heatmaps. What it gives is an Examples: thread-safe.

#include <optional>

#include "poise/data/augment.h"
#include "poise/data/examples.h"
#include "poise/data/sample.h"

namespace poise {

/// Targets (joints, height, width), peaks of 1; weights (joints), 0: not labelled, or outside the heatmap. Without
/// `augment`: as validation sees them. Errors: kInvalidArgument (options).
Result<ExamplesPtr> pose_examples(DataSetPtr set, const SampleOptions& sample,
                                  const std::optional<AugmentOptions>& augment);

}  // namespace poise
