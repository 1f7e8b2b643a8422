#pragma once
// What OpenSim's marker files of the plane and of space share. Internal to formats. Pure.

#include <cstdint>
#include <string>

#include "poise/skeleton/skeleton.h"

namespace poise {

struct TrcFile {
  std::string name;
  std::string unit;  // "px", "m"
  double frames_per_second = 30;
  std::size_t frames = 0;
  std::int64_t first_frame = 0;
};

/// All lines before the first frame.
std::string trc_header(const Skeleton& skeleton, const TrcFile& file);
/// With six digits after the point and no zeros at their end.
std::string trc_number(double value);

}  // namespace poise
