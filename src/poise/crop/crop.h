#pragma once
// Box -> crop_from_image -> network input. Padding and aspect are applied here, once, and nowhere else; what the
// network wants of pixels is said by InputForm.

#include <array>
#include <cstddef>
#include <span>

#include "poise/geometry/affine.h"
#include "poise/geometry/box.h"
#include "poise/image/image.h"
#include "poise/tensor/tensor.h"

namespace poise {

struct CropOptions {
  Size size{192, 256};    // of the network's input, pixels
  float padding = 1.25F;  // the box is grown to the input's aspect, then by this factor
  float rotation = 0.0F;  // degrees, as Simple Baselines' get_affine_transform counts them
  bool edges = false;     // the padded box's edges come to lie on the input's
};

/// Simple Baselines (lib/dataset/coco.py _xywh2cs; lib/utils/transforms.py get_affine_transform): the box is grown to
/// the aspect of the input, padded, and its centre goes to (width/2, height/2), not ((width-1)/2, ...): the field's
/// "biased" coordinates; with `edges`, they are both counted from the pictures' edges. Uniform scale from the width; a
/// positive rotation turns the cut-out box, so the picture turns the other way. Needs box.width > 0 and box.height > 0.
/// Pure.
Affine crop_from_image(const Box& box, const CropOptions& options);

/// The padded box itself, image pixels; its area is what OKS-NMS uses.
Box padded_box(const Box& box, const CropOptions& options);

enum class Resample {
  kLinear,  // image/warp.h: the field's training crop
  kArea,    // pixels averaged when shrinking, as ailia's demo does (INTER_AREA);
            // needs rotation 0
};

enum class ColourOrder { kRgb, kBgr };

struct Normalisation {
  ColourOrder order = ColourOrder::kRgb;  // of the planes the network sees
  float scale = 1.0F / 255.0F;            // applied first
  std::array<float, 3> mean{0, 0, 0};     // subtracted, in plane order
  std::array<float, 3> std{1, 1, 1};      // divided by, in plane order
};

/// How a network wants its pictures: what its card says of them.
struct InputForm {
  Size size{192, 256};  // pixels
  Normalisation normalisation = {};
  Resample resample = Resample::kLinear;
};

/// Of the RGB pixel, the channel that each plane takes.
inline std::array<std::size_t, 3> plane_channels(ColourOrder order) {
  if (order == ColourOrder::kBgr) return {2, 1, 0};
  return {0, 1, 2};
}

/// Warps the image, of any pixel order, by crop_from_image and writes planar (3, height, width) floats to `out` (3*w*h
/// elements): (pixel * scale - mean[c]) / std[c], plane c being red, green, blue or the reverse. Thread-safe.
void write_crop(const ImageView& image, const Affine& crop_from_image, const InputForm& form, std::span<float> out);

/// The same of kLinear, whatever the form says, rows begin to end - 1 of each plane alone: several threads may share
/// one crop.
void write_crop_rows(const ImageView& image, const Affine& crop_from_image, const InputForm& form, std::span<float> out,
                     int begin, int end);

}  // namespace poise
