#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

#include "poise/image/decoders.h"
#include "poise/image/exif.h"

namespace poise::image_detail {
namespace {

constexpr png_uint_32 kMaxSide = 1'000'000;        // libpng's own default
constexpr png_alloc_size_t kMaxChunk = 8'000'000;  // text, profiles: libpng's own default
constexpr std::uint64_t kDeflateRatio = 1032;      // 258 bytes for two bits (RFC 1951, 3.2.5)

/// libpng leaves by longjmp, so each step is one function with trivial locals
/// only; state lives in the object.
class Reader {
 public:
  explicit Reader(BytesView bytes) : left_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &fail<Reader>, &ignore);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool ready() const { return info_ != nullptr; }
  const char* message() const { return message_; }
  png_uint_32 width() const { return png_get_image_width(png_, info_); }
  png_uint_32 height() const { return png_get_image_height(png_, info_); }
  unsigned bits_per_pixel() const { return png_get_bit_depth(png_, info_) * png_get_channels(png_, info_); }
  bool has_alpha() const {
    return (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) != 0 ||
           png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
  }

  bool read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, &take);
    png_set_user_limits(png_, kMaxSide, kMaxSide);
    png_set_chunk_malloc_max(png_, kMaxChunk);
    png_read_info(png_, info_);
    return true;
  }

  /// Every kind of PNG as 8-bit RGB, or RGBA where `alpha`.
  bool set_output(bool alpha) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_expand(png_);
    png_set_strip_16(png_);
    png_set_gray_to_rgb(png_);
    if (!alpha) png_set_strip_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }
  /// Rows come several times, each time with more of their pixels.
  bool is_interlaced() const { return png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE; }
  std::size_t row_bytes() const { return png_get_rowbytes(png_, info_); }

  bool read_rows(png_bytep* rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, info_);
    return true;
  }

  /// The next row of a picture that is not interlaced.
  bool read_row(png_bytep row) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_row(png_, row, nullptr);
    return true;
  }
  bool read_end() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_end(png_, info_);
    return true;
  }

  int orientation() {
    png_uint_32 size = 0;
    png_bytep exif = nullptr;
    if (png_get_eXIf_1(png_, info_, &size, &exif) == 0 || exif == nullptr) return 1;
    return exif_orientation({exif, size});
  }

  template <typename Owner>
  [[noreturn]] static void fail(png_structp png, png_const_charp text) {
    auto* owner = static_cast<Owner*>(png_get_error_ptr(png));
    std::strncpy(owner->message_, text, sizeof owner->message_ - 1);
    png_longjmp(png, 1);
  }
  static void ignore(png_structp /*png*/, png_const_charp /*text*/) {}

 private:
  static void take(png_structp png, png_bytep to, std::size_t count) {
    auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
    if (count > reader->left_.size()) png_error(png, "it ends early");
    std::memcpy(to, reader->left_.data(), count);
    reader->left_ = reader->left_.subspan(count);
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  BytesView left_;
  char message_[128] = {};
};

