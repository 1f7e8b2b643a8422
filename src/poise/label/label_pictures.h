#pragma once
// Many pictures labelled side by side, into a file that a later run can go on with. One thread a finder and a file.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "poise/infer/picture_notes.h"
#include "poise/infer/pose_finder.h"
#include "poise/label/label_file.h"
#include "poise/label/labeller.h"

namespace poise {

struct PictureToLabel {
  std::filesystem::path path;
  std::string name;  // what the labels call it
};

/// All are called on the caller's thread, though pictures are labelled on others; none may be empty.
struct LabelCallbacks {
  std::function<void(std::size_t done, std::size_t total, const std::string& name)> progress;  // after each picture
  std::function<void(const std::string& message)> error;  // of one picture, or one box of it; the rest goes on
  std::function<bool()> stop;  // asked before each picture: true ends the run after those begun
};

struct LabelRun {
  std::size_t looked_at = 0;  // in this run
  std::size_t there = 0;      // labelled by earlier runs
  std::size_t persons = 0;    // found in this run, those to be ignored too
  PictureNotes notes;
};

/// Those of `pictures` that `file` has not are labelled, as many at a time as the finder has compute threads, and added
/// in their order. What comes out does not depend on the number of threads, nor on where an earlier run stopped.
/// Errors: those of LabelFile::add; kUnsupported, a network that finds everyone itself; a picture's own go to the
/// callback.
Result<LabelRun> label_pictures(PoseFinder& finder, std::span<const PictureToLabel> pictures,
                                const LabelOptions& options, LabelFile& file, const LabelCallbacks& callbacks);

}  // namespace poise
