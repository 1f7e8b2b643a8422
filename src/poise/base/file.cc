#include "poise/base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>

#include "poise/base/descriptor.h"
#include "poise/base/input_file.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunk = std::size_t{1} << 16U;

std::string reason(int error) { return std::generic_category().message(error); }

/// 0, or errno.
int write_all(int fd, BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

Error too_many_bytes(std::uint64_t max_bytes) {
  return too_large("the file is larger than the limit of " + std::to_string(max_bytes) + " bytes");
}

Error cannot_write(const fs::path& path, const std::string& why) {
  return io_error("cannot write " + path.string() + ": " + why);
}

/// A pipe or a device is written in place: renaming over /dev/null would destroy it.
Status write_in_place(const fs::path& path, BytesView bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) return cannot_write(path, reason(errno));
  if (const int error = write_all(file.get(), bytes); error != 0) return cannot_write(path, reason(error));
  if (const int error = file.close(); error != 0) return cannot_write(path, reason(error));
  return {};
}

constexpr std::string_view kTemporary = ".poise-", kTemporaryEnd = ".tmp";

/// What the names of this host's temporary files start with: a folder may be shared by several, and locks are not
/// always.
const std::string& temporary_start() {
  static const std::string start = [] {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    std::uint32_t hash = 2166136261U;  // FNV-1a
    for (const char* c = host.data(); *c != '\0'; ++c) hash = (hash ^ static_cast<std::uint8_t>(*c)) * 16777619U;
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%08x-", hash);
    return std::string(kTemporary) + text.data();
  }();
  return start;
}

/// A name in `folder` that nobody else uses; short, so that a long file name still has room.
fs::path temporary_in(const fs::path& folder) {
  static std::atomic<std::uint64_t> counter{
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())};
  std::string name = temporary_start() + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  return folder / name.append(kTemporaryEnd);
}

/// A new file, locked for as long as it is open, that was no link: -1 and errno otherwise.
int make_temporary(const fs::path& folder, fs::path& name) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    name = temporary_in(folder);
    const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd >= 0) {
      (void)::flock(fd, LOCK_EX | LOCK_NB);  // a file system without locks keeps what was abandoned
      return fd;
    }
    if (errno != EEXIST) break;
  }
  return -1;
}

/// A rename is on the disk once its folder is; some file systems cannot say.
void sync_folder(const fs::path& folder) {
  const Descriptor opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() >= 0) (void)::fsync(opened.get());
}

/// 0, or errno. `replaced` is the file whose permissions to take, if any; some file systems know none, so that may
/// fail. The file stays open, and its lock held, until it has its name.
int fill_temporary(const Descriptor& file, BytesView bytes, const struct stat* replaced) {
  if (replaced != nullptr) (void)::fchmod(file.get(), replaced->st_mode & 0777U);
  if (const int error = write_all(file.get(), bytes); error != 0) return error;
  return ::fsync(file.get()) == 0 ? 0 : errno;
}

/// The file that `path` stands for, its folders made; `old` is what is there already, its st_mode 0 where nothing is.
Result<fs::path> target_of(const fs::path& path, struct stat& old) {
  if (path.native().find('\0') != std::string::npos) return cannot_write(path, "the name holds a NUL byte");
  if (!path.has_filename()) return cannot_write(path, "it names no file");
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) return cannot_write(path, "cannot make its folder: " + error.message());

  // A link is followed, so that the file it points to changes and the link stays.
  fs::path target = path;
  if (fs::is_symlink(path, error)) target = fs::canonical(path, error);
  if (target.empty()) return cannot_write(path, "the symbolic link leads nowhere: " + error.message());
  if (::stat(target.c_str(), &old) != 0) old.st_mode = 0;
  if (S_ISDIR(old.st_mode)) return cannot_write(path, "it is a folder");
  return target;
}

}  // namespace

Result<InputFile> InputFile::open(const fs::path& path) {
  if (path.native().find('\0') != std::string::npos) return not_found("no such file: the name holds a NUL byte");
  // Non-blocking, so that opening a pipe nobody writes to, or a device, cannot hang.
  InputFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.descriptor_ < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return not_found("no such file");
    if (errno == ENXIO) return io_error("it is a device or socket, give a file");
    return io_error("cannot open it: " + reason(errno));
  }
  struct stat info {};
  if (::fstat(file.descriptor_, &info) != 0) return io_error("cannot look at it: " + reason(errno));
  if (S_ISDIR(info.st_mode)) return io_error("it is a folder, give a file");
  file.is_pipe_ = S_ISFIFO(info.st_mode);
  if (!S_ISREG(info.st_mode) && !file.is_pipe_) return io_error("it is a device or socket, give a file");
  file.size_ = file.is_pipe_ ? 0 : static_cast<std::uint64_t>(info.st_size);
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      is_pipe_(other.is_pipe_),
      has_given_(other.has_given_) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::size_t> InputFile::read(std::span<std::uint8_t> into) {
  while (true) {
    const ssize_t got = ::read(descriptor_, into.data(), into.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      // Somebody holds the pipe's other end, and is waited for; a file that has nothing yet, /proc/kmsg, may never
      // have.
      if (!is_pipe_) return io_error("reading it would wait without end: give a file");
      if (::fcntl(descriptor_, F_SETFL, 0) != 0) return io_error("cannot read it: " + reason(errno));
      continue;
    }
    if (got < 0) return io_error("cannot read it: " + reason(errno));
    if (got == 0 && is_pipe_ && !has_given_) return io_error("it is a pipe that nobody writes to: give a file");
    has_given_ = true;
    return static_cast<std::size_t>(got);
  }
}

