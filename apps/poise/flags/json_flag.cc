#include "flags/json_flag.h"

#include "standard_streams.h"

namespace poise::app {

void add_json_option(CLI::App& command, std::string& file) {
  // That --json stands alone, and takes no word that is no JSON file's name, is words_of()'s.
  command.add_option("--json", file, "as JSON, to FILE or, for - or nothing, to standard output")
      ->check(CLI::Validator(
          [](std::string& given) {
            const bool fits = is_dash(given) || given.ends_with(".json");
            return fits ? std::string() : "\"" + given + "\" does not end in .json";
          },
          ""))
      ->type_name("[FILE]");
}

Status put_json(const Json& json, const std::string& file) {
  if (file.empty()) return {};
  return put_text(file, json.dump(2) + "\n");
}

}  // namespace poise::app
