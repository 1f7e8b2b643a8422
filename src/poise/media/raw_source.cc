#include "poise/media/raw_source.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <system_error>
#include <vector>

#include "poise/base/counted.h"
#include "poise/base/file.h"
#include "poise/base/printable.h"

namespace poise {
namespace {

struct Name {
  std::string_view word;
  PixelFormat format;
};
constexpr std::array<Name, 5> kNames{{{"bgr24", PixelFormat::kBgr24},
                                      {"rgb24", PixelFormat::kRgb24},
                                      {"gray8", PixelFormat::kGray8},
                                      {"nv12", PixelFormat::kNv12},
                                      {"yuv420p", PixelFormat::kYuv420p}}};
constexpr std::uint64_t kMaxPixels = 64'000'000;

/// The number that `text` begins with, taken off it; false where there is none.
template <typename T>
bool take_number(std::string_view& text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

Status check(const RawFormat& format) {
  if (format.width < 1 || format.height < 1) return invalid_argument("the sides of a raw frame must be at least 1");
  if (static_cast<std::uint64_t>(format.width) * static_cast<std::uint64_t>(format.height) > kMaxPixels) {
    return too_large("a raw frame has more than " + std::to_string(kMaxPixels) + " pixels");
  }
  if (!std::isfinite(format.frames_per_second) || format.frames_per_second <= 0) {
    return invalid_argument("the rate of raw frames must be above 0");
  }
  return {};
}

std::uint8_t to_byte(float value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.F, 255.F)); }

/// ITU-R BT.601-7 and BT.709-6, inverted, video range.
struct YuvToRgb {
  float red_v, green_u, green_v, blue_u;
};
constexpr YuvToRgb kBt601{1.402F, 0.344136F, 0.714136F, 1.772F}, kBt709{1.5748F, 0.187324F, 0.468124F, 1.8556F};

/// A sample for two pixels, `step` bytes from one to the next.
struct Chroma {
  const std::uint8_t* u;
  const std::uint8_t* v;
  int step;
};

void yuv_row(const YuvToRgb& to, const std::uint8_t* luma, const Chroma& chroma, int width, std::uint8_t* rgb) {
  constexpr float kLuma = 255.F / 219, kChroma = 255.F / 224;
  for (int x = 0; x < width; ++x) {
    const float y = (static_cast<float>(luma[x]) - 16) * kLuma;
    const float cb = (static_cast<float>(chroma.u[(x / 2) * chroma.step]) - 128) * kChroma;
    const float cr = (static_cast<float>(chroma.v[(x / 2) * chroma.step]) - 128) * kChroma;
    *rgb++ = to_byte(y + to.red_v * cr);
    *rgb++ = to_byte(y - to.green_u * cb - to.green_v * cr);
    *rgb++ = to_byte(y + to.blue_u * cb);
  }
}

void packed_row(PixelFormat format, const std::uint8_t* from, int width, std::uint8_t* rgb) {
  if (format == PixelFormat::kRgb24) {
    std::copy_n(from, static_cast<std::size_t>(width) * 3, rgb);
    return;
  }
  for (int x = 0; x < width; ++x, rgb += 3) {
    const std::uint8_t* pixel = format == PixelFormat::kGray8 ? from + x : from + x * 3;
    rgb[0] = format == PixelFormat::kGray8 ? pixel[0] : pixel[2];
    rgb[1] = format == PixelFormat::kGray8 ? pixel[0] : pixel[1];
    rgb[2] = pixel[0];
  }
}

Image to_image(const RawFormat& format, const Bytes& bytes) {
  Image image(format.width, format.height);
  const std::ptrdiff_t width = format.width, half = (format.width + 1) / 2, half_rows = (format.height + 1) / 2;
  const std::uint8_t* chroma = bytes.data() + width * format.height;
  const YuvToRgb& to = format.height >= 720 ? kBt709 : kBt601;
  for (int y = 0; y < format.height; ++y) {
    switch (format.format) {
      case PixelFormat::kNv12: {
        const std::uint8_t* row = chroma + (y / 2) * half * 2;
        yuv_row(to, bytes.data() + y * width, {row, row + 1, 2}, format.width, image.row(y));
        break;
      }
      case PixelFormat::kYuv420p: {
        const std::uint8_t* row = chroma + (y / 2) * half;
        yuv_row(to, bytes.data() + y * width, {row, row + half * half_rows, 1}, format.width, image.row(y));
        break;
      }
      default:
        packed_row(format.format, bytes.data() + y * width * (format.format == PixelFormat::kGray8 ? 1 : 3),
                   format.width, image.row(y));
    }
  }
  return image;
}

class RawSource : public VideoSource {
 public:
  RawSource(int descriptor, const RawFormat& format, std::array<int, 2> wake)
      : descriptor_(descriptor), format_(format), wake_(wake), bytes_(frame_bytes(format)) {
    info_ = {.width = format.width,
             .height = format.height,
             .frames_per_second = format.frames_per_second,
             .frames = {},
             .live = false,
             .audio = false,
             .codec = "rawvideo"};
  }
  RawSource(const RawSource&) = delete;
  RawSource& operator=(const RawSource&) = delete;
  ~RawSource() override {
    for (const int end : wake_) ::close(end);
  }

