// Any bytes: a picture or an error, never a crash, never more pixels than the limit.

#include <cstddef>
#include <cstdint>

#include "poise/base/check.h"
#include "poise/image/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kMaxPixels = 1'000'000;
  const auto decoded = poise::decode_image({data, size}, {.max_pixels = kMaxPixels});
  if (decoded.ok()) {
    const poise::Image& image = decoded->image;
    POISE_CHECK(!image.empty());
    POISE_CHECK(static_cast<std::uint64_t>(image.width()) * static_cast<std::uint64_t>(image.height()) <= kMaxPixels);
  } else {
    POISE_CHECK(!decoded.error().message.empty());
  }
  return 0;
}
