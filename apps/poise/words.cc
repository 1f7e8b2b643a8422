#include "words.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string_view>
#include <system_error>

#include "console.h"
#include "poise/base/nearest.h"

namespace poise::app {
namespace {

/// The word that stood behind --json and was not taken for its file; empty where there is none.
std::string& word_after_json() {
  static std::string word;
  return word;
}

std::string json_hint() {
  const std::string& word = word_after_json();
  if (word.empty()) return "";
  return " (--json takes the next word only where it ends in .json: --json=" + word + " writes to that file)";
}

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// The names that `word` may have been meant to be, the nearest first.
std::vector<std::string> meant(const std::string& word, std::vector<std::string> known) {
  constexpr std::size_t kTelling = 3;  // letters of a beginning
  std::vector<std::string> found;
  const auto take = [&](const std::string& name) {
    found.push_back(name);
    std::erase(known, name);
  };
  for (std::string near = nearest(word, known); !near.empty(); near = nearest(word, known)) take(near);
  const auto longer = std::ranges::find_if(known, [&](const std::string& name) { return name.starts_with(word); });
  if (found.empty() && word.size() >= kTelling && longer != known.end()) take(std::string(*longer));
  return found;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  const std::vector<std::string> found = meant(word, known);
  return found.empty() ? "" : ": did you mean " + found.front() + "?";
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// Whether the option is one of a few words, and this is one of them.
bool takes(const CLI::App& app, const std::string& name, const std::string& value) {
  const CLI::Option* option = app.get_option_no_throw(name);
  const std::string type = option == nullptr ? "" : option->get_type_name();  // "TEXT:{side,person}"
  const std::size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos || value.empty()) return false;
  const std::string words = "," + type.substr(open + 1, close - open - 1) + ",";
  return words.find("," + value + ",") != std::string::npos;
}

/// Of options that are spelt alike, the one that takes the word behind is meant: --color person, --color bgr.
std::string did_you_mean_option(const CLI::App& app, const std::string& name, const std::string& value) {
  const std::vector<std::string> found = meant(name, option_names(app));
  if (found.empty()) return "";
  constexpr std::size_t kAlike = 2;  // letters more or less
  for (const std::string& one : found) {
    const bool alike = one.size() <= found.front().size() + kAlike && one.starts_with(found.front());
    if (alike && takes(app, one, value) && !takes(app, found.front(), value)) return ": did you mean " + one + "?";
  }
  return ": did you mean " + found.front() + "?";
}

/// "poise metrics coco" of the innermost command that was named.
struct Place {
  const CLI::App* app = nullptr;
  std::string name;
};
Place place_of(const CLI::App& app) {
  Place place{&app, app.get_name()};
  for (;;) {
    const std::vector<CLI::App*> below = place.app->get_subcommands();
    if (below.empty()) return place;
    place.app = below.front();
    place.name += " " + place.app->get_name();
  }
}

/// What is wrong, without the place's name.
std::string fault(const Place& place, const CLI::App& app, const CLI::ParseError& error,
                  const std::vector<std::string>& words) {
  const std::vector<std::string> left = app.remaining(true);
  const auto is_option = [](const std::string& word) { return word.size() > 1 && word.front() == '-'; };
  const std::vector<std::string> commands = command_names(*place.app);
  const auto word = std::ranges::find_if_not(left, is_option);
  if (!commands.empty() && word != left.end())
    return "no command is called \"" + *word + "\"" + did_you_mean(*word, commands);
  if (const auto option = std::ranges::find_if(left, is_option); option != left.end()) {
    const std::size_t equals = option->find('=');
    const std::string name = option->substr(0, equals);
    std::string value = equals == std::string::npos ? "" : option->substr(equals + 1);
    const auto given = std::ranges::find(words, *option);
    if (value.empty() && given != words.end() && given + 1 != words.end()) value = *(given + 1);
    return "no option is called " + name + did_you_mean_option(*place.app, name, value);
  }
  if (!commands.empty() && place.app->get_subcommands().empty()) return "name a command: " + list_of(commands);
  if (word != left.end()) return "\"" + *word + "\" was not expected" + json_hint();
  return error.what();
}

}  // namespace

std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    const std::string_view next(i + 1 < argc ? argv[i + 1] : "");
    if (word != "--json") {
      words.emplace_back(word);
    } else if (next == "-" || next.ends_with(".json")) {
      words.push_back("--json=" + std::string(next));
      ++i;
    } else {
      words.emplace_back("--json=-");
      if (!next.empty() && !next.starts_with('-')) word_after_json() = next;
    }
  }
  return words;
}

