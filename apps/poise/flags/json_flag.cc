#include "flags/json_flag.h"

#include "standard_streams.h"

namespace poise::app {

void add_json_option(CLI::App& command, std::string& file) {
  // That --json may stand alone, and which words it takes, is words_of()'s.
  command
      .add_option("--json", file,
                  "as JSON, to FILE.json or, for - or nothing, to standard output; =FILE takes any name")
      ->type_name("[FILE.json]");
}

Status put_json(const Json& json, const std::string& file) {
  if (file.empty()) return {};
  return put_text(file, json.dump(2) + "\n");
}

}  // namespace poise::app
