#pragma once
// A whole picture -> a detector's input: stretched, or its shape kept and what is left over padded. Boxes, which count
// from the edges of pixels (geometry/box.h), come back the same way.

#include <array>
#include <span>

#include "poise/crop/crop.h"

namespace poise {

enum class Fit {
  kStretch,    // each side on its own
  kLetterbox,  // one scale, as large as fits
};
enum class PadSide {
  kEnd,   // right and below
  kBoth,  // half on each side; the odd pixel right and below
};

struct LetterboxOptions {
  Fit fit = Fit::kLetterbox;
  PadSide pad_side = PadSide::kBoth;
  std::array<float, 3> pad_colour{114, 114, 114};  // red, green, blue, 0 to 255; need not be whole
  bool half_pixel = true;                          // how pixels are taken: image/resize.h, resize_linear; not for kArea
};

/// Where the picture lies in the input, whole pixels.
struct Placement {
  int x = 0;
  int y = 0;
  Size size;
};
/// Sides are rounded to the nearest pixel, at least 1. Needs a picture. Pure.
Placement place(Size image, Size input, const LetterboxOptions& options);

/// A box of the input in the picture's pixels, not clipped. Pure.
Box image_box(const Box& input_box, const Placement& placement, Size image);

/// `image` may be of any pixel order. Writes planar (3, height, width) floats to `out` (3*w*h elements), normalised as
/// write_crop does. Thread-safe.
void write_letterbox(const ImageView& image, const LetterboxOptions& options, const InputForm& form,
                     std::span<float> out);

}  // namespace poise