  const VideoInfo& info() const override { return info_; }

  Result<std::optional<VideoFrame>> next() override {
    POISE_TRY(const std::size_t got, fill());
    if (interrupted_ || got == 0) return std::optional<VideoFrame>{};
    if (got < bytes_.size()) {
      return malformed("the raw frames end within frame " + std::to_string(index_) + ": " +
                       std::to_string(bytes_.size() - got) + " of its " +
                       counted(bytes_.size(), "byte is", "bytes are") +
                       " missing; are the size and the pixel format those of the writer?");
    }
    VideoFrame frame{to_image(format_, bytes_), index_, static_cast<double>(index_) / format_.frames_per_second};
    ++index_;
    return std::optional<VideoFrame>(std::move(frame));
  }

  void interrupt() override {
    interrupted_ = true;
    const char byte = 0;
    (void)!::write(wake_[1], &byte, 1);  // it does not block, and a full pipe wakes as well
  }

 private:
  /// How many bytes of a frame there were; fewer than a frame at the end, or where it was interrupted.
  Result<std::size_t> fill() {
    std::size_t used = 0;
    while (used < bytes_.size() && !interrupted_) {
      std::array<pollfd, 2> waits{{{descriptor_, POLLIN, 0}, {wake_[0], POLLIN, 0}}};
      if (::poll(waits.data(), waits.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return failed();
      }
      if (waits[0].revents == 0) continue;
      const ssize_t got = ::read(descriptor_, bytes_.data() + used, bytes_.size() - used);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got < 0) return failed();
      if (got == 0) break;
      used += static_cast<std::size_t>(got);
    }
    return used;
  }

  static Error failed() { return io_error("raw frames cannot be read: " + std::generic_category().message(errno)); }

  int descriptor_;
  RawFormat format_;
  std::array<int, 2> wake_;
  Bytes bytes_;
  VideoInfo info_;
  std::int64_t index_ = 0;
  std::atomic<bool> interrupted_ = false;
};

}  // namespace

Result<RawFormat> parse_raw_format(std::string_view text) {
  const std::string_view whole = text;
  const auto wrong = [&] {
    return invalid_argument(printable(whole) +
                            " is no raw format: give WIDTHxHEIGHT:FORMAT@RATE, such as 1280x720:bgr24@30, of bgr24, "
                            "rgb24, gray8, nv12 or yuv420p");
  };
  RawFormat format;
  if (!take_number(text, format.width) || !take(text, 'x') || !take_number(text, format.height) || !take(text, ':')) {
    return wrong();
  }
  const auto* name =
      std::find_if(kNames.begin(), kNames.end(), [&](const Name& n) { return text.starts_with(n.word); });
  if (name == kNames.end()) return wrong();
  format.format = name->format;
  text.remove_prefix(name->word.size());
  if (!text.empty() && (!take(text, '@') || !take_number(text, format.frames_per_second) || !text.empty()))
    return wrong();
  POISE_RETURN_IF_ERROR(check(format));
  return format;
}

std::size_t frame_bytes(const RawFormat& format) {
  const auto width = static_cast<std::size_t>(format.width), height = static_cast<std::size_t>(format.height);
  switch (format.format) {
    case PixelFormat::kGray8:
      return width * height;
    case PixelFormat::kNv12:
    case PixelFormat::kYuv420p:
      return width * height + (width + 1) / 2 * ((height + 1) / 2) * 2;
    default:
      return width * height * 3;
  }
}

Result<std::unique_ptr<VideoSource>> open_raw(int file_descriptor, const RawFormat& format) {
  POISE_RETURN_IF_ERROR(check(format));
  std::array<int, 2> wake{};
  if (::pipe(wake.data()) != 0) return io_error("a pipe cannot be made: " + std::generic_category().message(errno));
  for (const int end : wake) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
#ifdef F_SETPIPE_SZ
  // A frame through a pipe of 64 KiB takes dozens of turns of both programs. Where it is no pipe, it stays as it is.
  ::fcntl(file_descriptor, F_SETPIPE_SZ, 1 << 20);
#endif
  return std::unique_ptr<VideoSource>(std::make_unique<RawSource>(file_descriptor, format, wake));
}

}  // namespace poise
