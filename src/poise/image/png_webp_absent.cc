// In place of png.cc and webp.cc where libpng and libwebp are not built in: the training program alone.

#include "poise/image/decoders.h"

namespace poise::image_detail {
namespace {

Error absent(const char* format) {
  return unsupported(std::string("this build knows no ") + format + ", only JPEG: write JPEG, or packs of it");
}

}  // namespace

Result<RawPicture> decode_png(BytesView /*bytes*/, const DecodeOptions& /*options*/) { return absent("PNG"); }
Result<RawPicture> decode_webp(BytesView /*bytes*/, const DecodeOptions& /*options*/) { return absent("WebP"); }
Result<Bytes> encode_png(const ImageView& /*image*/) { return absent("PNG"); }
Result<Bytes> encode_webp(const ImageView& /*image*/, int /*quality*/) { return absent("WebP"); }

}  // namespace poise::image_detail
