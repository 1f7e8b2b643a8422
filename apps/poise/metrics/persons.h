#pragma once
// What `metrics pck`, `pdj`, `pckh` and `pcp` share: truth and predictions in, their pairs and what must be said.

#include <string>
#include <vector>

#include "metrics/commands.h"
#include "poise/metrics/pck.h"
#include "poise/metrics/pcp.h"
#include "poise/metrics/person_pairs.h"

namespace poise::app {

struct PersonMetricOptions {
  std::string truth, predictions, annotation, joints, truth_format, prediction_format, json, plots;

  /// GT PRED --annotation --joints-format --gt-format --pred-format --json
  void add_to(CLI::App& command);
};

/// Errors: those of reading and pairing; a truth whose convention nobody states (LSP's joints.mat).
Result<PersonPairs> read_pairs(const PersonMetricOptions& options);

/// In percent with two digits, "-" where nothing was counted.
std::string percent(double rate);
void print_rates(const std::vector<PartRate>& rates);

/// What `eval` prints too: the table of a PCK with protocol and counts.
void print_pck(const PckResult& result, const PersonPairs& pairs, const std::string& name);

}  // namespace poise::app
