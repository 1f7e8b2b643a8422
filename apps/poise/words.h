#pragma once
// The words of a command line, and what is said of those that nobody understands.

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace poise::app {

/// What stands after the program's name. --json takes the next word only where that is "-" or ends in .json, so that it
/// never takes a picture for its file; "-" is put in where it has none. --json=FILE takes any name.
std::vector<std::string> words_of(int argc, char** argv);

/// Parses; false where the program is to end with `code`: after --help and --version, which are printed, and where the
/// words are wrong, which is said in a line, with the nearest command or option there is.
bool parse_words(CLI::App& app, const std::vector<std::string>& words, int& code);

/// What is to be added to a message about the word that stood behind --json and was taken for an input, else "".
std::string hint_on(std::string_view message);

/// A value that is one of these; what is not is named with the nearest.
CLI::Validator one_of(std::vector<std::string> known);

/// A finite number above 0, or from 0 on.
CLI::Validator above_zero();
CLI::Validator from_zero();

}  // namespace poise::app
