// HEIC, the format of phones, and AVIF, by libheif, which turns pictures as their container says; an EXIF orientation
// beside that repeats it and must not be followed once more (ISO/IEC 23008-12, 6.5.10 and annex A).

#include <libheif/heif.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "poise/image/decoders.h"
#include "poise/image/exif.h"

namespace poise::image_detail {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Context = std::unique_ptr<heif_context, Free<heif_context_free>>;
using Handle = std::unique_ptr<heif_image_handle, Free<heif_image_handle_release>>;
using Options = std::unique_ptr<heif_decoding_options, Free<heif_decoding_options_free>>;
using Decoded = std::unique_ptr<heif_image, Free<heif_image_release>>;

Error broken(const heif_error& error) {
  if (error.subcode == heif_suberror_Unsupported_codec || error.code == heif_error_Unsupported_filetype)
    return unsupported("libheif here has no decoder for this picture (AVIF wants libaom or dav1d): convert it to JPEG");
  const std::string why = error.message == nullptr ? "" : " (" + std::string(error.message) + ")";
  return malformed("damaged HEIC or AVIF: get the file again" + why);
}

/// What the EXIF block says, 1 where there is none.
int exif_orientation_of(const heif_image_handle* handle) {
  heif_item_id id = 0;
  if (heif_image_handle_get_list_of_metadata_block_IDs(handle, "Exif", &id, 1) < 1) return 1;
  constexpr std::size_t kMost = 1U << 20U;
  const std::size_t size = heif_image_handle_get_metadata_size(handle, id);
  constexpr std::size_t kOffset = 4;  // how far the TIFF header lies behind these four bytes (A.2.1)
  if (size <= kOffset || size > kMost) return 1;
  Bytes block(size);
  if (heif_image_handle_get_metadata(handle, id, block.data()).code != heif_error_Ok) return 1;
  const std::size_t skip = kOffset + (std::size_t{block[0]} << 24U | std::size_t{block[1]} << 16U |
                                      std::size_t{block[2]} << 8U | std::size_t{block[3]});
  return skip < size ? exif_orientation(BytesView(block).subspan(skip)) : 1;
}

Status copy_rows(const heif_image* from, bool alpha, Image& to) {
  int stride = 0;
  const std::uint8_t* plane = heif_image_get_plane_readonly(from, heif_channel_interleaved, &stride);
  if (plane == nullptr) return malformed("damaged HEIC or AVIF: it has no pixels");
  for (int y = 0; y < to.height(); ++y) {
    const std::uint8_t* source = plane + static_cast<std::ptrdiff_t>(y) * stride;
    std::uint8_t* row = to.row(y);
    if (!alpha) {
      std::copy_n(source, static_cast<std::ptrdiff_t>(to.width()) * 3, row);
      continue;
    }
    for (int x = 0; x < to.width(); ++x) {
      for (int c = 0; c < 3; ++c) row[3 * x + c] = on_white(source[4 * x + c], source[4 * x + 3]);
    }
  }
  return {};
}

}  // namespace

bool reads_heif() { return true; }

Result<RawPicture> decode_heif(BytesView bytes, const DecodeOptions& options) {
  const Context context(heif_context_alloc());
  if (context == nullptr) return too_large("no memory for the picture: make it smaller");
  constexpr int kMaxSide = 1 << 16;  // of what its tiles may claim, before check_size
  heif_context_set_maximum_image_size_limit(context.get(), kMaxSide);
  heif_context_set_max_decoding_threads(context.get(), 0);  // the caller's: pictures are read side by side
  heif_error error = heif_context_read_from_memory_without_copy(context.get(), bytes.data(), bytes.size(), nullptr);
  if (error.code != heif_error_Ok) return broken(error);
  heif_image_handle* primary = nullptr;
  error = heif_context_get_primary_image_handle(context.get(), &primary);
  if (error.code != heif_error_Ok) return broken(error);
  const Handle handle(primary);
  const auto side = [](int pixels) { return static_cast<std::uint64_t>(std::max(pixels, 0)); };
  POISE_RETURN_IF_ERROR(
      check_size(side(heif_image_handle_get_width(primary)), side(heif_image_handle_get_height(primary)), options));
  POISE_RETURN_IF_ERROR(check_size(side(heif_image_handle_get_ispe_width(primary)),
                                   side(heif_image_handle_get_ispe_height(primary)), options));
  const Options how(heif_decoding_options_alloc());
  if (how == nullptr) return too_large("no memory for the picture: make it smaller");
  how->ignore_transformations = options.exif == Exif::kIgnore ? 1 : 0;
  how->convert_hdr_to_8bit = 1;
  const bool alpha = heif_image_handle_has_alpha_channel(primary) != 0;
  heif_image* decoded = nullptr;
  error = heif_decode_image(primary, &decoded, heif_colorspace_RGB,
                            alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, how.get());
  const Decoded owner(decoded);
  if (error.code != heif_error_Ok) return broken(error);
  const int width = heif_image_get_width(decoded, heif_channel_interleaved);
  const int height = heif_image_get_height(decoded, heif_channel_interleaved);
  POISE_RETURN_IF_ERROR(check_size(side(width), side(height), options));
  RawPicture picture{Image(width, height), exif_orientation_of(primary)};
  picture.turned = true;
  POISE_RETURN_IF_ERROR(copy_rows(decoded, alpha, picture.image));
  return picture;
}

}  // namespace poise::image_detail
