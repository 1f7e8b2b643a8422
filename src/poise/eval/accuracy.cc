#include "poise/eval/accuracy.h"

#include <cstdio>

#include "poise/base/counted.h"

namespace poise {

Result<AccuracyTest> AccuracyTest::open(const EvalSetOptions& options) {
  AccuracyTest test;
  POISE_TRY(test.set_, read_eval_set(options));
  return test;
}

Result<double> AccuracyTest::figure(const FoundPoses& found) {
  notes_.clear();
  if (found.bad_boxes > 0) {
    notes_.push_back(counted(found.bad_boxes, "box", "boxes") + " left out: empty or outside their picture");
  }
  if (!set_.people) {
    POISE_TRY(const OksMeasured measured, measure_oks(found, set_.truth));
    persons_ = measured.evaluation.truths_counted;
    return measured.evaluation.figures.front().second;
  }
  POISE_TRY(const PckMeasured measured, measure_pck_of(found, set_));
  const PckResult& result = measured.result;
  for (const std::string& line : remarks(measured.pairs)) notes_.push_back(line);
  if (result.without_reference > 0) {
    notes_.push_back(std::to_string(result.without_reference) + " of " +
                     counted(measured.pairs.persons.size(), "person") + " left out: without the reference, " +
                     name_of(result.options.reference));
  }
  persons_ = result.persons;
  return result.mean;
}

Result<double> AccuracyTest::measure(NetworkFile model, const CardSources& card, const std::filesystem::path& file,
                                     const RunnerOptions& run, const Progress& progress) {
  EstimatorOptions options;
  options.card = card;
  options.run = run;
  POISE_TRY(Estimator estimator, Estimator::create(std::move(model), options, file));
  PoseFinder finder(std::move(estimator), BoxSource());
  FindPosesOptions find;
  find.progress = progress;
  POISE_TRY(const FoundPoses found, find_poses(set_, finder, find));
  POISE_TRY(const double rate, figure(found));
  if (persons_ == 0 || rate < 0) {
    return invalid_argument(set_.options.annotations + ": nobody in it has labelled joints to measure on");
  }
  return rate;
}

std::string AccuracyTest::text(double floats, double integers) const {
  char figures[80];
  std::snprintf(figures, sizeof figures, "int8: %s %.3f against %.3f in fp32 on ", set_.people ? "PCK@0.2" : "AP",
                integers, floats);
  return figures + std::filesystem::path(set_.options.annotations).filename().string() + " (" +
         counted(persons_, "person") + ", true boxes)";
}

}  // namespace poise
