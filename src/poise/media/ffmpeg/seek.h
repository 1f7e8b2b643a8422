#pragma once
// Passing over the beginning of a file without decoding it. Private.

#include <cstdint>
#include <optional>
#include <vector>

#include "poise/media/ffmpeg/open_input.h"

namespace poise::av {

/// What is known of the frames that were passed over.
struct Passed {
  std::vector<std::int64_t> times;  // of all frames up to about where it stands now, growing, in the stream's unit
  std::int64_t sought = 0;
};

/// Reads the packets' times up to `start` seconds behind the first frame, so that indices stay exact, then seeks to
/// the key frame from which that can be decoded. Nothing where the file does not tell enough: the demuxer then stands
/// anywhere, and is to be opened again.
std::optional<Passed> pass_over(Input& input, double start);

}  // namespace poise::av
