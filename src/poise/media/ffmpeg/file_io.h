#pragma once
// The file under a muxer, which keeps room for the end of it. Private.

#include <filesystem>
#include <memory>
#include <optional>

#include "poise/base/file.h"
#include "poise/media/ffmpeg/av.h"

namespace poise::av {

/// A video file is of no use without its end (the index of an MP4), so room for that is set aside on the disk while
/// there is some: who runs out of it hears so early enough.
class FileIo {
 public:
  /// Errors: kIo.
  static Result<std::unique_ptr<FileIo>> create(const std::filesystem::path& path);
  FileIo(const FileIo&) = delete;
  FileIo& operator=(const FileIo&) = delete;
  ~FileIo();

  AVIOContext* context() { return context_; }
  std::int64_t end() const { return end_; }
  /// Sees to it that `more` bytes behind the end can be written. Errors: kIo (no room).
  Status set_aside(std::int64_t more);
  /// Whether those are sure to fit; true as well where the file system cannot say.
  bool has_room(std::int64_t more) const;
  /// The file gets its name. Errors: kIo.
  Status commit();

 private:
  explicit FileIo(GrowingFile file) : file_(std::move(file)) {}
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  static int write(void* self, const std::uint8_t* bytes, int count);
#else
  static int write(void* self, std::uint8_t* bytes, int count);
#endif
  static std::int64_t seek(void* self, std::int64_t offset, int whence);
  int allocate(std::int64_t until);

  GrowingFile file_;
  AVIOContext* context_ = nullptr;
  std::int64_t position_ = 0, end_ = 0;
  std::int64_t allocated_ = 0;
  bool can_allocate_ = true;
};

}  // namespace poise::av
