#pragma once
// warp_affine one row at a time, for callers that turn each row into something
// else at once.

#include <cstdint>
#include <vector>

#include "poise/geometry/affine.h"
#include "poise/image/image.h"

namespace poise {

/// Same arithmetic and same results as warp_affine. Looks at `source`, which
/// outlives it. One a thread.
class WarpRows {
 public:
  WarpRows(const ImageView& source, const Affine& destination_from_source, Size destination);

  /// Writes 3 * destination.width bytes: row y (0 to destination.height - 1) of
  /// the warped picture.
  void row(int y, std::uint8_t* rgb) const;

 private:
  ImageView source_;
  int width_ = 0;
  bool black_ = false;  // a singular map, or nothing to look at
  Affine source_from_destination_;
  std::vector<std::int64_t> column_x_;  // what each column adds to the source position, 1/1024 pixel
  std::vector<std::int64_t> column_y_;
};

}  // namespace poise
