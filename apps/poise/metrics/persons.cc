#include "metrics/persons.h"

#include <array>
#include <cstdio>

#include "console.h"
#include "flags/json_flag.h"
#include "mat_helper.h"
#include "poise/base/counted.h"
#include "poise/base/named.h"
#include "standard_streams.h"
#include "words.h"

namespace poise::app {
namespace {

Result<PoseReadOptions> reading(const PersonMetricOptions& o) {
  PoseReadOptions options{.hdf5 = read_mat_apart};
  if (o.joints.empty()) return options;
  const bool leeds = o.joints == "lsp" || o.joints == "lspet";
  const std::string name = leeds ? "lsp14" : o.joints == "coco" ? "coco17" : o.joints == "mpii" ? "mpii16" : o.joints;
  auto skeleton = find_skeleton(name);
  if (!skeleton.ok()) return usage_error(skeleton.error());
  options.skeleton = std::move(*skeleton);
  return options;
}

Result<PoseSet> read(const std::string& path, const std::string& format, const PoseReadOptions& options) {
  if (!format.empty()) {
    POISE_TRY(const PoseFormat known, format_by_name(format));
    return read_pose_set(path, known, options);
  }
  POISE_TRY(const PoseFormat guessed, guess_format(path, options));
  return read_pose_set(path, guessed, options);
}

}  // namespace

void PersonMetricOptions::add_to(CLI::App& command) {
  command.add_option("truth", truth, "the ground truth: COCO, LSP, LSPET or MPII")->required()->type_name("GT");
  command
      .add_option("predictions", predictions, "the predictions: COCO results, .mat, CSV, OpenPose's or our own files")
      ->required()
      ->type_name("PRED");
  command.add_option("--annotation", annotation, "whose left is left in the truth: the person's, or the observer's")
      ->check(one_of({"person", "observer"}));
  command.add_option("--joints-format", joints,
                     "the joints, where a file does not tell: lsp, lspet, coco, mpii, or a skeleton");
  command.add_option("--gt-format", truth_format, "of the truth, where it cannot be guessed")
      ->check(one_of(format_names()));
  command.add_option("--pred-format", prediction_format, "of the predictions, where it cannot be guessed")
      ->check(one_of(format_names()));
  add_json_option(command, json);
}

Result<PersonPairs> read_pairs(const PersonMetricOptions& o) {
  POISE_TRY(const PoseReadOptions options, reading(o));
  POISE_RETURN_IF_ERROR(one_dash({o.truth, o.predictions}));
  POISE_TRY(const std::string truth_path, input_path(o.truth));
  POISE_TRY(const std::string predictions_path, input_path(o.predictions));
  POISE_TRY(PoseSet truth, read(truth_path, o.truth_format, options));
  POISE_TRY(const PoseSet predictions, read(predictions_path, o.prediction_format, options));
  if (o.annotation == "person") truth.annotated = Annotated::kPersonCentric;
  if (o.annotation == "observer") truth.annotated = Annotated::kObserverCentric;
  if (truth.is_truth && truth.annotated == Annotated::kUnstated) {
    return invalid_argument(o.truth +
                            ": this format is annotated person-centric and observer-centric, and figures differ "
                            "by 6 points: say --annotation person or observer");
  }
  POISE_TRY(PersonPairs pairs, named(o.truth, pair_persons(truth, predictions)));
  pairs.notes.insert(pairs.notes.end(), truth.notes.begin(), truth.notes.end());
  pairs.notes.insert(pairs.notes.end(), predictions.notes.begin(), predictions.notes.end());
  return pairs;
}

std::string percent(double rate) {
  if (rate < 0) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", 100 * rate);
  return text.data();
}

void print_rates(const std::vector<PartRate>& rates) {
  for (const PartRate& one : rates) {
    std::printf("  %-18s %7s", shown(one.name).c_str(), percent(one.rate).c_str());
    if (one.auc >= 0) std::printf("   AUC %.4f", one.auc);
    std::printf("   of %zu\n", one.counted);
  }
}

void print_pck(const PckResult& result, const PersonPairs& pairs, const std::string& name) {
  std::printf("%s@%g, reference: %s, %s\n", name.c_str(), result.options.threshold, name_of(result.options.reference),
              name_of(pairs.annotated));
  std::printf("%zu of %s, %s matched by name\n", result.persons, counted(pairs.persons.size(), "person").c_str(),
              counted(pairs.joints.size(), "joint").c_str());
  print_rates(result.joints);
  std::puts("by part:");
  print_rates(result.parts);
  std::printf("  %-18s %7s   AUC %.4f   (joints weigh the same)\n", "mean", percent(result.mean).c_str(), result.auc);
  std::printf("  %-18s %7s                (labelled joints weigh the same)\n", "pooled",
              percent(result.pooled).c_str());
  if (result.without_reference > 0) {
    std::printf("note: %zu of %s left out: without the reference, %s\n", result.without_reference,
                counted(pairs.persons.size(), "person").c_str(), name_of(result.options.reference));
  }
}

}  // namespace poise::app
