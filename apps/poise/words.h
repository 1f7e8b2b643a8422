#pragma once
// The words of a command line, and what is said of those that nobody understands.

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"

namespace poise::app {

/// What stands after the program's name. --json takes the next word only where that is "-" or ends in .json, so that it
/// never takes a picture for its file; "-" is put in where it has none. --json=FILE takes any name.
std::vector<std::string> words_of(int argc, char** argv);

/// Parses; false where the program is to end with `code`: after --help and --version, which are printed, and where the
/// words are wrong, which is said in a line, with the nearest command or option there is.
bool parse_words(CLI::App& app, const std::vector<std::string>& words, int& code);

/// What is to be added to a message about the word that stood behind --json and was taken for an input, else "".
std::string hint_on(std::string_view message);

/// What is wrong with the words where that shows only as a command runs: the error as it is, and the program ends with
/// 2 where a command that failed ends with 1.
Error usage_error(Error error);
inline Error usage_error(std::string message) { return usage_error(invalid_argument(std::move(message))); }
bool usage_was_wrong();

/// The name of a file that ends in this.
CLI::Validator ending_in(std::string ending);

/// What a function of the library makes something of, a Result.
template <typename Parse>
CLI::Validator that(Parse parse) {
  return {[parse](std::string& given) -> std::string {
            const auto parsed = parse(given);
            return parsed.ok() ? std::string() : parsed.error().message;
          },
          ""};
}

/// A value that is one of these; what is not is named with the nearest.
CLI::Validator one_of(std::vector<std::string> known);

/// A finite number above 0, or from 0 on.
CLI::Validator above_zero();
CLI::Validator from_zero();
/// A number of this range, which "nan" is not.
CLI::Validator within(double low, double high);
/// A whole number of 0 or more, for what would take -1 for the largest.
CLI::Validator whole_number();
/// What computes: cpu, cuda or cuda:N.
CLI::Validator device_name();

}  // namespace poise::app
