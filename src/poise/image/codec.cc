#include "poise/image/codec.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "poise/image/decoders.h"
#include "poise/image/exif.h"

namespace poise {
namespace image_detail {

std::string size_text(std::uint64_t width, std::uint64_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

Status check_size(std::uint64_t width, std::uint64_t height, const DecodeOptions& options) {
  constexpr std::uint64_t kMaxSide = 1'000'000;  // so that a row of RGBA fits an int
  if (width == 0 || height == 0) return malformed("a picture without pixels: get the file again");
  if (width > kMaxSide || height > kMaxSide || width * height > options.max_pixels) {
    return too_large("the picture is " + size_text(width, height) + " pixels, the limit is " +
                     std::to_string(options.max_pixels) + " in all: make it smaller or raise the limit");
  }
  return options.admit ? options.admit(width * height) : Status();
}

}  // namespace image_detail

namespace {

using image_detail::RawPicture;

bool has(BytesView bytes, std::size_t at, std::string_view magic) {
  return bytes.size() >= at + magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char want, std::uint8_t is) { return static_cast<std::uint8_t>(want) == is; });
}

/// HEIC and AVIF: files of the ISO base media format with one of these brands first.
bool is_heif(BytesView bytes) {
  using namespace std::string_view_literals;
  constexpr std::array kBrands{"heic"sv, "heix"sv, "hevc"sv, "heim"sv, "heis"sv,
                               "mif1"sv, "msf1"sv, "avif"sv, "avis"sv};
  return has(bytes, 4, "ftyp"sv) && std::ranges::any_of(kBrands, [&](auto brand) { return has(bytes, 8, brand); });
}

/// Pictures that we can name but do not read; nullptr where the bytes are none
/// of them.
const char* foreign_format(BytesView bytes) {
  using namespace std::string_view_literals;
  if (has(bytes, 0, "GIF8"sv)) return "GIF";
  if (has(bytes, 0, "BM"sv) && bytes.size() >= 26) return "BMP";
  if (has(bytes, 0, "II*\0"sv) || has(bytes, 0, "MM\0*"sv)) return "TIFF";
  return nullptr;
}

Result<RawPicture> decode_raw(BytesView bytes, const DecodeOptions& options) {
  using namespace std::string_view_literals;
  if (has(bytes, 0, "\xFF\xD8\xFF"sv)) return image_detail::decode_jpeg(bytes, options);
  if (has(bytes, 0, "\x89PNG\r\n\x1A\n"sv)) return image_detail::decode_png(bytes, options);
  if (has(bytes, 0, "RIFF"sv) && has(bytes, 8, "WEBP"sv)) return image_detail::decode_webp(bytes, options);
  if (is_heif(bytes)) return image_detail::decode_heif(bytes, options);
  if (bytes.empty()) return malformed("the file is empty");
  if (has(bytes, 1, "PNG"sv))
    return malformed(
        "a PNG whose signature is damaged: copy the file again, "
        "in binary mode");
  if (const char* name = foreign_format(bytes)) {
    return unsupported(std::string(name) + " is not read: convert it to JPEG or PNG");
  }
  if (has(bytes, 4, "ftyp"sv) || has(bytes, 0, "\x1A\x45\xDF\xA3"sv) ||
      (has(bytes, 0, "RIFF"sv) && has(bytes, 8, "AVI "sv))) {
    return unsupported("a video, not a picture: videos are tracked (poise track)");
  }
  return malformed("not a JPEG, PNG or WebP picture");
}

std::optional<ImageFormat> format_of(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (extension == ".jpg" || extension == ".jpeg") return ImageFormat::kJpeg;
  if (extension == ".png") return ImageFormat::kPng;
  if (extension == ".webp") return ImageFormat::kWebp;
  return std::nullopt;
}

}  // namespace

Result<DecodedImage> decode_image(BytesView bytes, const DecodeOptions& given) {
  // However often a decoder looks at its size, or tries again, it is one picture: it is admitted once.
  DecodeOptions options = given;
  bool admitted = false;
  if (given.admit) {
    options.admit = [&](std::uint64_t pixels) {
      if (std::exchange(admitted, true)) return Status();
      return given.admit(pixels);
    };
  }
  if (bytes.size() > options.max_bytes) {
    return too_large("the file has " + std::to_string(bytes.size()) + " bytes, the limit is " +
                     std::to_string(options.max_bytes) + ": make it smaller or raise the limit");
  }
  if (options.shrink != 1 && options.shrink != 2 && options.shrink != 4 && options.shrink != 8) {
    return invalid_argument("shrink " + std::to_string(options.shrink) + " is not 1, 2, 4 or 8");
  }
  try {
    POISE_TRY(RawPicture raw, decode_raw(bytes, options));
    DecodedImage decoded;
    decoded.exif_orientation = raw.orientation;
    decoded.shrink = raw.shrink;
    decoded.note = std::move(raw.note);
    decoded.exif_applied = options.exif == Exif::kApply && raw.orientation != 1;
    decoded.image =
        decoded.exif_applied && !raw.turned ? upright(std::move(raw.image), raw.orientation) : std::move(raw.image);
    return decoded;
  } catch (const std::bad_alloc&) {
    return too_large("no memory for the picture: make it smaller");
  }
}

Result<DecodedImage> read_image_file(const std::filesystem::path& path, const DecodeOptions& options) {
  auto bytes = read_file(path, options.max_bytes);
  if (!bytes) return bytes.error().prefixed(path.string());
  auto decoded = decode_image(*bytes, options);
  if (!decoded) return decoded.error().prefixed(path.string());
  return decoded;
}

Result<Image> read_image(const std::filesystem::path& path) {
  POISE_TRY(DecodedImage decoded, read_image_file(path));
  return std::move(decoded.image);
}

Result<Bytes> encode_image(const ImageView& image, const EncodeOptions& options) {
  if (image.empty() || image.data == nullptr) return invalid_argument("cannot write a picture without pixels");
  if (options.quality < 1 || options.quality > 100) {
    return invalid_argument("quality " + std::to_string(options.quality) + " is outside 1 to 100");
  }
  if (image.order != PixelOrder::kRgb) {
    const Image rgb = to_rgb(image);
    return encode_image(rgb.view(), options);
  }
  switch (options.format) {
    case ImageFormat::kJpeg:
      return image_detail::encode_jpeg(image, options.quality);
    case ImageFormat::kPng:
      return image_detail::encode_png(image);
    case ImageFormat::kWebp:
      return image_detail::encode_webp(image, options.quality);
  }
  return invalid_argument("unknown picture format");
}

Status write_image(const std::filesystem::path& path, const ImageView& image, int quality) {
  const std::optional<ImageFormat> format = format_of(path);
  if (!format) {
    return unsupported(path.string() + ": cannot write \"" + path.extension().string() +
                       "\": name the file .jpg, .jpeg, .png or .webp");
  }
  auto bytes = encode_image(image, {.format = *format, .quality = quality});
  if (!bytes) return bytes.error().prefixed(path.string());
  return write_file_atomic(path, *bytes);
}

}  // namespace poise