Result<Bytes> read_file(const fs::path& path, std::uint64_t max_bytes) {
  POISE_TRY(InputFile file, InputFile::open(path));
  const std::uint64_t size = file.size();
  if (size > max_bytes) return too_many_bytes(max_bytes);
  // One byte more than the size: the read that meets the end needs no second buffer. /proc files claim size 0.
  Bytes bytes(size == 0 ? kChunk : static_cast<std::size_t>(size) + 1);
  std::size_t used = 0;
  while (true) {
    if (used == bytes.size()) bytes.resize(used + std::max(kChunk, used / 2));
    POISE_TRY(const std::size_t got, file.read(std::span(bytes).subspan(used)));
    if (got == 0) break;
    used += got;
    if (used > max_bytes) return too_many_bytes(max_bytes);
  }
  bytes.resize(used);
  return bytes;
}

Status write_file_atomic(const fs::path& path, BytesView bytes) {
  struct stat old {};
  POISE_TRY(const fs::path target, target_of(path, old));
  const bool exists = old.st_mode != 0;
  if (exists && !S_ISREG(old.st_mode)) return write_in_place(path, bytes);

  // Twice, since another process may take a file for abandoned between its making and its lock.
  int failure = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {
    fs::path temporary;
    Descriptor file(make_temporary(target.parent_path(), temporary));
    if (file.get() < 0) return cannot_write(path, reason(errno));
    failure = fill_temporary(file, bytes, exists ? &old : nullptr);
    if (failure == 0 && ::rename(temporary.c_str(), target.c_str()) != 0) failure = errno;
    if (failure == 0) {
      failure = file.close();
      if (failure == 0) sync_folder(target.parent_path());
      break;
    }
    ::unlink(temporary.c_str());
    if (failure != ENOENT) break;
  }
  if (failure != 0) return cannot_write(path, reason(failure));
  return {};
}

GrowingFile::GrowingFile(fs::path target, fs::path temporary, int descriptor)
    : target_(std::move(target)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

GrowingFile::GrowingFile(GrowingFile&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

GrowingFile::~GrowingFile() {
  if (descriptor_ < 0) return;
  ::unlink(temporary_.c_str());
  ::close(descriptor_);
}

Result<GrowingFile> GrowingFile::create(const fs::path& path) {
  struct stat old {};
  POISE_TRY(fs::path target, target_of(path, old));
  if (old.st_mode != 0 && !S_ISREG(old.st_mode)) return cannot_write(path, "it is a pipe or a device");
  fs::path temporary;
  const int descriptor = make_temporary(target.parent_path(), temporary);
  if (descriptor < 0) return cannot_write(path, reason(errno));
  if (old.st_mode != 0) (void)::fchmod(descriptor, old.st_mode & 0777U);
  return GrowingFile(std::move(target), std::move(temporary), descriptor);
}

Status GrowingFile::append(std::string_view text) {
  const BytesView bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const off_t begin = ::lseek(descriptor_, 0, SEEK_CUR);
  struct stat info {};
  const bool grows = begin >= 0 && ::fstat(descriptor_, &info) == 0 && info.st_size <= begin;
  const int error = write_all(descriptor_, bytes);
  if (error == 0) return {};
  // Where the disk is full, a part is there: what commit() leaves is to be whole pieces.
  if (grows && ::ftruncate(descriptor_, begin) == 0) ::lseek(descriptor_, begin, SEEK_SET);
  return cannot_write(target_, reason(error));
}

Status GrowingFile::commit() {
  int failure = ::fsync(descriptor_) == 0 ? 0 : errno;
  if (failure == 0 && ::rename(temporary_.c_str(), target_.c_str()) != 0) failure = errno;
  if (failure != 0) return cannot_write(target_, reason(failure));
  ::close(std::exchange(descriptor_, -1));
  sync_folder(target_.parent_path());
  return {};
}

void remove_abandoned(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(temporary_start()) || !name.ends_with(kTemporaryEnd)) continue;
    const Descriptor file(::open(at->path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info {};
    if (file.get() < 0 || ::fstat(file.get(), &info) != 0) continue;
    if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid()) continue;
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(at->path().c_str());
  }
}

Status prepare_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    return io_error(folder.string() + ": cannot be made a folder (" + (error ? error.message() : "it is a file") + ")");
  }
  remove_abandoned(folder);
  fs::path probe;
  const Descriptor file(make_temporary(folder, probe));
  if (file.get() < 0) return io_error(folder.string() + ": nothing can be written there (" + reason(errno) + ")");
  const int failure = write_all(file.get(), BytesView(reinterpret_cast<const std::uint8_t*>("x"), 1));
  ::unlink(probe.c_str());
  if (failure != 0) return io_error(folder.string() + ": nothing can be written there (" + reason(failure) + ")");
  return {};
}

Status prepare_file(const fs::path& file) {
  std::error_code error;
  if (fs::is_directory(file, error) || !file.has_filename())
    return io_error(file.string() + ": is a folder, a file is to be written");
  if (fs::exists(file, error) && !fs::is_regular_file(file, error)) return {};
  return prepare_folder(file.has_parent_path() ? file.parent_path() : fs::path("."));
}

Status write_file_atomic(const fs::path& path, std::string_view text) {
  return write_file_atomic(path, BytesView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace poise
