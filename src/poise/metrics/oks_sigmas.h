#pragma once
// The per-joint constants of OKS, in doubles, from the literature, a skeleton, or double annotation. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/coco_ground_truth.h"
#include "poise/skeleton/skeleton.h"

namespace poise {

/// coco17 crowdpose14 coco_wholebody133, or a part of the last: foot6 face68 lefthand21 righthand21.
/// Errors: kNotFound, listing the names.
Result<std::vector<double>> named_sigmas(std::string_view name);
std::vector<std::string> sigma_names();

/// Sigmas, and in words where from.
struct OksSigmas {
  std::string source;
  std::vector<double> values;
};
/// What a user names: of named_sigmas(), a skeleton, or numbers with commas between. Errors: kInvalidArgument.
Result<OksSigmas> parse_sigmas(const std::string& text);

/// The decimals that the skeleton's data gives (0.026, not the nearest float). Errors: kInvalidArgument where a joint
/// has none.
Result<std::vector<double>> skeleton_sigmas(const Skeleton& skeleton);

/// What fits a truth read with this part: by its joint names, those of a known skeleton or some of COCO's in any order,
/// else by the number of joints. Errors: kNotFound, asking for sigmas.
Result<OksSigmas> guess_sigmas(const CocoTruth& truth, CocoPart part);

/// Two annotations of the same persons by different people (matched by annotation id; v > 0 in both): sigma_i^2 =
/// E[d_i^2 / s^2], s^2 the first one's area (COCO keypoint evaluation page, "Tuning OKS"). Errors: kInvalidArgument
/// where a joint is labelled twice for fewer than two persons.
Result<std::vector<double>> estimate_sigmas(const CocoTruth& first, const CocoTruth& second);

}  // namespace poise
