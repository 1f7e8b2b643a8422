#pragma once
// Eight-bit RGB pictures, interleaved (height, width, 3), rows without padding.
// An Image owns, an ImageView looks.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "poise/geometry/point.h"

namespace poise {

/// Read-only look at interleaved 8-bit RGB (or BGR: the holder knows). `stride`
/// is bytes from row to row.
struct ImageView {
  const std::uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t stride = 0;

  const std::uint8_t* row(int y) const { return data + y * stride; }
  Size size() const { return {width, height}; }
  bool empty() const { return width <= 0 || height <= 0; }
};

class Image {
 public:
  Image() = default;
  /// All pixels black. width, height >= 0; the caller has checked the size.
  Image(int width, int height)
      : width_(width),
        height_(height),
        pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3) {}
  Image(Image&&) = default;
  Image& operator=(Image&&) = default;

  int width() const { return width_; }
  int height() const { return height_; }
  Size size() const { return {width_, height_}; }
  bool empty() const { return pixels_.empty(); }
  std::uint8_t* data() { return pixels_.data(); }
  const std::uint8_t* data() const { return pixels_.data(); }
  std::uint8_t* row(int y) { return data() + static_cast<std::ptrdiff_t>(y) * width_ * 3; }
  const std::uint8_t* row(int y) const { return data() + static_cast<std::ptrdiff_t>(y) * width_ * 3; }

  /// A view of a temporary does not compile.
  ImageView view() const& { return {data(), width_, height_, static_cast<std::ptrdiff_t>(width_) * 3}; }
  ImageView view() const&& = delete;
  Image clone() const {
    Image copy;
    copy.width_ = width_;
    copy.height_ = height_;
    copy.pixels_ = pixels_;
    return copy;
  }

 private:
  int width_ = 0;
  int height_ = 0;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace poise
