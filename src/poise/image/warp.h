#pragma once
// A picture through an affine map.

#include "poise/geometry/affine.h"
#include "poise/image/image.h"

namespace poise {

/// Bilinear warp in OpenCV's fixed point (warpAffine, INTER_LINEAR, constant
/// black border): coordinates rounded to 1/32 pixel, weights to 1/32768, so
/// that crops equal the training crops of the field within one grey level.
/// destination pixel p takes the source at
/// destination_from_source.inverse()(p). Writes destination.width x height RGB
/// rows of `destination`. A singular map gives black. Pure: any threads.
void warp_affine(const ImageView& source, const Affine& destination_from_source, Image& destination);

/// Area-averaging resize when shrinking, bilinear when growing (OpenCV
/// INTER_AREA / INTER_LINEAR with pixel centres).
Image resize(const ImageView& source, Size size);

}  // namespace poise
