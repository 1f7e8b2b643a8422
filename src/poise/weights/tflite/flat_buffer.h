#pragma once
// FlatBuffers as they are stored, read in place. Every read is held against the file's bounds: one that leaves them
// gives zero or nothing and is remembered, so that a reader may take what it needs and ask once whether it was there.
// Source: flatbuffers.dev, "FlatBuffer Internals". One thread a file.

#include <cstdint>
#include <cstring>
#include <string_view>

#include "poise/base/file.h"

namespace poise {

/// The bytes, and whether all that was read lies in them.
class FlatFile {
 public:
  explicit FlatFile(BytesView bytes) : bytes_(bytes) {}
  bool is_broken() const { return broken_; }
  std::size_t size() const { return bytes_.size(); }

  template <typename T>
  T at(std::uint64_t position) {
    T value{};
    const BytesView stored = bytes(position, sizeof(T));
    if (!stored.empty()) std::memcpy(&value, stored.data(), sizeof(T));
    return value;
  }
  /// Nothing, and broken, where they are not all in the file.
  BytesView bytes(std::uint64_t position, std::uint64_t count) {
    if (position > bytes_.size() || count > bytes_.size() - position) {
      broken_ = true;
      return {};
    }
    return bytes_.subspan(static_cast<std::size_t>(position), static_cast<std::size_t>(count));
  }

 private:
  BytesView bytes_;
  bool broken_ = false;
};

/// A vector of numbers: T is read where it stands, so that nothing needs to be aligned.
template <typename T>
class FlatVector {
 public:
  FlatVector() = default;
  FlatVector(FlatFile& file, std::uint64_t position) : file_(&file), start_(position + 4) {
    const auto count = file.at<std::uint32_t>(position);
    if (!file.bytes(start_, std::uint64_t{count} * sizeof(T)).empty()) size_ = count;
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T operator[](std::size_t i) const { return file_->at<T>(start_ + i * sizeof(T)); }
  std::uint64_t position(std::size_t i) const { return start_ + i * sizeof(T); }
  BytesView bytes() const { return size_ == 0 ? BytesView() : file_->bytes(start_, size_ * sizeof(T)); }

 private:
  FlatFile* file_ = nullptr;
  std::uint64_t start_ = 0;
  std::size_t size_ = 0;
};

class FlatTables;

/// A table. Fields are numbered as the schema lists them; one that is not stored has its default.
class FlatTable {
 public:
  FlatTable() = default;
  FlatTable(FlatFile& file, std::uint64_t position) : file_(&file), start_(position) {
    const std::int64_t fields = static_cast<std::int64_t>(position) - file.at<std::int32_t>(position);
    if (fields < 0) {
      file.at<std::uint8_t>(file.size());  // before the file
      return;
    }
    fields_ = static_cast<std::uint64_t>(fields);
    count_ = file.at<std::uint16_t>(fields_);
  }
  static FlatTable root(FlatFile& file) { return {file, file.at<std::uint32_t>(0)}; }

  explicit operator bool() const { return file_ != nullptr; }
  template <typename T>
  T scalar(unsigned field, T fallback = T{}) const {
    const std::uint64_t position = find(field);
    return position == 0 ? fallback : file_->at<T>(position);
  }
  /// None where it is not stored.
  FlatTable table(unsigned field) const {
    const std::uint64_t position = follow(field);
    return position == 0 ? FlatTable() : FlatTable(*file_, position);
  }
  template <typename T>
  FlatVector<T> vector(unsigned field) const {
    const std::uint64_t position = follow(field);
    return position == 0 ? FlatVector<T>() : FlatVector<T>(*file_, position);
  }
  FlatTables tables(unsigned field) const;
  std::string_view text(unsigned field) const {
    const BytesView bytes = vector<std::uint8_t>(field).bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  std::uint64_t find(unsigned field) const {
    const unsigned at = 4 + 2 * field;
    if (file_ == nullptr || at + 2 > count_) return 0;
    const auto offset = file_->at<std::uint16_t>(fields_ + at);
    return offset == 0 ? 0 : start_ + offset;
  }
  std::uint64_t follow(unsigned field) const {
    const std::uint64_t position = find(field);
    return position == 0 ? 0 : position + file_->at<std::uint32_t>(position);
  }

  FlatFile* file_ = nullptr;
  std::uint64_t start_ = 0, fields_ = 0;
  unsigned count_ = 0;  // bytes of the list of fields
};

/// A vector of tables.
class FlatTables {
 public:
  FlatTables() = default;
  FlatTables(FlatFile& file, FlatVector<std::uint32_t> offsets) : file_(&file), offsets_(offsets) {}
  std::size_t size() const { return offsets_.size(); }
  FlatTable operator[](std::size_t i) const { return {*file_, offsets_.position(i) + offsets_[i]}; }

 private:
  FlatFile* file_ = nullptr;
  FlatVector<std::uint32_t> offsets_;
};

inline FlatTables FlatTable::tables(unsigned field) const {
  return file_ == nullptr ? FlatTables() : FlatTables(*file_, vector<std::uint32_t>(field));
}

}  // namespace poise
