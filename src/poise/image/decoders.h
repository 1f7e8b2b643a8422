#pragma once
// Private to this folder: one decoder and one encoder a format. codec.cc
// chooses and turns the picture upright.

#include <cstdint>
#include <string>

#include "poise/image/codec.h"

namespace poise::image_detail {

struct RawPicture {
  Image image;            // as stored, not turned
  int orientation = 1;    // EXIF, 1 to 8
  int shrink = 1;         // what the sides were divided by
  bool turned = false;    // upright already, where that was wanted
  std::string note = {};  // what was mended
};

/// Before any pixel is allocated: both sides in 1 to 1,000,000 and the area
/// within max_pixels, and the picture is admitted.
Status check_size(std::uint64_t width, std::uint64_t height, const DecodeOptions& options);
/// "4000x3000"
std::string size_text(std::uint64_t width, std::uint64_t height);

Result<RawPicture> decode_jpeg(BytesView bytes, const DecodeOptions& options);
Result<RawPicture> decode_png(BytesView bytes, const DecodeOptions& options);
Result<RawPicture> decode_webp(BytesView bytes, const DecodeOptions& options);
/// HEIC and AVIF, where reads_heif().
Result<RawPicture> decode_heif(BytesView bytes, const DecodeOptions& options);
bool reads_heif();

Result<Bytes> encode_jpeg(const ImageView& image, int quality);
Result<Bytes> encode_png(const ImageView& image);
Result<Bytes> encode_webp(const ImageView& image, int quality);

/// `channel` of opacity `alpha` laid on white, rounded.
inline std::uint8_t on_white(unsigned channel, unsigned alpha) {
  return static_cast<std::uint8_t>((channel * alpha + 255U * (255U - alpha) + 127U) / 255U);
}

}  // namespace poise::image_detail
