#pragma once
// What a change of a network costs, its rounding to integers for one: files measured on the same annotated set.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "poise/eval/evaluate_poses.h"

namespace poise {

/// One figure a network, in the truth's own boxes, without flip test. One thread at a time.
class AccuracyTest {
 public:
  /// Errors: those of read_eval_set.
  static Result<AccuracyTest> open(const EvalSetOptions& options);

  using Progress = decltype(FindPosesOptions::progress);
  /// AP, or PCK@0.2 of the torso, in [0, 1]; `card` and `file` as in Estimator::create. Errors: those of the network,
  /// find_poses and the metric; nobody to measure on.
  Result<double> measure(NetworkFile model, const CardSources& card, const std::filesystem::path& file,
                         const RunnerOptions& run, const Progress& progress = {});

  /// Persons that counted in the last measurement, and what was left out of it, a line each.
  std::size_t persons() const { return persons_; }
  const std::vector<std::string>& notes() const { return notes_; }

  /// "int8: AP 0.139 against 0.144 in fp32 on persons.json (163 persons, true boxes)". Both have been measured.
  std::string text(double floats, double integers) const;

 private:
  Result<double> figure(const FoundPoses& found);

  EvalSet set_;
  std::size_t persons_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace poise
