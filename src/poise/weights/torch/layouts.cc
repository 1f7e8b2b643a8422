#include "poise/weights/torch/layouts.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "poise/weights/foreign_file.h"

namespace poise {
namespace {

std::string_view text_of(BytesView start) {
  return {reinterpret_cast<const char*>(start.data()), std::min<std::size_t>(start.size(), 9)};
}
bool is_zip(BytesView start) { return text_of(start).starts_with("PK\x03\x04"); }
bool is_pickle(BytesView start) { return text_of(start).starts_with('\x80'); }  // of protocol 2 or later

/// Its header's length may begin with any byte, a zip's or a pickle's too; that of a real header has 32 bits, and
/// neither of the others has four zeros there.
bool is_safetensors(BytesView start) {
  const std::string_view text = text_of(start);
  if (text.size() < 9 || text.back() != '{') return false;
  return text.substr(4, 4) == std::string_view("\0\0\0\0", 4) || (!is_zip(start) && !is_pickle(start));
}

constexpr std::array<Layout, 3> kLayouts{{
    {"safetensors", is_safetensors, find_in_safetensors},
    {"torch zip", is_zip, find_in_torch_zip},
    {"torch legacy", is_pickle, find_in_torch_legacy},
}};

}  // namespace

std::span<const Layout> layouts() { return kLayouts; }

const Layout* find_layout(BytesView start) {
  const auto* found =
      std::find_if(kLayouts.begin(), kLayouts.end(), [&](const Layout& layout) { return layout.recognises(start); });
  return found == kLayouts.end() ? nullptr : found;
}

Result<Bytes> read_start(ByteSource& source) {
  Bytes start(static_cast<std::size_t>(std::min<std::uint64_t>(kStartBytes, source.size())));
  POISE_RETURN_IF_ERROR(source.read(0, start));
  return start;
}

}  // namespace poise
