#include "flags/sequence_flags.h"

#include <set>

#include "words.h"

namespace poise::app {

FormatChoice formats_that(bool (OutputFormat::*holds)() const) {
  FormatChoice choice;
  for (const OutputFormat& format : output_formats()) {
    if (!(format.*holds)()) continue;
    choice.names.emplace_back(format.name);
    choice.about += (choice.about.empty() ? "" : "; ") + std::string(format.name) + ": " + format.what;
  }
  return choice;
}

void add_sequence_formats(CLI::App& command, std::vector<std::string>& names) {
  const FormatChoice formats = formats_that(&OutputFormat::holds_videos);
  command.add_option("-f,--format", names, formats.about + "; several with commas between, or one after each --format")
      ->delimiter(',')
      ->allow_extra_args(false)  // what stands behind it is a source
      ->check(one_of(formats.names))
      ->capture_default_str();
}

Result<std::vector<std::unique_ptr<SequenceSink>>> open_sequences(const std::vector<std::string>& names,
                                                                  const SequenceTarget& target) {
  std::vector<std::unique_ptr<SequenceSink>> sinks;
  std::set<std::filesystem::path> files;
  for (const std::string& name : names) {
    POISE_TRY(const OutputFormat format, find_output_format(name));
    POISE_TRY(auto sink, format.sequence(target));
    for (const std::filesystem::path& file : sink->files()) {
      if (!files.insert(file).second) {
        return usage_error("two of the formats would write " + file.string() + ": one of them at a time");
      }
    }
    sinks.push_back(std::move(sink));
  }
  return sinks;
}

}  // namespace poise::app