class Writer {
 public:
  Writer() {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, &Reader::fail<Writer>, &Reader::ignore);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  ~Writer() { png_destroy_write_struct(&png_, &info_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  bool ready() const { return info_ != nullptr; }
  const char* message() const { return message_; }
  Bytes take() { return std::move(bytes_); }

  bool write(const ImageView& image) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_write_fn(png_, this, &append, nullptr);
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    for (int y = 0; y < image.height; ++y) png_write_row(png_, image.row(y));
    png_write_end(png_, info_);
    return true;
  }

 private:
  friend class Reader;
  static void append(png_structp png, png_bytep from, std::size_t count) {
    auto* writer = static_cast<Writer*>(png_get_io_ptr(png));
    bool stored = true;
    try {
      writer->bytes_.insert(writer->bytes_.end(), from, from + count);
    } catch (const std::bad_alloc&) {  // must not cross libpng
      stored = false;
    }
    if (!stored) png_error(png, "no memory");
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  Bytes bytes_;
  char message_[128] = {};
};

/// Every chunk up to IEND lies within the file. libpng allocates text chunks by
/// their claimed length, so this comes first.
bool chunks_fit(BytesView bytes) {
  std::size_t at = 8;  // the signature
  while (bytes.size() >= 12 && at <= bytes.size() - 12) {
    const std::uint8_t* chunk = bytes.data() + at;
    const std::size_t length = png_get_uint_32(chunk);
    if (length > bytes.size() - at - 12) return false;
    if (std::memcmp(chunk + 4, "IEND", 4) == 0) return true;
    at += 12 + length;
  }
  return false;
}

Error broken(const Reader& reader) {
  return malformed(std::string("damaged PNG (") + reader.message() + "): get the file again");
}

bool read_plain(Reader& reader, Image& image) {
  const std::size_t pitch = static_cast<std::size_t>(image.width()) * 3;
  std::vector<png_bytep> rows(static_cast<std::size_t>(image.height()));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = image.data() + y * pitch;
  return reader.read_rows(rows.data());
}

void lay_on_white(const std::uint8_t* rgba, std::size_t count, std::uint8_t* rgb) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < 3; ++c) rgb[i * 3 + c] = on_white(rgba[i * 4 + c], rgba[i * 4 + 3]);
  }
}

/// Only an interlaced picture is held with its opacity as a whole.
bool read_with_alpha(Reader& reader, Image& image) {
  const auto width = static_cast<std::size_t>(image.width());
  const auto height = static_cast<std::size_t>(image.height());
  const bool interlaced = reader.is_interlaced();
  std::vector<std::uint8_t> rgba(width * 4 * (interlaced ? height : 1));
  if (!interlaced) {
    for (std::size_t y = 0; y < height; ++y) {
      if (!reader.read_row(rgba.data())) return false;
      lay_on_white(rgba.data(), width, image.data() + y * width * 3);
    }
    return reader.read_end();
  }
  std::vector<png_bytep> rows(height);
  for (std::size_t y = 0; y < height; ++y) rows[y] = rgba.data() + y * width * 4;
  if (!reader.read_rows(rows.data())) return false;
  lay_on_white(rgba.data(), width * height, image.data());
  return true;
}

}  // namespace

Result<RawPicture> decode_png(BytesView bytes, const DecodeOptions& options) {
  if (!chunks_fit(bytes)) return malformed("damaged PNG (it ends early): get the file again");
  Reader reader(bytes);
  if (!reader.ready()) return too_large("no memory for a PNG decoder: close other programs");
  if (!reader.read_header()) return broken(reader);
  const std::uint64_t width = reader.width();
  const std::uint64_t height = reader.height();
  POISE_RETURN_IF_ERROR(check_size(width, height, options));
  if (width * height * reader.bits_per_pixel() / 8 > kDeflateRatio * bytes.size()) {
    return malformed("damaged PNG (too short for " + size_text(width, height) + " pixels): get the file again");
  }

  const bool alpha = reader.has_alpha();
  if (!reader.set_output(alpha)) return broken(reader);
  const std::size_t pitch = static_cast<std::size_t>(width) * (alpha ? 4 : 3);
  if (reader.row_bytes() != pitch) return malformed("damaged PNG (odd row length): get the file again");
  RawPicture picture{Image(static_cast<int>(width), static_cast<int>(height)), 1};
  const bool read = alpha ? read_with_alpha(reader, picture.image) : read_plain(reader, picture.image);
  if (!read) return broken(reader);
  picture.orientation = reader.orientation();
  return picture;
}

Result<Bytes> encode_png(const ImageView& image) {
  if (static_cast<png_uint_32>(image.width) > kMaxSide || static_cast<png_uint_32>(image.height) > kMaxSide) {
    return too_large(size_text(image.width, image.height) + " is over PNG's 1000000 pixels a side: make it smaller");
  }
  Writer writer;
  if (!writer.ready()) return too_large("no memory for a PNG encoder: close other programs");
  if (!writer.write(image)) return io_error(std::string("cannot write PNG: ") + writer.message());
  return writer.take();
}

}  // namespace poise::image_detail
