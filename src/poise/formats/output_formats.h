#pragma once
// The forms in which poses are written, by name: one line each in output_formats.cc. A format is a function from what
// was found to text; where it goes is decided by who calls (infer/picture_writer.h for one). docs/formats.md shows
// each. The list is constant, the functions are pure: thread-safe.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "poise/formats/writers.h"

namespace poise {

struct OutputFormat {
  const char* name;  // "openpose"
  const char* what;  // one line, for people
  /// Of formats with a file a picture: what the picture's stem gets, "_keypoints.json"; nullptr: one file a run.
  const char* suffix;
  /// The text of that file. min_score: joints under it were not seen, for formats that can say so.
  std::string (*of_picture)(const FrameResult& frame, const Skeleton& skeleton, const Provenance& provenance,
                            float min_score);
  /// Of formats with one file a run: its name, "results.json", and what a picture adds to it. `number` counts pictures
  /// from 1, for those without an id of their own.
  const char* run_file;
  void (*add_to_run)(const FrameResult& frame, std::int64_t number, Json& run);
  /// Of formats with a file a picture, where pictures follow one another in one stream instead: JSON a line, a header
  /// once. nullptr: the files' texts, one after the other.
  std::string (*in_stream)(const FrameResult& frame, const Skeleton& skeleton, const Provenance& provenance,
                           float min_score, bool is_first) = nullptr;
};

/// All of them, the default first.
std::span<const OutputFormat> output_formats();
/// By name, among these. Errors: kNotFound, listing the names.
Result<OutputFormat> find_output_format(std::string_view name,
                                        std::span<const OutputFormat> formats = output_formats());

}  // namespace poise
