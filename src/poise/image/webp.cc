#include <webp/decode.h>
#include <webp/encode.h>

#include <cstring>
#include <memory>
#include <vector>

#include "poise/image/decoders.h"
#include "poise/image/exif.h"

namespace poise::image_detail {
namespace {

/// The EXIF chunk of the RIFF container, wherever it lies; 1 where there is
/// none.
int orientation_of(BytesView bytes) {
  std::size_t at = 12;  // "RIFF", size, "WEBP"
  while (bytes.size() >= 8 && at <= bytes.size() - 8) {
    const std::size_t length = bytes[at + 4] | static_cast<std::size_t>(bytes[at + 5]) << 8U |
                               static_cast<std::size_t>(bytes[at + 6]) << 16U |
                               static_cast<std::size_t>(bytes[at + 7]) << 24U;
    if (length > bytes.size() - at - 8) return 1;
    if (std::memcmp(bytes.data() + at, "EXIF", 4) == 0) return exif_orientation(bytes.subspan(at + 8, length));
    at += 8 + length + (length & 1U);
  }
  return 1;
}

}  // namespace

Result<RawPicture> decode_webp(BytesView bytes, const DecodeOptions& options) {
  const Error broken = malformed("damaged WebP: get the file again");
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK) return broken;
  if (features.has_animation != 0) return unsupported("an animated WebP: take one frame and save it as JPEG or PNG");
  if (features.width <= 0 || features.height <= 0) return broken;
  POISE_RETURN_IF_ERROR(
      check_size(static_cast<std::uint64_t>(features.width), static_cast<std::uint64_t>(features.height), options));
  RawPicture picture{Image(features.width, features.height), orientation_of(bytes)};
  const std::size_t count = static_cast<std::size_t>(features.width) * static_cast<std::size_t>(features.height);
  if (features.has_alpha == 0) {
    if (WebPDecodeRGBInto(bytes.data(), bytes.size(), picture.image.data(), count * 3, features.width * 3) == nullptr) {
      return broken;
    }
    return picture;
  }
  std::vector<std::uint8_t> rgba(count * 4);
  if (WebPDecodeRGBAInto(bytes.data(), bytes.size(), rgba.data(), rgba.size(), features.width * 4) == nullptr) {
    return broken;
  }
  std::uint8_t* rgb = picture.image.data();
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < 3; ++c) rgb[i * 3 + c] = on_white(rgba[i * 4 + c], rgba[i * 4 + 3]);
  }
  return picture;
}

Result<Bytes> encode_webp(const ImageView& image, int quality) {
  if (image.width > WEBP_MAX_DIMENSION || image.height > WEBP_MAX_DIMENSION) {
    return too_large(size_text(image.width, image.height) + " is over WebP's 16383 pixels a side: write PNG");
  }
  std::uint8_t* coded = nullptr;
  const std::size_t size = WebPEncodeRGB(image.data, image.width, image.height, static_cast<int>(image.stride),
                                         static_cast<float>(quality), &coded);
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(coded, WebPFree);
  if (size == 0) return too_large("no memory to write WebP: make the picture smaller");
  return Bytes(coded, coded + size);
}

}  // namespace poise::image_detail
