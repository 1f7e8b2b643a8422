#pragma once
// The EXIF orientation and nothing else: a bounded reader of the few bytes that
// carry it.

#include "poise/base/file.h"
#include "poise/geometry/box.h"
#include "poise/image/image.h"

namespace poise {

/// Tag 0x0112 of the first directory of a TIFF block (EXIF 2.32, 4.6.4); 1
/// where it is absent, damaged or not 1 to 8. A leading "Exif\0\0" is skipped.
/// Pure.
int exif_orientation(BytesView tiff);

/// The picture turned upright: orientation 1 to 8 as EXIF counts them; 5 to 8
/// swap width and height. Pure.
Image upright(Image image, int orientation);

/// Where a point, or a box, of the upright picture lies in the picture as it is
/// stored, whose size `stored` is. Pure.
Point stored_point(Point upright, int orientation, Size stored);
Box stored_box(const Box& upright, int orientation, Size stored);
/// Whether an upright picture of this orientation is a mirror's image of the
/// stored one, so that left is right there. Pure.
bool is_mirrored(int orientation);

}  // namespace poise
