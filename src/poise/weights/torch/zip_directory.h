#pragma once
// The archive that torch.save() writes, as a list of entries that was checked.

#include <string_view>
#include <vector>

#include "poise/weights/torch/byte_source.h"

namespace poise {

/// The entries of a zip archive; nothing is ever unpacked, so only what is stored can be used, as torch.save() writes
/// it. Strict, so that no two readers can see two archives: one directory, at the end, without comment; each entry's
/// own header says the same; no name twice, none that is absolute or holds "..", no links; no two entries share bytes.
/// So what is read is never more than the file holds, and zip bombs are refused by their form.
/// Source: PKWARE's APPNOTE.TXT 6.3.9, sections 4.3 to 4.5.
class ZipDirectory {
 public:
  struct Entry {
    std::uint32_t name_at = 0;  // in the directory
    std::uint32_t name_length = 0;
    std::uint64_t offset = 0;  // of the data, or, while reading, of the entry's own header
    std::uint64_t size = 0;    // in the file
    std::uint16_t method = 0;  // 0: stored, anything else is compressed
  };

  /// Errors: kMalformed, kUnsupported (encrypted, more than one disk), kTooLarge (more than max_entries), those of
  /// ByteSource.
  static Result<ZipDirectory> read(ByteSource& source, std::uint64_t max_entries);

  /// nullptr where there is none of that name.
  const Entry* find(std::string_view name) const;
  std::string_view name(const Entry& entry) const;
  const std::vector<Entry>& entries() const { return entries_; }  // by name

 private:
  Status add(std::size_t& at);
  Status check_local(ByteSource& source, Entry& entry) const;

  Bytes directory_;
  std::vector<Entry> entries_;
};

}  // namespace poise
