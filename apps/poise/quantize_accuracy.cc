#include "quantize_accuracy.h"

#include <cstdio>
#include <filesystem>

#include "metrics/persons.h"

namespace poise::app {

void AccuracyOptions::add_to(CLI::App& command) {
  const std::string group = "Accuracy of both files, for the card's text";
  CLI::Option* annotations =
      command
          .add_option("-a,--annotations", set.annotations, "measure on these people, in true boxes: COCO annotations")
          ->group(group)
          ->type_name("A.json");
  CLI::Option* images =
      command.add_option("-i,--images", set.images, "where its pictures lie")->group(group)->type_name("DIR");
  command.add_option("--metric", set.metric, "oks: COCO's AP; pck: at 0.2 of the torso, joints matched by name")
      ->check(CLI::IsMember({"oks", "pck"}))
      ->capture_default_str()
      ->group(group)
      ->needs(annotations);
  annotations->needs(images);
  images->needs(annotations);
}

Result<AccuracyTest> AccuracyTest::open(const AccuracyOptions& options) {
  AccuracyTest test;
  POISE_TRY(test.set_, read_eval_set(options.set));
  return test;
}

Result<double> AccuracyTest::figure(const FoundPoses& found, const Skeleton& skeleton, Console& console) {
  const auto say = [&](const std::string& line) {
    if (persons_ == 0) console.note(line);  // once: both files are given the same people
  };
  if (found.bad_boxes > 0) {
    say(std::to_string(found.bad_boxes) + " boxes left out: empty or outside their picture");
  }
  if (!set_.people) {
    POISE_TRY(const OksMeasured measured, measure_oks(found, set_.truth, skeleton));
    persons_ = measured.evaluation.truths_counted;
    return measured.evaluation.figures.front().second;
  }
  POISE_TRY(const PckMeasured measured, measure_pck_of(found, set_, {}));
  const PckResult& result = measured.result;
  for (const std::string& line : remarks(measured.pairs)) say(line);
  if (result.without_reference > 0) {
    say(std::to_string(result.without_reference) + " of " + std::to_string(measured.pairs.persons.size()) +
        " persons left out: without the reference, " + name_of(result.options.reference));
  }
  persons_ = result.persons;
  return result.mean;
}

Result<double> AccuracyTest::measure(NetworkFile model, const CardSources& card, const std::filesystem::path& file,
                                     const RunnerOptions& run, Console& console) {
  EstimatorOptions options;
  options.card = card;
  options.run = run;
  POISE_TRY(Estimator estimator, Estimator::create(std::move(model), options, file));
  POISE_TRY(const FoundPoses found, find_poses(set_, estimator, {}, console));
  POISE_TRY(const double rate, figure(found, estimator.skeleton(), console));
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
         std::to_string(persons_) + " persons, true boxes)";
}

}  // namespace poise::app
