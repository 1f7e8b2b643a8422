#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

/// Whole, but of a kind that is rare in photographs: the file is not to blame.
bool is_rare_kind(std::string_view why) {
  return why.starts_with("Unsupported JPEG process") || why.starts_with("Unsupported JPEG data precision");
}

Error broken(const Handle& handle) {
  const std::string why = tjGetErrorStr2(handle.get());
  if (is_rare_kind(why)) return unsupported("a JPEG of a rare kind (" + why + "): save it again as PNG or JPEG");
  return malformed(std::string("damaged JPEG (") + tjGetErrorStr2(handle.get()) + "): get the file again");
}

/// One row of Adobe CMYK, in which 255 means no ink, over a row of RGB.
void rgb_from_cmyk(const std::uint8_t* cmyk, int width, std::uint8_t* rgb) {
  for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>((cmyk[c] * cmyk[3] + 127) / 255);
  }
}

/// The file without bytes between its segments that belong to none; nothing where there are none, or more than a few.
std::optional<Bytes> without_stray_bytes(BytesView bytes) {
  constexpr std::size_t kMostStray = 16;  // more is another kind of damage
  Bytes clean(bytes.begin(), bytes.begin() + 2);
  std::size_t stray = 0;
  for (std::size_t at = 2; at + 4 <= bytes.size();) {
    const std::uint8_t marker = bytes[at + 1];
    if (bytes[at] != 0xFF || marker == 0xFF || marker == 0x00) {
      stray += bytes[at] == 0xFF && marker == 0xFF ? 0 : 1;  // 0xFF before a marker is legal
      if (stray > kMostStray) return std::nullopt;
      ++at;
      continue;
    }
    const bool alone = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD9);
    const std::size_t length = alone ? 0 : static_cast<std::size_t>(bytes[at + 2]) << 8U | bytes[at + 3];
    if ((!alone && length < 2) || length > bytes.size() - at - 2) return std::nullopt;
    const std::size_t end = marker == 0xDA ? bytes.size() : at + 2 + length;
    clean.insert(clean.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(end));
    if (marker == 0xDA) return stray > 0 ? std::optional(std::move(clean)) : std::nullopt;
    at = end;
  }
  return std::nullopt;
}

/// Of a component: the lowest bit that the scans so far bring of each of its 64 coefficients.
using Coefficients = std::array<std::uint8_t, 64>;

/// Whether the scans bring every bit of every coefficient: a progressive file that ends between two scans looks whole
/// to a decoder. No scan after the last is told apart from its own coded data.
bool has_all_scans(BytesView bytes) {
  constexpr std::uint8_t kNothing = 255;
  std::map<std::uint8_t, Coefficients> components;
  const auto skip_coded = [&](std::size_t at) {
    while (at + 1 < bytes.size() && (bytes[at] != 0xFF || bytes[at + 1] == 0x00 || bytes[at + 1] == 0xFF ||
                                     (bytes[at + 1] >= 0xD0 && bytes[at + 1] <= 0xD7))) {
      ++at;
    }
    return at;
  };
  for (std::size_t at = 2; at + 4 <= bytes.size() && bytes[at] == 0xFF && bytes[at + 1] != 0xD9;) {
    const std::uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {
      ++at;
      continue;
    }
    const std::size_t length = static_cast<std::size_t>(bytes[at + 2]) << 8U | bytes[at + 3];
    if (length < 2 || length > bytes.size() - at - 2) return false;
    const BytesView body = bytes.subspan(at + 4, length - 2);
    at += 2 + length;
    if (marker >= 0xC0 && marker <= 0xC2) {
      for (std::size_t k = 6; k + 2 < body.size(); k += 3) components[body[k]].fill(kNothing);
    } else if (marker == 0xDA) {
      const std::size_t count = body.empty() ? 0 : body[0];
      if (body.size() < 4 + 2 * count) return false;
      const std::uint8_t first = body[1 + 2 * count];
      const std::uint8_t last = body[2 + 2 * count];
      for (std::size_t k = 0; k < count && first <= last && last < 64; ++k) {
        Coefficients& own = components[body[1 + 2 * k]];
        std::fill(own.begin() + first, own.begin() + last + 1, static_cast<std::uint8_t>(body[3 + 2 * count] & 0x0FU));
      }
      at = skip_coded(at);
    }
  }
  return !components.empty() && std::all_of(components.begin(), components.end(), [](const auto& component) {
    return std::all_of(component.second.begin(), component.second.end(), [](std::uint8_t bit) { return bit == 0; });
  });
}

/// Ways in which the file may be meant whose end mark is missing; none where it is there. Zeros at the end are no part
/// of it: a file system's, which had the room but not the last bytes. One of them may be data.
std::vector<Bytes> with_end_mark(BytesView bytes) {
  constexpr std::array<std::uint8_t, 2> kEnd{0xFF, 0xD9};
  constexpr std::array<std::uint8_t, 2> kScan{0xFF, 0xDA};
  const auto scan = std::find_end(bytes.begin(), bytes.end(), kScan.begin(), kScan.end());
  if (std::search(scan, bytes.end(), kEnd.begin(), kEnd.end()) != bytes.end()) return {};
  std::size_t size = bytes.size();
  while (size > 0 && bytes[size - 1] == 0) --size;
  std::vector<Bytes> ways;
  for (std::size_t zeros = 0; zeros < 2 && size + zeros <= bytes.size(); ++zeros) {
    Bytes& way = ways.emplace_back(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size + zeros));
    way.insert(way.end(), kEnd.begin(), kEnd.end());
  }
  return ways;
}

Result<RawPicture> decode_as_it_is(BytesView bytes, const DecodeOptions& options) {
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

}  // namespace

Result<RawPicture> decode_jpeg(BytesView bytes, const DecodeOptions& options) {
  Result<RawPicture> picture = decode_as_it_is(bytes, options);
  if (picture.ok() || picture.error().code != ErrorCode::kMalformed) return picture;
  std::string note;
  const std::optional<Bytes> clean = without_stray_bytes(bytes);
  if (clean) {
    bytes = *clean;
    note = "stray bytes between the segments of this JPEG were passed over";
    Result<RawPicture> mended = decode_as_it_is(bytes, options);
    if (mended.ok()) {
      mended->note = note;
      return mended;
    }
  }
  for (const Bytes& whole : with_end_mark(bytes)) {
    if (!has_all_scans(whole)) continue;
    Result<RawPicture> mended = decode_as_it_is(whole, options);
    if (!mended.ok()) continue;
    mended->note = (note.empty() ? "" : note + "; ") + "this JPEG lacks its end mark, all pixels are there";
    return mended;
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
