#include <turbojpeg.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "poise/image/decoders.h"
#include "poise/image/exif.h"

namespace poise::image_detail {
namespace {

struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Handle = std::unique_ptr<void, Destroy>;

struct Header {
  int orientation = 1;
  bool arithmetic = false;
  bool huffman = false;  // the frame is coded with Huffman codes: at least one bit a block
};

/// Walks the marker segments up to the first scan (ITU T.81, annex B).
Header scan_header(BytesView bytes) {
  Header header;
  bool exif_seen = false;
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (bytes[at] != 0xFF) return header;
    const std::uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    if (marker == 0xDA || marker == 0xD9) return header;
    const bool alone = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    if (alone) {
      at += 2;
      continue;
    }
    const std::size_t length = static_cast<std::size_t>(bytes[at + 2]) << 8U | bytes[at + 3];
    if (length < 2 || length > bytes.size() - at - 2) return header;
    const BytesView body = bytes.subspan(at + 4, length - 2);
    if (marker >= 0xC0 && marker <= 0xC2) header.huffman = true;
    if (marker >= 0xC9 && marker <= 0xCF && marker != 0xCC) header.arithmetic = true;
    if (marker == 0xE1 && !exif_seen && body.size() > 6 && body[0] == 'E' && body[1] == 'x' && body[2] == 'i') {
      exif_seen = true;
      header.orientation = exif_orientation(body);
    }
    at += 2 + length;
  }
  return header;
}

/// Start-of-scan markers; in the coded data 0xFF is never followed by one. A thumbnail's may count too.
std::uint64_t count_scans(BytesView bytes) {
  std::uint64_t scans = 0;
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    if (bytes[i] == 0xDA && bytes[i - 1] == 0xFF) ++scans;
  }
  return scans;
}

Error broken(const Handle& handle) {
  return malformed(std::string("damaged JPEG (") + tjGetErrorStr2(handle.get()) + "): get the file again");
}

/// One row of Adobe CMYK, in which 255 means no ink, over a row of RGB.
void rgb_from_cmyk(const std::uint8_t* cmyk, int width, std::uint8_t* rgb) {
  for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>((cmyk[c] * cmyk[3] + 127) / 255);
  }
}

}  // namespace

Result<RawPicture> decode_jpeg(BytesView bytes, const DecodeOptions& options) {
  const Handle handle(tjInitDecompress());
  if (!handle) return too_large("no memory for a JPEG decoder: close other programs");
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  const int status =
      tjDecompressHeader3(handle.get(), bytes.data(), bytes.size(), &width, &height, &subsampling, &colours);
  // An odd subsampling is reported as a failure with the size filled in; the
  // decoder proper reads it all the same.
  if (status != 0 && (width <= 0 || height <= 0)) return broken(handle);
  POISE_RETURN_IF_ERROR(check_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height), options));
  const Header header = scan_header(bytes);
  // Huffman codes spend at least one bit on each 8x8 block; the finest
  // component has at least a quarter of the pixels (sampling factors reach 4,
  // and two components may each be finest along another axis).
  const std::uint64_t pixels = static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
  if (header.huffman && pixels / (std::uint64_t{8} * 64 * 4) > bytes.size()) {
    return malformed("damaged JPEG (too short for " + size_text(width, height) + " pixels): get the file again");
  }

  if (header.arithmetic) return unsupported("a JPEG with arithmetic coding is not read: save it again as PNG or JPEG");
  constexpr std::uint64_t kUsualScans = 32;  // progressive files have about ten
  constexpr std::uint64_t kMostWork = 2'000'000'000;
  if (const std::uint64_t scans = count_scans(bytes); scans > kUsualScans && scans * pixels > kMostWork) {
    return too_large("a JPEG of " + size_text(width, height) + " pixels in " + std::to_string(scans) +
                     " scans takes too long: save it again");
  }

  // Limited scans: a small progressive file must not cost minutes.
  constexpr int kFlags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
  if (colours != TJCS_CMYK && colours != TJCS_YCCK) {
    const tjscalingfactor factor{1, options.shrink};
    const Size size{TJSCALED(width, factor), TJSCALED(height, factor)};
    RawPicture picture{Image(size.width, size.height), header.orientation, options.shrink};
    if (tjDecompress2(handle.get(), bytes.data(), bytes.size(), picture.image.data(), size.width, size.width * 3,
                      size.height, TJPF_RGB, kFlags) != 0) {
      return broken(handle);
    }
    return picture;
  }
  RawPicture picture{Image(width, height), header.orientation};
  const std::size_t pitch = static_cast<std::size_t>(width) * 4;
  std::vector<std::uint8_t> cmyk(pitch * static_cast<std::size_t>(height));
  if (tjDecompress2(handle.get(), bytes.data(), bytes.size(), cmyk.data(), width, width * 4, height, TJPF_CMYK,
                    kFlags) != 0) {
    return broken(handle);
  }
  for (int y = 0; y < height; ++y) {
    rgb_from_cmyk(cmyk.data() + static_cast<std::size_t>(y) * pitch, width, picture.image.row(y));
  }
  return picture;
}

Result<Bytes> encode_jpeg(const ImageView& image, int quality) {
  if (image.width > 65500 || image.height > 65500) {
    return too_large(size_text(image.width, image.height) + " is over JPEG's 65500 pixels a side: write PNG");
  }
  const Handle handle(tjInitCompress());
  if (!handle) return too_large("no memory for a JPEG encoder: close other programs");
  unsigned char* coded = nullptr;
  unsigned long size = 0;
  // Chroma at full resolution: thin coloured limbs stay crisp.
  const int status = tjCompress2(handle.get(), image.data, image.width, static_cast<int>(image.stride), image.height,
                                 TJPF_RGB, &coded, &size, TJSAMP_444, quality, TJFLAG_ACCURATEDCT);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(coded, tjFree);
  if (status != 0) return io_error(std::string("cannot write JPEG: ") + tjGetErrorStr2(handle.get()));
  return Bytes(coded, coded + size);
}

}  // namespace poise::image_detail
