#pragma once
// JPEG (libturbojpeg), PNG (libpng) and WebP (libwebp) in and out, HEIC and AVIF in where libheif was there at build
// time, told apart by content, never by file name. Always RGB in memory: grey is spread over three channels, alpha is
// laid on white, 16 bits are cut to 8. The training program built alone (POISE_TRAIN_ONLY) has JPEG; the others are
// kUnsupported.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <utility>

#include "poise/base/file.h"
#include "poise/base/result.h"
#include "poise/image/image.h"

namespace poise {

/// Asked once a picture, with its pixels, before memory is taken for them; it may wait
/// until others are done, and an error of it ends the reading.
using AdmitPixels = std::function<Status(std::uint64_t pixels)>;

enum class Exif { kApply, kIgnore };

struct DecodeOptions {
  Exif exif = Exif::kApply;                // turn the picture upright as its EXIF orientation
                                           // (1 to 8) says
  std::uint64_t max_pixels = 256'000'000;  // refused before allocation
  std::uint64_t max_bytes = 512U << 20U;   // of the file
  int shrink = 1;          // 2, 4 or 8: a JPEG's sides are divided by it while decoding, rounded up: faster, and smooth
  AdmitPixels admit = {};  // empty: every picture

  /// The same, where each picture is asked for first.
  DecodeOptions admitted_by(AdmitPixels admission) const {
    DecodeOptions options = *this;
    options.admit = std::move(admission);
    return options;
  }
};

struct DecodedImage {
  Image image;
  int exif_orientation = 1;   // 1 to 8 as found in the file; 1 where there is none
  bool exif_applied = false;  // the pixels were turned
  int shrink = 1;             // what the sides were divided by: 1 for all but JPEGs; a pixel is the mean of so many
  std::string note = {};      // what is odd about the file, though no pixel is missing: to be said aloud
};

/// Errors: kMalformed (not a picture, or broken: named), kUnsupported (a format
/// we do not read), kTooLarge. A JPEG that ends early or is damaged is an
/// error, not a half-grey picture; one that lacks its end mark alone, or has a
/// few stray bytes between its segments, is read with a note. Thread-safe.
Result<DecodedImage> decode_image(BytesView bytes, const DecodeOptions& options = {});
/// Errors as decode_image and read_file; messages start with the path.
Result<DecodedImage> read_image_file(const std::filesystem::path& path, const DecodeOptions& options = {});
/// The upright pixels alone.
Result<Image> read_image(const std::filesystem::path& path);

enum class ImageFormat { kJpeg, kPng, kWebp };
struct EncodeOptions {
  ImageFormat format = ImageFormat::kJpeg;
  int quality = 92;  // JPEG and WebP, 1 to 100
};
/// Of any pixel order; what is written is RGB. Pure.
Result<Bytes> encode_image(const ImageView& image, const EncodeOptions& options = {});
/// By the extension (.jpg .jpeg .png .webp; others are kUnsupported); atomic.
Status write_image(const std::filesystem::path& path, const ImageView& image, int quality = 92);
inline Status write_image(const std::filesystem::path& path, const Image& image, int quality = 92) {
  return write_image(path, image.view(), quality);
}

}  // namespace poise
