#pragma once
// --format of commands that write videos' poses: which formats, and their sinks.

#include <memory>
#include <string>
#include <vector>

#include "commands/command.h"
#include "poise/formats/output_formats.h"

namespace poise::app {

/// More than one may be named.
void add_sequence_formats(CLI::App& command, std::vector<std::string>& names);

/// Errors: kInvalidArgument where two would write one file; those of the sinks.
Result<std::vector<std::unique_ptr<SequenceSink>>> open_sequences(const std::vector<std::string>& names,
                                                                  const SequenceTarget& target);

}  // namespace poise::app
