#pragma once
// What the metrics commands say alike: notes, figures that are undefined, errors.

#include <string>
#include <vector>

#include "commands/command.h"
#include "console.h"
#include "poise/base/result.h"

namespace poise::app {

/// With two digits, "-" where it is undefined (not a number).
std::string two_digits(double value);

/// Under the table, or, where JSON takes its place, to people alone.
void say_notes(const std::vector<std::string>& notes, bool table, Console& console);

/// A path to read COCO results from, as input_path() gives it. Errors: its own; kInvalidArgument for a folder, which
/// says how one file is made of it.
Result<std::string> results_path(const std::string& given);

/// The truth's error; where it is a file of another format than COCO's, with how it becomes one.
Error with_format_named(Error error, const std::string& truth);

/// The command that runs `measure`, a Status of a Console: 1 and the error where it fails.
template <typename Measure>
Action measuring(Measure measure) {
  return [measure] {
    Console console(false);
    const Status status = measure(console);
    if (status.ok()) return 0;
    console.error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
