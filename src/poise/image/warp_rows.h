#pragma once
// warp_affine one row at a time, for callers that turn each row into something
// else at once.

#include <cstdint>
#include <vector>

#include "poise/geometry/affine.h"
#include "poise/image/image.h"
#include "poise/image/warp_kernels.h"

namespace poise {

/// Same arithmetic and same results as warp_affine. Looks at `source`, which
/// outlives it. One a thread.
class WarpRows {
 public:
  WarpRows(const ImageView& source, const Affine& destination_from_source, Size destination,
           WarpKernel kernel = warp_kernels().back());

  /// Writes destination.width pixels, RGB whatever the source's order is: row y (0 to destination.height - 1) of
  /// the warped picture, red in the low byte, the highest 0.
  void row(int y, std::uint32_t* rgbx);

 private:
  /// Columns begin to end - 1 of the destination.
  struct Run {
    int begin = 0, end = 0;
  };
  /// What each column of the destination adds to one coordinate of the source position: rising or falling throughout.
  struct Axis {
    void fill(double step, int width);
    /// The columns whose source pixel is first to last - 1, searched from where `run` lies.
    void find(std::int64_t row, std::int64_t first, std::int64_t last, Run& run) const;

    std::vector<std::int64_t> column;  // 1/1024 pixel
    std::vector<std::int32_t> low;     // the low halves
    bool falling = false;
  };

  ImageView source_;
  WarpKernel kernel_;
  int width_ = 0;
  bool black_ = false;  // a singular map, or nothing to look at
  Affine source_from_destination_;
  Axis x_, y_;
  Run seen_x_, seen_y_, inner_x_, inner_y_;  // of the row before: the next one's are near
};

}  // namespace poise
