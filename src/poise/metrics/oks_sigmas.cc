#include "poise/metrics/oks_sigmas.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "poise/base/counted.h"

namespace poise {
namespace {

// pycocotools/cocoeval.py, Params.setKpParams: these, each divided by 10 (which is not always the nearest double).
constexpr std::array<double, 17> kCocoTenfold = {.26, .25, .25,  .35,  .35, .79, .79, .72, .72,
                                                 .62, .62, 1.07, 1.07, .87, .87, .89, .89};
// CrowdPose, crowdpose-api/PythonAPI/crowdposetools/cocoeval.py, Params.setKpParams.
constexpr std::array<double, 14> kCrowdPose = {.079, .079, .072, .072, .062, .062, .107,
                                               .107, .087, .087, .089, .089, .079, .079};
// COCO-WholeBody, evaluation/myeval_*.py: body 17, foot 6, face 68, left hand 21, right hand 21.
constexpr std::array<double, 133> kWholeBody = {
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087,
    0.089, 0.089, 0.068, 0.066, 0.066, 0.092, 0.094, 0.094, 0.042, 0.043, 0.044, 0.043, 0.04,  0.035, 0.031,
    0.025, 0.02,  0.023, 0.029, 0.032, 0.037, 0.038, 0.043, 0.041, 0.045, 0.013, 0.012, 0.011, 0.011, 0.012,
    0.012, 0.011, 0.011, 0.013, 0.015, 0.009, 0.007, 0.007, 0.007, 0.012, 0.009, 0.008, 0.016, 0.01,  0.017,
    0.011, 0.009, 0.011, 0.009, 0.007, 0.013, 0.008, 0.011, 0.012, 0.01,  0.034, 0.008, 0.008, 0.009, 0.008,
    0.008, 0.007, 0.01,  0.008, 0.009, 0.009, 0.009, 0.007, 0.007, 0.008, 0.011, 0.008, 0.008, 0.008, 0.01,
    0.008, 0.029, 0.022, 0.035, 0.037, 0.047, 0.026, 0.025, 0.024, 0.035, 0.018, 0.024, 0.022, 0.026, 0.017,
    0.021, 0.021, 0.032, 0.02,  0.019, 0.022, 0.031, 0.029, 0.022, 0.035, 0.037, 0.047, 0.026, 0.025, 0.024,
    0.035, 0.018, 0.024, 0.022, 0.026, 0.017, 0.021, 0.021, 0.032, 0.02,  0.019, 0.022, 0.031};
constexpr std::size_t kFoot = 17, kFace = 23, kLeftHand = 91, kRightHand = 112;

std::vector<double> slice(std::size_t begin, std::size_t end) {
  return {kWholeBody.begin() + static_cast<std::ptrdiff_t>(begin),
          kWholeBody.begin() + static_cast<std::ptrdiff_t>(end)};
}

std::vector<double> coco() {
  std::vector<double> sigmas(kCocoTenfold.begin(), kCocoTenfold.end());
  for (double& sigma : sigmas) sigma /= 10.0;
  return sigmas;
}

/// Of joints that all have COCO's own names, each once; nothing where there are others.
std::optional<std::vector<double>> some_of_coco(const std::vector<std::string>& names) {
  const auto skeleton = find_skeleton("coco17");
  if (!skeleton.ok() || names.empty()) return std::nullopt;
  const std::vector<double> all = coco();
  std::set<int> seen;
  std::vector<double> sigmas;
  for (const std::string& name : names) {
    const auto joint = skeleton->index_of(name);
    if (!joint || !seen.insert(*joint).second) return std::nullopt;
    sigmas.push_back(all[static_cast<std::size_t>(*joint)]);
  }
  return sigmas;
}

}  // namespace

std::vector<std::string> sigma_names() {
  return {"coco17", "crowdpose14", "coco_wholebody133", "foot6", "face68", "lefthand21", "righthand21"};
}

Result<std::vector<double>> named_sigmas(std::string_view name) {
  if (name == "coco17") return coco();
  if (name == "crowdpose14") return std::vector<double>(kCrowdPose.begin(), kCrowdPose.end());
  if (name == "coco_wholebody133") return slice(0, kWholeBody.size());
  if (name == "foot6") return slice(kFoot, kFace);
  if (name == "face68") return slice(kFace, kLeftHand);
  if (name == "lefthand21") return slice(kLeftHand, kRightHand);
  if (name == "righthand21") return slice(kRightHand, kWholeBody.size());
  std::string list;
  for (const std::string& known : sigma_names()) list += (list.empty() ? "" : " ") + known;
  return not_found("no sigmas are called \"" + std::string(name) + "\"; there are: " + list);
}

Result<OksSigmas> parse_sigmas(const std::string& text) {
  if (auto named = named_sigmas(text); named.ok()) return OksSigmas{text, std::move(*named)};
  if (auto skeleton = find_skeleton(text); skeleton.ok()) {
    POISE_TRY(std::vector<double> values, skeleton_sigmas(*skeleton));
    return OksSigmas{text, std::move(values)};
  }
  OksSigmas given{"given", {}};
  const char* at = text.data();
  const char* end = at + text.size();
  while (true) {
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    const bool is_number = error == std::errc() && std::isfinite(value) && value > 0;
    if (!is_number || (next != end && *next != ',')) break;
    given.values.push_back(value);
    if (next == end) return given;
    at = next + 1;
  }
  std::string names;
  for (const std::string& name : sigma_names()) names.append(" ").append(name);
  return invalid_argument("sigmas \"" + text +
                          "\" are neither numbers over 0 with commas between, a skeleton, nor one of" + names);
}

Result<std::vector<double>> skeleton_sigmas(const Skeleton& skeleton) {
  if (skeleton.name == "coco17") return coco();
  std::vector<double> sigmas;
  for (const Joint& joint : skeleton.joints) {
    if (!(joint.sigma > 0)) {
      return invalid_argument("skeleton " + skeleton.name + " has no sigma for " + joint.name +
                              ": give option \"sigmas\"");
    }
    std::array<char, 32> text{};  // the shortest digits of a float are the decimals it was written with
    const auto written = std::to_chars(text.data(), text.data() + text.size(), joint.sigma);
    double value = 0;
    std::from_chars(text.data(), written.ptr, value);
    sigmas.push_back(value);
  }
  return sigmas;
}

Result<OksSigmas> guess_sigmas(const CocoTruth& truth, CocoPart part) {
  switch (part) {
    case CocoPart::kFoot:
      return parse_sigmas("foot6");
    case CocoPart::kFace:
      return parse_sigmas("face68");
    case CocoPart::kLeftHand:
      return parse_sigmas("lefthand21");
    case CocoPart::kRightHand:
      return parse_sigmas("righthand21");
    case CocoPart::kWholeBody:
      return parse_sigmas("coco_wholebody133");
    case CocoPart::kBody:
    case CocoPart::kNone:
      break;
  }
  for (const CocoTruth::Category& category : truth.categories) {
    for (const std::string& known : skeleton_names()) {
      const auto skeleton = find_skeleton(known);
      if (!skeleton.ok() || skeleton->joints.size() != category.keypoints.size()) continue;
      const bool same = std::equal(skeleton->joints.begin(), skeleton->joints.end(), category.keypoints.begin(),
                                   [](const Joint& joint, const std::string& name) { return joint.name == name; });
      if (same && skeleton_sigmas(*skeleton).ok()) return parse_sigmas(known);
    }
    const bool has_names = static_cast<int>(category.keypoints.size()) == truth.joints;
    if (auto some = has_names ? some_of_coco(category.keypoints) : std::nullopt) {
      return OksSigmas{"coco17, by the joints' names", std::move(*some)};
    }
  }
  // cocoapi has nothing but its seventeen; CrowdPose's truth names its joints in more than one way.
  if (truth.joints == 17 || truth.joints == 0) return parse_sigmas("coco17");
  if (truth.joints == 14 && !truth.categories.empty() && truth.categories[0].keypoints.size() == 14 &&
      truth.categories[0].keypoints[0] == "left_shoulder") {
    return parse_sigmas("crowdpose14");
  }
  if (truth.joints == 133) return parse_sigmas("coco_wholebody133");
  return not_found("the truth has " + counted(truth.joints, "joint") +
                   ", of no skeleton with known sigmas: give option \"sigmas\"");
}

Result<std::vector<double>> estimate_sigmas(const CocoTruth& first, const CocoTruth& second) {
  if (first.joints != second.joints || first.joints == 0) {
    return invalid_argument("double annotation needs the same joints: they have " + std::to_string(first.joints) +
                            " and " + std::to_string(second.joints));
  }
  const auto joints = static_cast<std::size_t>(first.joints);
  std::unordered_map<std::int64_t, std::size_t> rows;
  for (std::size_t i = 0; i < second.size(); ++i) rows.emplace(second.id[i], i);
  std::vector<double> sums(joints);
  std::vector<int> counts(joints);
  for (std::size_t i = 0; i < first.size(); ++i) {
    const auto found = rows.find(first.id[i]);
    if (found == rows.end() || first.crowd[i] != 0 || !(first.area[i] > 0)) continue;
    const double* a = first.keypoints.data() + 3 * joints * i;
    const double* b = second.keypoints.data() + 3 * joints * found->second;
    for (std::size_t j = 0; j < joints; ++j) {
      if (!(a[3 * j + 2] > 0) || !(b[3 * j + 2] > 0)) continue;
      const double dx = a[3 * j] - b[3 * j];
      const double dy = a[3 * j + 1] - b[3 * j + 1];
      sums[j] += (dx * dx + dy * dy) / first.area[i];
      ++counts[j];
    }
  }
  std::vector<double> sigmas(joints);
  for (std::size_t j = 0; j < joints; ++j) {
    if (counts[j] < 2 || !(sums[j] > 0)) {
      return invalid_argument("joint " + std::to_string(j) +
                              " is labelled differently by both annotators for too few "
                              "persons (" +
                              std::to_string(counts[j]) + " labelled twice) to estimate its sigma");
    }
    sigmas[j] = std::sqrt(sums[j] / counts[j]);
  }
  return sigmas;
}

}  // namespace poise