std::string hint_on(std::string_view message) {
  const std::string& word = word_after_json();
  return !word.empty() && message.starts_with(word + ":") ? json_hint() : "";
}

bool parse_words(CLI::App& app, const std::vector<std::string>& words, int& code) {
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes them from the end
    return true;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      code = app.exit(error, std::cout, std::cerr);
      std::cout.flush();
      if (!std::cout) code = 1;
      return false;
    }
    const Place place = place_of(app);
    std::fprintf(stderr, "%s: %s\n`%s --help` says more\n", place.name.c_str(),
                 shown(fault(place, app, error, words)).c_str(), place.name.c_str());
    code = 2;
    return false;
  }
}

namespace {
bool wrong_usage = false;
}  // namespace

Error usage_error(Error error) {
  wrong_usage = true;
  return error;
}

bool usage_was_wrong() { return wrong_usage; }

CLI::Validator ending_in(std::string ending) {
  return {[ending = std::move(ending)](std::string& given) -> std::string {
            return given.ends_with(ending) ? std::string() : "must end in " + ending + ", not \"" + given + "\"";
          },
          ""};
}

CLI::Validator one_of(std::vector<std::string> known) {
  std::string description = "{";
  for (const std::string& name : known) description += (description.size() > 1 ? "," : "") + name;
  return {[known = std::move(known)](std::string& given) -> std::string {
            if (std::ranges::find(known, given) != known.end()) return {};
            return "\"" + given + "\" is none of " + list_of(known) + did_you_mean(given, known);
          },
          description + "}"};
}

namespace {

CLI::Validator number_that(bool (*fits)(double), const char* wanted) {
  return {[fits, wanted](std::string& given) -> std::string {
            double value = 0;
            const char* end = given.data() + given.size();
            const auto [stop, error] = std::from_chars(given.data(), end, value);
            if (error == std::errc() && stop == end && std::isfinite(value) && fits(value)) return {};
            return "\"" + given + "\" is not " + wanted;
          },
          ""};
}

}  // namespace

CLI::Validator above_zero() {
  return number_that([](double value) { return value > 0; }, "a number above 0");
}

CLI::Validator from_zero() {
  return number_that([](double value) { return value >= 0; }, "a number of 0 or more");
}

CLI::Validator within(double low, double high) {
  return {[low, high](std::string& given) -> std::string {
            double value = 0;
            const char* end = given.data() + given.size();
            const auto [stop, error] = std::from_chars(given.data(), end, value);
            if (error == std::errc() && stop == end && value >= low && value <= high) return {};
            return "\"" + given + "\" is not a number of " + CLI::detail::to_string(low) + " to " +
                   CLI::detail::to_string(high);
          },
          "[" + CLI::detail::to_string(low) + " - " + CLI::detail::to_string(high) + "]"};
}

CLI::Validator whole_number() {
  return {[](std::string& given) -> std::string {
            if (!given.empty() && given.find_first_not_of("0123456789") == std::string::npos) return {};
            return "\"" + given + "\" is not a whole number of 0 or more";
          },
          ""};
}

CLI::Validator device_name() {
  return {[](std::string& given) -> std::string {
            const std::string_view text(given);
            const bool numbered = text.starts_with("cuda:") && text.size() > 5 &&
                                  text.find_first_not_of("0123456789", 5) == std::string_view::npos;
            if (text == "cpu" || text == "cuda" || numbered) return {};
            return "\"" + given + "\" is none of cpu, cuda, cuda:N";
          },
          ""};
}

}  // namespace poise::app
