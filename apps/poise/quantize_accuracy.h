#pragma once
// What the rounding costs: the float file and the integers one measured on the same annotated set, for the card.

#include <CLI/CLI.hpp>
#include <string>

#include "eval_poses.h"

namespace poise::app {

struct AccuracyOptions {
  EvalSetOptions set;

  /// Adds --annotations --images --metric to the command.
  void add_to(CLI::App& command);
  bool wanted() const { return !set.annotations.empty(); }
};

/// Measures by the truth's own boxes, without flip test, as `poise eval` does by default.
class AccuracyTest {
 public:
  /// Errors: those of read_eval_set.
  static Result<AccuracyTest> open(const AccuracyOptions& options);

  /// AP, or PCK@0.2 of the torso, in [0, 1]; `card` and `file` as in Estimator::create. The first call notes what was
  /// left out. Errors: those of the network, find_poses and the metric; nobody to measure on.
  Result<double> measure(NetworkFile model, const CardSources& card, const std::filesystem::path& file,
                         const RunnerOptions& run, Console& console);

  /// "int8: AP 0.139 against 0.144 in fp32 on persons.json (163 persons, true boxes)". Both have been measured.
  std::string text(double floats, double integers) const;

 private:
  Result<double> figure(const FoundPoses& found, const Skeleton& skeleton, Console& console);

  EvalSet set_;
  std::size_t persons_ = 0;  // that count
};

}  // namespace poise::app
