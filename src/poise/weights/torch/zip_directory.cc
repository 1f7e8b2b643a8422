#include "poise/weights/torch/zip_directory.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "poise/base/printable.h"

namespace poise {
namespace {

// APPNOTE.TXT: signatures and sizes of the fixed parts, sections 4.3.7, 4.3.12, 4.3.14, 4.3.15 and 4.3.16.
constexpr std::uint32_t kLocal = 0x04034b50;
constexpr std::uint32_t kCentral = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEnd64Size = 56;
constexpr std::size_t kLocator64Size = 20;
constexpr std::uint64_t kMaxDirectory = 16ULL << 20U;

template <typename T>
T field(BytesView bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}
std::uint64_t u16(BytesView bytes, std::size_t at) { return field<std::uint16_t>(bytes, at); }
std::uint64_t u32(BytesView bytes, std::size_t at) { return field<std::uint32_t>(bytes, at); }
std::uint64_t u64(BytesView bytes, std::size_t at) { return field<std::uint64_t>(bytes, at); }

struct Place {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t count = 0;
  std::uint64_t end = 0;  // where the directory must end
};

/// Section 4.3.14: the size and place of everything, in 64 bits.
Result<Place> find_end64(ByteSource& source, std::uint64_t locator_at) {
  std::array<std::uint8_t, kLocator64Size> locator;
  POISE_RETURN_IF_ERROR(source.read(locator_at, locator));
  const std::uint64_t at = u64(locator, 8);
  if (at > locator_at || locator_at - at != kEnd64Size)
    return malformed("the zip archive's 64-bit directory end is not where it should be");
  std::array<std::uint8_t, kEnd64Size> end;
  POISE_RETURN_IF_ERROR(source.read(at, end));
  if (u32(end, 0) != kEnd64 || u64(end, 4) != kEnd64Size - 12)
    return malformed("the zip archive's 64-bit directory end is damaged");
  if (u32(end, 16) != 0 || u32(end, 20) != 0 || u64(end, 24) != u64(end, 32))
    return unsupported("the zip archive is one of several disks");
  return Place{u64(end, 48), u64(end, 40), u64(end, 32), at};
}

Result<Place> find_directory(ByteSource& source) {
  if (source.size() < kEndSize) return malformed("the zip archive is truncated");
  std::array<std::uint8_t, kEndSize> end;
  const std::uint64_t end_at = source.size() - kEndSize;
  POISE_RETURN_IF_ERROR(source.read(end_at, end));
  if (u32(end, 0) != kEnd || u16(end, 20) != 0)
    return malformed("the zip archive does not end with its directory: is it truncated?");
  if (u16(end, 4) != 0 || u16(end, 6) != 0 || u16(end, 8) != u16(end, 10))
    return unsupported("the zip archive is one of several disks");
  if (end_at >= kLocator64Size) {
    std::array<std::uint8_t, 4> signature;
    POISE_RETURN_IF_ERROR(source.read(end_at - kLocator64Size, signature));
    if (u32(signature, 0) == kLocator64) return find_end64(source, end_at - kLocator64Size);
  }
  return Place{u32(end, 16), u32(end, 12), u16(end, 10), end_at};
}

bool is_safe_name(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\\') != std::string_view::npos) return false;
  if (name.size() > 1 && name[1] == ':') return false;
  if (std::any_of(name.begin(), name.end(), is_control)) return false;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t slash = std::min(name.find('/', at), name.size());
    if (name.substr(at, slash - at) == "..") return false;
    at = slash + 1;
  }
  return true;
}

/// Section 4.5.3: sizes and offset as 64 bits, in this order, each only where the 32-bit field is full.
Status read_extra64(BytesView extra, std::uint64_t& unpacked, std::uint64_t& size, std::uint64_t& offset) {
  constexpr std::uint64_t kFull = 0xffffffffU;
  std::size_t at = 0;
  while (extra.size() - at >= 4) {
    const std::uint64_t id = u16(extra, at);
    const std::uint64_t length = u16(extra, at + 2);
    at += 4;
    if (length > extra.size() - at) break;
    if (id == 1) {
      BytesView values = extra.subspan(at, static_cast<std::size_t>(length));
      for (std::uint64_t* value : {&unpacked, &size, &offset}) {
        if (*value != kFull) continue;
        if (values.size() < 8) return malformed("lacks its 64-bit size");
        *value = u64(values, 0);
        values = values.subspan(8);
      }
      return {};
    }
    at += static_cast<std::size_t>(length);
  }
  if (unpacked == kFull || size == kFull || offset == kFull) return malformed("lacks its 64-bit size");
  return {};
}

}  // namespace

std::string_view ZipDirectory::name(const Entry& entry) const {
  return {reinterpret_cast<const char*>(directory_.data()) + entry.name_at, entry.name_length};
}

