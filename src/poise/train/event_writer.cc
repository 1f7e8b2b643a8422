#include "poise/train/event_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <string>
#include <system_error>

namespace poise {
namespace {

constexpr std::array<std::uint32_t, 256> kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82f63b78U : 0U);
    table[i] = value;
  }
  return table;
}();

// tensorflow/core/lib/hash/crc32c.h, Mask.
std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U; }

template <typename T>
void put(Bytes& out, T value) {  // little-endian
  for (std::size_t i = 0; i < sizeof value; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void put_varint(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) out.push_back(static_cast<std::uint8_t>(value | 0x80U));
  out.push_back(static_cast<std::uint8_t>(value));
}

// Protobuf's wire types: 0 varint, 1 eight bytes, 2 bytes with their length, 5 four bytes.
void put_tag(Bytes& out, unsigned field, unsigned type) { put_varint(out, field << 3U | type); }
void put_bytes(Bytes& out, unsigned field, BytesView bytes) {
  put_tag(out, field, 2);
  put_varint(out, bytes.size());
  out.insert(out.end(), bytes.begin(), bytes.end());
}
void put_text(Bytes& out, unsigned field, std::string_view text) {
  put_bytes(out, field, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

// tensorflow/core/util/event.proto: wall_time 1, step 2, file_version 3, summary 5, session_log 7.
Bytes begin_event(double seconds, std::int64_t step) {
  Bytes event;
  put_tag(event, 1, 1);
  put(event, std::bit_cast<std::uint64_t>(seconds));
  put_tag(event, 2, 0);
  put_varint(event, static_cast<std::uint64_t>(step));
  return event;
}

std::string host() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

}  // namespace

std::uint32_t crc32c(BytesView bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const std::uint8_t byte : bytes) crc = kTable[(crc ^ byte) & 0xffU] ^ (crc >> 8U);
  return ~crc;
}

Bytes event_record(BytesView event) {
  Bytes record;
  put(record, std::uint64_t{event.size()});
  put(record, masked(crc32c(record)));
  record.insert(record.end(), event.begin(), event.end());
  put(record, masked(crc32c(event)));
  return record;
}

Status append_to_file(const std::filesystem::path& path, BytesView bytes) {
  const auto failed = [&path](int error) {
    return io_error("cannot write " + path.string() + ": " + std::generic_category().message(error));
  };
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) return failed(errno);
  const off_t before = ::lseek(fd, 0, SEEK_END);
  int error = 0;
  while (!bytes.empty() && error == 0) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      error = errno;
    } else {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  if (error != 0 && before >= 0 && ::ftruncate(fd, before) != 0) error = errno;
  if (::close(fd) != 0 && error == 0 && errno != EINTR) error = errno;
  if (error != 0) return failed(error);
  return {};
}

Result<EventWriter> EventWriter::create(const std::filesystem::path& folder, double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  const std::string name =
      "events.out.tfevents." + std::to_string(whole) + "." + host() + "." + std::to_string(getpid());
  EventWriter writer(folder / name);
  Bytes event = begin_event(seconds, 0);
  put_text(event, 3, "brain.Event:2");
  POISE_RETURN_IF_ERROR(append_to_file(writer.path_, event_record(event)));
  return writer;
}

Status EventWriter::restart(std::int64_t step, double seconds) {
  Bytes session;  // SessionLog: status 1, which is START
  put_tag(session, 1, 0);
  put_varint(session, 1);
  Bytes event = begin_event(seconds, step);
  put_bytes(event, 7, session);
  return append_to_file(path_, event_record(event));
}

Status EventWriter::add(std::string_view tag, double value, std::int64_t step, double seconds) {
  Bytes one;  // tensorflow/core/framework/summary.proto, Value: tag 1, simple_value 2
  put_text(one, 1, tag);
  put_tag(one, 2, 5);
  put(one, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  return add_value(one, step, seconds);
}

Status EventWriter::add_picture(std::string_view tag, BytesView file, Size size, std::int64_t step, double seconds) {
  // The same file, Image: height 1, width 2, colorspace 3 (3 is RGB), encoded_image_string 4; image is field 4 of
  // Value.
  Bytes image;
  put_tag(image, 1, 0);
  put_varint(image, static_cast<std::uint64_t>(size.height));
  put_tag(image, 2, 0);
  put_varint(image, static_cast<std::uint64_t>(size.width));
  put_tag(image, 3, 0);
  put_varint(image, 3);
  put_bytes(image, 4, file);
  Bytes one;
  put_text(one, 1, tag);
  put_bytes(one, 4, image);
  return add_value(one, step, seconds);
}

Status EventWriter::add_value(BytesView value, std::int64_t step, double seconds) {
  Bytes summary;
  put_bytes(summary, 1, value);
  Bytes event = begin_event(seconds, step);
  put_bytes(event, 5, summary);
  return append_to_file(path_, event_record(event));
}

}  // namespace poise
