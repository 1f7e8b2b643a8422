#pragma once
// TensorBoard's event files: curves of numbers, and pictures. One thread at a time.

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "poise/base/file.h"
#include "poise/geometry/point.h"

namespace poise {

class EventWriter {
 public:
  /// A new file in `folder`, which TensorBoard reads together with those of earlier runs there. `seconds`: of its name
  /// and first record, since 1970. Errors: kIo.
  static Result<EventWriter> create(const std::filesystem::path& folder, double seconds);
  Status add(std::string_view tag, double value, std::int64_t step, double seconds);
  /// A picture as a JPEG or PNG file has it, `size` pixels.
  Status add_picture(std::string_view tag, BytesView file, Size size, std::int64_t step, double seconds);
  /// What earlier files say of `step` and after it no longer counts: TensorBoard drops it.
  Status restart(std::int64_t step, double seconds);

 private:
  explicit EventWriter(std::filesystem::path path) : path_(std::move(path)) {}
  Status add_value(BytesView value, std::int64_t step, double seconds);
  std::filesystem::path path_;
};

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4). Pure.
std::uint32_t crc32c(BytesView bytes);
/// One record around an event: length, masked sum of the length, data, masked sum of the data
/// (tensorflow/core/lib/io/record_writer.cc). Pure.
Bytes event_record(BytesView event);

/// Appends to a file, which is made where there is none; a part that was written before an error is cut off again.
/// Errors: kIo, naming the path and the reason.
Status append_to_file(const std::filesystem::path& path, BytesView bytes);

}  // namespace poise
