#include "metrics/say.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "mat_helper.h"
#include "poise/formats/pose_set.h"
#include "standard_streams.h"

namespace poise::app {

std::string two_digits(double value) {
  if (std::isnan(value)) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

Result<std::string> results_path(const std::string& given) {
  std::error_code error;
  if (!is_dash(given) && std::filesystem::is_directory(given, error)) {
    return invalid_argument(given + " is a folder, and one file of COCO results is wanted: `poise convert-results " +
                            given + " --to coco --out results.json` makes it of results a picture");
  }
  return input_path(given);
}

void say_notes(const std::vector<std::string>& notes, bool table, Console& console) {
  for (const std::string& note : notes) {
    if (table) {
      std::printf("note: %s\n", shown(note).c_str());
    } else {
      console.note(note);
    }
  }
}

Error with_format_named(Error error, const std::string& truth) {
  if (error.code != ErrorCode::kMalformed) return error;
  const auto format = guess_format(truth, {.hdf5 = read_mat_apart});
  if (!format.ok() || *format == PoseFormat::kCoco) return error;
  return malformed(truth + ": it is no COCO file, but one of format " + name_of(*format) + ": `poise convert-results " +
                   truth + " --to coco --out labels.json` makes one of it");
}

}  // namespace poise::app
