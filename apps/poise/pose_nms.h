#pragma once
// Of several poses of one person, found in boxes that overlap, one stays.

#include <CLI/CLI.hpp>
#include <string>

#include "poise/infer/estimator.h"

namespace poise::app {

struct PoseNmsFlags {
  std::string method = "oks";  // oks, parametric, none
  float oks = 0.9F;            // Simple Baselines' OKS_THRE

  /// Adds --pose-nms --oks-nms to the command, under the heading `group`.
  void add_to(CLI::App& command, const std::string& group);
  /// "oks 0.9": for a result's settings.
  std::string text() const;
};

/// Returns how many were taken away; heatmaps go with their poses.
std::size_t suppress_doubles(Estimate& estimate, const Estimator& estimator, const PoseNmsFlags& flags);

}  // namespace poise::app