const ZipDirectory::Entry* ZipDirectory::find(std::string_view wanted) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), wanted,
                                      [&](const Entry& entry, std::string_view text) { return name(entry) < text; });
  return found != entries_.end() && name(*found) == wanted ? &*found : nullptr;
}

/// The directory's header at `at`, which moves behind it.
Status ZipDirectory::add(std::size_t& at) {
  const BytesView rest = BytesView(directory_).subspan(at);
  if (rest.size() < kCentralSize || u32(rest, 0) != kCentral)
    return malformed("the zip archive's directory is damaged");
  const std::uint64_t name_length = u16(rest, 28);
  const std::uint64_t extra_length = u16(rest, 30);
  const std::uint64_t whole = kCentralSize + name_length + extra_length + u16(rest, 32);
  if (whole > rest.size()) return malformed("the zip archive's directory is cut short");

  Entry entry{static_cast<std::uint32_t>(at + kCentralSize), static_cast<std::uint32_t>(name_length), u32(rest, 42),
              u32(rest, 20), static_cast<std::uint16_t>(u16(rest, 10))};
  const std::string what = "the zip archive's entry " + printable(name(entry)) + " ";
  if (!is_safe_name(name(entry))) return malformed(what + "has a name that leads elsewhere: refused");
  constexpr std::uint64_t kEncrypted = 1U | 0x40U | 0x2000U;
  if ((u16(rest, 8) & kEncrypted) != 0) return unsupported(what + "is encrypted");
  constexpr std::uint64_t kTypeMask = 0xf000U;
  constexpr std::uint64_t kSymbolicLink = 0xa000U;  // the upper half is Unix's mode
  if (((u32(rest, 38) >> 16U) & kTypeMask) == kSymbolicLink) return malformed(what + "is a symbolic link: refused");
  std::uint64_t unpacked = u32(rest, 24);
  const BytesView extra = rest.subspan(kCentralSize + name_length, static_cast<std::size_t>(extra_length));
  if (const Status status = read_extra64(extra, unpacked, entry.size, entry.offset); !status.ok())
    return malformed(what + status.error().message);
  if (entry.method == 0 && unpacked != entry.size) return malformed(what + "is stored, but with two sizes");
  entries_.push_back(entry);
  at += static_cast<std::size_t>(whole);
  return {};
}

/// The entry's own header must say the same; then the data lie behind it.
Status ZipDirectory::check_local(ByteSource& source, Entry& entry) const {
  const std::string_view wanted = name(entry);
  Bytes header(kLocalSize + wanted.size());
  POISE_RETURN_IF_ERROR(source.read(entry.offset, header));
  const std::string_view found(reinterpret_cast<const char*>(header.data()) + kLocalSize, wanted.size());
  if (u32(header, 0) != kLocal || u16(header, 8) != entry.method || u16(header, 26) != wanted.size() || found != wanted)
    return malformed("the zip archive's directory and the entry " + printable(wanted) + " disagree");
  entry.offset += header.size() + u16(header, 28);
  if (entry.offset > source.size() || entry.size > source.size() - entry.offset)
    return malformed("the zip archive's entry " + printable(wanted) + " reaches beyond the file: is it truncated?");
  return {};
}

Result<ZipDirectory> ZipDirectory::read(ByteSource& source, std::uint64_t max_entries) {
  POISE_TRY(const Place place, find_directory(source));
  if (place.count > max_entries)
    return too_large("the zip archive has " + std::to_string(place.count) + " entries, the limit is " +
                     std::to_string(max_entries));
  if (place.size > kMaxDirectory) return too_large("the zip archive's directory is over 16 MiB");
  if (place.offset > place.end || place.size != place.end - place.offset || place.count > place.size / kCentralSize)
    return malformed("the zip archive's directory is not where its end says");

  ZipDirectory zip;
  zip.directory_.resize(static_cast<std::size_t>(place.size));
  POISE_RETURN_IF_ERROR(source.read(place.offset, zip.directory_));
  zip.entries_.reserve(static_cast<std::size_t>(place.count));
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < place.count; ++i) POISE_RETURN_IF_ERROR(zip.add(at));
  if (at != zip.directory_.size()) return malformed("the zip archive's directory holds more than it says");

  auto& entries = zip.entries_;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.offset < b.offset; });
  std::uint64_t free_from = 0;
  for (Entry& entry : entries) {
    if (entry.offset < free_from)
      return malformed("the zip archive's entry " + printable(zip.name(entry)) + " overlaps another: refused");
    POISE_RETURN_IF_ERROR(zip.check_local(source, entry));
    free_from = entry.offset + entry.size;
  }
  if (free_from > place.offset) return malformed("the zip archive's entries reach into its directory");
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) { return zip.name(a) < zip.name(b); });
  for (std::size_t i = 1; i < entries.size(); ++i)
    if (zip.name(entries[i - 1]) == zip.name(entries[i]))
      return malformed("the zip archive has two entries " + printable(zip.name(entries[i])));
  return zip;
}

}  // namespace poise
