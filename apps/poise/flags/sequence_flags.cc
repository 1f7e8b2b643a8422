#include "flags/sequence_flags.h"

#include <set>

namespace poise::app {

void add_sequence_formats(CLI::App& command, std::vector<std::string>& names) {
  std::vector<std::string> known;
  std::string about;
  for (const OutputFormat& format : output_formats()) {
    if (!format.holds_videos()) continue;
    known.emplace_back(format.name);
    about += (about.empty() ? "" : "; ") + std::string(format.name) + ": " + format.what;
  }
  command.add_option("-f,--format", names, about)->check(CLI::IsMember(known))->capture_default_str();
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
        return invalid_argument("two of the formats would write " + file.string() + ": one of them at a time");
      }
    }
    sinks.push_back(std::move(sink));
  }
  return sinks;
}

}  // namespace poise::app
