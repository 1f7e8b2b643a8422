#pragma once
// Detectors see one person twice: of the poses that two such boxes lead to, one is kept.

#include <cstddef>
#include <optional>
#include <string>

#include "poise/crop/crop.h"
#include "poise/infer/estimator.h"

namespace poise {

struct DoublesOptions {
  enum class Rule {
    kOks,         // greedily, the best pose stays and those more alike than `oks` go (Simple Baselines, lib/nms/nms.py)
    kParametric,  // AlphaPose's: poses of one person are merged (person/parametric_nms.h)
    kNone,
  };
  std::optional<Rule> rule = {};  // nothing: kOks, and kNone of networks that have thinned out their people themselves
  float oks = 0.9F;               // Simple Baselines' OKS_THRE
};

/// "oks 0.9", "parametric", "none": as outputs call it.
std::string name_of(const DoublesOptions& options);

/// Keeps one pose a person, and the heatmaps that belong to it; best first. `crop`: how the network's boxes are padded,
/// whose areas OKS is relative to, nothing: they are not; `skeleton`: of the poses. Returns how many went. Pure.
std::size_t remove_doubles(Estimate& estimate, const std::optional<CropOptions>& crop, const Skeleton& skeleton,
                           const DoublesOptions& options = {});

}  // namespace poise
