#pragma once
// Persons cut out of their pictures, with their joints and a caption, side by side in one picture to look at. Reads
// files, with no state of its own: thread-safe.

#include <filesystem>
#include <span>
#include <string>

#include "poise/image/image.h"
#include "poise/person/pose.h"

namespace poise {

struct SheetPerson {
  std::filesystem::path picture;
  Pose pose;                    // in its pixels as they are stored; joints that score 0 are left out
  std::string caption, detail;  // below it, in white and in grey; cut to the width
};

/// Four in a row. Those whose pictures cannot be read are left out; an empty picture where none can.
Image draw_persons(std::span<const SheetPerson> persons, const Skeleton& skeleton);

}  // namespace poise
