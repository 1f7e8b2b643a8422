#pragma once
// A sink for what was found in pictures: text in one of the output formats, the picture with its skeletons, heatmaps.

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/json.h"
#include "poise/draw/draw.h"
#include "poise/formats/output_formats.h"
#include "poise/image/image.h"
#include "poise/infer/estimator.h"

namespace poise {

struct PictureWriterOptions {
  std::filesystem::path folder = {};  // made where it is not there
  std::string format = "poise";       // of formats/output_formats.h
  bool image = true;                  // NAME.poses.jpg
  bool heatmaps = false;              // NAME.heatmaps.jpg and .npy, where there are any
  DrawOptions draw = {};              // what is drawn on it
  /// Takes all text, in order, in place of files: no folder is made and no picture is drawn.
  std::function<Status(std::string_view)> stream = {};
};

/// What results of many pictures are called where some are missing: "results.json.partial". A picture that such a file
/// does not speak of is one of nobody: one that is not whole takes no other's place.
std::filesystem::path partial_name(std::filesystem::path file);

class PictureWriter {
 public:
  /// Tries the folder before any work. `formats`: to choose from. Errors: kNotFound (no such format),
  /// kInvalidArgument (one of videos alone), kIo.
  static Result<PictureWriter> open(PictureWriterOptions options, Skeleton skeleton, Provenance provenance,
                                    std::span<const OutputFormat> formats = output_formats());

  /// What belongs to one picture. `place`: its relative path under the folder; `image` is drawn on. `written` gets the
  /// files, each once it is there: after an error, those before it. Errors: kIo. Thread-safe.
  Status write(const std::filesystem::path& place, Image image, const FrameResult& found,
               std::span<const Estimate::Heatmaps> heatmaps = {},
               std::vector<std::filesystem::path>* written = nullptr) const;

  /// For formats with one file a run, and for a stream: call it for each picture in order, and finish() at the end. One
  /// thread.
  Status add(const FrameResult& found);
  /// `whole`: false where pictures are missing: the file of the run gets another name, partial_name()'s, and one of its
  /// own name stays as it is.
  Status finish(bool whole = true) const;

  /// Whether the format has one file a run, which tells pictures apart by their ids.
  bool is_of_run() const { return format_.pictures.run_file != nullptr; }
  const PictureWriterOptions& options() const { return options_; }
  const Provenance& provenance() const { return provenance_; }
  /// The file of the run that finish() makes; empty where the format has none, or there is a stream.
  std::filesystem::path run_file(bool whole = true) const;
  /// Whether all that write() would make of a picture is there and none of it empty; heatmaps too, unless the picture's
  /// text says that nobody is on it.
  bool is_done(const std::filesystem::path& place) const;

 private:
  /// The files that write() makes for every picture: heatmaps, which nobody's picture has, are not among them.
  std::vector<std::filesystem::path> files(const std::filesystem::path& place) const;
  std::filesystem::path stem(const std::filesystem::path& place) const;

  PictureWriterOptions options_;
  Skeleton skeleton_;
  Provenance provenance_;
  OutputFormat format_{};
  Json run_ = Json::array();
  std::int64_t pictures_ = 0;
};

}  // namespace poise
