// In place of heif.cc where libheif is not built in.

#include "poise/image/decoders.h"

namespace poise::image_detail {

bool reads_heif() { return false; }

Result<RawPicture> decode_heif(BytesView /*bytes*/, const DecodeOptions& /*options*/) {
  return unsupported(
      "HEIC and AVIF are not read by this build, which has no libheif (POISE_HEIF): convert it to JPEG or PNG; an "
      "iPhone takes JPEGs with Settings, Camera, Formats, Most Compatible");
}

}  // namespace poise::image_detail
