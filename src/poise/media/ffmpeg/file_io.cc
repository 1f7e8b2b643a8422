#include "poise/media/ffmpeg/file_io.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

namespace poise::av {
namespace {

constexpr int kBuffer = 1 << 16;
constexpr std::int64_t kStep = std::int64_t{4} << 20U;

std::int64_t size_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return INT64_MAX;
  return static_cast<std::int64_t>(std::min<rlim_t>(limit.rlim_cur, INT64_MAX));
}

Error no_room(int error) { return io_error("there is no room for more: " + std::generic_category().message(error)); }

}  // namespace

Result<std::unique_ptr<FileIo>> FileIo::create(const std::filesystem::path& path) {
  POISE_TRY(GrowingFile file, GrowingFile::create(path));
  std::unique_ptr<FileIo> io(new FileIo(std::move(file)));
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBuffer));
  if (buffer == nullptr) throw std::bad_alloc();
  io->context_ = avio_alloc_context(buffer, kBuffer, 1, io.get(), nullptr, write, seek);
  if (io->context_ == nullptr) {
    av_free(buffer);
    throw std::bad_alloc();
  }
  return io;
}

FileIo::~FileIo() {
  if (context_ != nullptr) av_freep(&context_->buffer);
  avio_context_free(&context_);
}

#if LIBAVFORMAT_VERSION_MAJOR >= 61
int FileIo::write(void* self, const std::uint8_t* bytes, int count) {
#else
int FileIo::write(void* self, std::uint8_t* bytes, int count) {
#endif
  auto& io = *static_cast<FileIo*>(self);
  int left = count;
  while (left > 0) {
    const ssize_t written = ::pwrite(io.file_.descriptor(), bytes, static_cast<std::size_t>(left), io.position_);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? AVERROR(errno) : AVERROR(EIO);
    bytes += written;
    left -= static_cast<int>(written);
    io.position_ += written;
    io.end_ = std::max(io.end_, io.position_);
  }
  return count;
}

std::int64_t FileIo::seek(void* self, std::int64_t offset, int whence) {
  auto& io = *static_cast<FileIo*>(self);
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return io.end_;
    case SEEK_SET:
      break;
    case SEEK_CUR:
      offset += io.position_;
      break;
    case SEEK_END:
      offset += io.end_;
      break;
    default:
      return AVERROR(EINVAL);
  }
  if (offset < 0) return AVERROR(EINVAL);
  return io.position_ = offset;
}

/// 0, or errno. Where it cannot be done at all it is not tried again.
int FileIo::allocate(std::int64_t until) {
#ifdef __linux__
  while (::fallocate(file_.descriptor(), FALLOC_FL_KEEP_SIZE, allocated_, until - allocated_) != 0) {
    if (errno == EINTR) continue;
    if (errno == ENOSPC || errno == EDQUOT) return errno;
    can_allocate_ = false;
    return 0;
  }
  allocated_ = until;
#else
  (void)until;
  can_allocate_ = false;
#endif
  return 0;
}

Status FileIo::set_aside(std::int64_t more) {
  const std::int64_t until = end_ + more + kBuffer;
  if (until > size_limit()) return no_room(EFBIG);
  if (!can_allocate_ || until <= allocated_) return {};
  if (allocate(until + kStep) == 0) return {};
  if (const int error = allocate(until); error != 0) return no_room(error);
  return {};
}

bool FileIo::has_room(std::int64_t more) const {
  return end_ + more <= size_limit() && (!can_allocate_ || end_ + more <= allocated_);
}

Status FileIo::commit() {
  // What was set aside and not used goes back; the file's size stays.
  if (::ftruncate(file_.descriptor(), end_) != 0) {
    return io_error("the file cannot be ended: " + std::generic_category().message(errno));
  }
  return file_.commit();
}

}  // namespace poise::av
