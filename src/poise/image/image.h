#pragma once
// Eight-bit pictures, interleaved. An Image owns RGB, (height, width, 3), rows without padding; views look at anybody's
// pixels, in the order they say. Values without hidden state: distinct ones may be used in any threads.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "poise/geometry/point.h"

namespace poise {

/// What a pixel's bytes are, lowest address first. The fourth byte is passed over where pixels are read, and kept where
/// they are drawn on. cv::Mat as cv::imread and cameras give it is kBgr.
enum class PixelOrder : std::uint8_t { kRgb, kBgr, kGrey, kRgba, kBgra };

constexpr int bytes_per_pixel(PixelOrder order) {
  return order == PixelOrder::kGrey ? 1 : order == PixelOrder::kRgb || order == PixelOrder::kBgr ? 3 : 4;
}

/// Where red, green and blue lie within a pixel; all three at 0 where it is grey.
struct ChannelOffsets {
  int red = 0, green = 0, blue = 0;
};
constexpr ChannelOffsets channel_offsets(PixelOrder order) {
  if (order == PixelOrder::kGrey) return {0, 0, 0};
  const bool blue_first = order == PixelOrder::kBgr || order == PixelOrder::kBgra;
  return blue_first ? ChannelOffsets{2, 1, 0} : ChannelOffsets{0, 1, 2};
}

/// Read-only look at interleaved 8-bit pixels. `stride` is bytes from row to row.
struct ImageView {
  const std::uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t stride = 0;
  PixelOrder order = PixelOrder::kRgb;  // say it of every buffer that is not an Image

  const std::uint8_t* row(int y) const { return data + y * stride; }
  Size size() const { return {width, height}; }
  bool empty() const { return width <= 0 || height <= 0; }
};

/// The same, to be drawn on.
struct MutableImageView {
  std::uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t stride = 0;
  PixelOrder order = PixelOrder::kRgb;  // say it of every buffer that is not an Image

  std::uint8_t* row(int y) const { return data + y * stride; }
  Size size() const { return {width, height}; }
  bool empty() const { return width <= 0 || height <= 0; }
  operator ImageView() const { return {data, width, height, stride, order}; }
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
  MutableImageView mutable_view() & { return {data(), width_, height_, static_cast<std::ptrdiff_t>(width_) * 3}; }
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

/// A copy as RGB, whatever the order was. Pure.
Image to_rgb(const ImageView& view);

/// One row's `count` pixels from column `first` on, as RGB. Pure.
void write_rgb_row(const ImageView& view, int y, int first, int count, std::uint8_t* rgb);

}  // namespace poise
