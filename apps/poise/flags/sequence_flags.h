#pragma once
// --format of commands that write poses: which formats, and the sinks of those of videos.

#include <memory>
#include <string>
#include <vector>

#include "commands/command.h"
#include "poise/formats/output_formats.h"

namespace poise::app {

/// Names of the formats that hold what is wanted (&OutputFormat::holds_videos), and what they are, for --help.
struct FormatChoice {
  std::vector<std::string> names;
  std::string about;
};
FormatChoice formats_that(bool (OutputFormat::*holds)() const);

/// More than one may be named.
void add_sequence_formats(CLI::App& command, std::vector<std::string>& names);

/// Errors: kInvalidArgument where two would write one file; those of the sinks.
Result<std::vector<std::unique_ptr<SequenceSink>>> open_sequences(const std::vector<std::string>& names,
                                                                  const SequenceTarget& target);

}  // namespace poise::app
