#pragma once
// The forms in which poses are written, by name: one file each in this folder, one line each in output_formats.cc. Of
// pictures a format is a function from what was found to text, and where it goes is decided by who calls
// (infer/picture_writer.h for one); of a video it is a sink that takes frame after frame. docs/formats.md shows each.
// The list is constant, the functions are pure: thread-safe.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "poise/formats/sequence_sink.h"
#include "poise/formats/writers.h"

namespace poise {

/// Pictures that have nothing to do with each other: a file each, or one file a run.
struct PictureForm {
  /// Of formats with a file a picture: what the picture's stem gets, "_keypoints.json"; nullptr: one file a run.
  const char* suffix = nullptr;
  /// The text of that file. min_score: joints under it were not seen, for formats that can say so.
  std::string (*of_picture)(const FrameResult& frame, const Skeleton& skeleton, const Provenance& provenance,
                            float min_score) = nullptr;
  /// Of formats with one file a run: its name, "results.json", and what a picture adds to it. `number` counts pictures
  /// from 1, for those without an id of their own.
  const char* run_file = nullptr;
  void (*add_to_run)(const FrameResult& frame, std::int64_t number, Json& run) = nullptr;
  /// Of formats with a file a picture, where pictures follow one another in one stream instead: JSON a line, a header
  /// once. nullptr: the files' texts, one after the other.
  std::string (*in_stream)(const FrameResult& frame, const Skeleton& skeleton, const Provenance& provenance,
                           float min_score, bool is_first) = nullptr;
};

struct OutputFormat {
  const char* name;                 // "openpose"
  const char* what;                 // one line, for people
  PictureForm pictures = {};        // all nullptr: it holds videos alone
  OpenSequence sequence = nullptr;  // nullptr: it holds pictures alone

  bool holds_pictures() const { return pictures.suffix != nullptr || pictures.run_file != nullptr; }
  bool holds_videos() const { return sequence != nullptr; }
};

/// All of them, the default first.
std::span<const OutputFormat> output_formats();
/// By name, among these. Errors: kNotFound, listing the names.
Result<OutputFormat> find_output_format(std::string_view name,
                                        std::span<const OutputFormat> formats = output_formats());

}  // namespace poise
