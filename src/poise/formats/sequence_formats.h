#pragma once
// People followed through a video, in the forms in which they are written: one line each in sequence_formats.cc.
// docs/formats.md shows each.

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "poise/base/file.h"
#include "poise/formats/writers.h"
#include "poise/person/timed_frame.h"

namespace poise {

struct SequenceFormat {
  const char* name;    // "mot"
  const char* what;    // one line, for people
  const char* ending;  // of the file's name, ".txt"
  /// What stands before the first frame, and what a frame adds. Pure.
  std::string (*header)(const Skeleton& skeleton, const Provenance& provenance);
  std::string (*of_frame)(const TimedFrame& frame, const Skeleton& skeleton);
};

/// All of them, the default first: poise (JSON Lines), csv, mot.
std::span<const SequenceFormat> sequence_formats();
/// By name. Errors: kNotFound, listing the names.
Result<SequenceFormat> find_sequence_format(std::string_view name);

/// One file that grows frame by frame under a temporary name beside `path`, which finish() gives it; without finish()
/// nothing is left. Memory does not grow. Movable; one thread at a time.
class SequenceWriter {
 public:
  /// Errors: kIo.
  static Result<SequenceWriter> create(const std::filesystem::path& path, const SequenceFormat& format,
                                       const Skeleton& skeleton, const Provenance& provenance);
  Status add(const TimedFrame& frame);
  Status finish();
  const std::filesystem::path& path() const { return path_; }

 private:
  SequenceWriter(std::filesystem::path path, SequenceFormat format, Skeleton skeleton, GrowingFile file)
      : path_(std::move(path)), format_(format), skeleton_(std::move(skeleton)), file_(std::move(file)) {}
  std::filesystem::path path_;
  SequenceFormat format_;
  Skeleton skeleton_;
  GrowingFile file_;
};

}  // namespace poise
