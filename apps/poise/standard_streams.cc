#include "standard_streams.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "poise/base/file.h"
#include "words.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

std::string reason() { return std::generic_category().message(errno); }

/// All of standard input as a file in memory, open for the program's life.
Result<std::string> spool_input() {
  constexpr std::size_t kMost = std::size_t{4} << 30U;
  const int file = ::memfd_create("poise-stdin", MFD_CLOEXEC);
  if (file < 0) return io_error("standard input cannot be kept: " + reason());
  std::vector<char> piece(1U << 20U);
  std::size_t all = 0;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("standard input cannot be read: " + reason());
    if (got == 0) break;
    all += static_cast<std::size_t>(got);
    if (all > kMost) return too_large("standard input is over 4 GiB: write it to a file and name that");
    for (ssize_t at = 0; at < got;) {
      const ssize_t written = ::write(file, piece.data() + at, static_cast<std::size_t>(got - at));
      if (written < 0 && errno != EINTR) return io_error("standard input cannot be kept: " + reason());
      at += std::max<ssize_t>(written, 0);
    }
  }
  if (all == 0) return malformed("standard input is empty: pipe a file into it, or name the file");
  return "/proc/self/fd/" + std::to_string(file);
}

using Identity = std::pair<dev_t, ino_t>;

/// Of a regular file.
std::optional<Identity> identity_of(const fs::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return Identity{info.st_dev, info.st_ino};
}

std::set<Identity>& inputs() {
  static std::set<Identity> all;
  return all;
}

/// Empty until standard input was asked for.
std::string& spooled() {
  static std::string path;
  return path;
}

}  // namespace

void remember_input(const fs::path& file) {
  if (const auto identity = identity_of(file)) inputs().insert(*identity);
}

Status not_an_input(const fs::path& file) {
  const auto identity = identity_of(file);
  if (!identity || !inputs().contains(*identity)) return {};
  return invalid_argument(file.string() + " is read by this command and would be lost: write to another file");
}

Status one_dash(const std::vector<std::string>& given) {
  if (std::ranges::count_if(given, is_dash) < 2) return {};
  return usage_error("standard input can be read once: give the other file a name");
}

Result<std::string> input_path(const std::string& given) {
  if (!is_dash(given)) {
    remember_input(given);
    return given;
  }
  if (!spooled().empty()) return usage_error("standard input can be read once: give the other file a name");
  POISE_TRY(spooled(), spool_input());
  return spooled();
}

Result<FoundPictures> find_pictures_or_dash(const std::vector<std::string>& names) {
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    POISE_TRY(std::string path, input_path(name));
    paths.push_back(std::move(path));
  }
  POISE_TRY(FoundPictures pictures, find_pictures(paths));
  for (PictureFile& picture : pictures.files) {
    remember_input(picture.path);
    if (!spooled().empty() && picture.path == spooled()) picture.name = picture.place = kStandardInput;
  }
  return pictures;
}

std::string with_input_named(std::string message) {
  const std::string& path = spooled();
  if (path.empty()) return message;
  const std::string_view name = "standard input";
  for (std::size_t at = message.find(path); at != std::string::npos; at = message.find(path, at + name.size())) {
    message.replace(at, path.size(), name);
  }
  return message;
}

Status put_text(const std::string& file, std::string_view text) {
  if (!is_dash(file)) {
    POISE_RETURN_IF_ERROR(not_an_input(file));
    return write_file_atomic(file, text);
  }
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    return io_error("standard output cannot be written (" + reason() + ")");
  return {};
}

Result<OutputFile> OutputFile::create(const std::string& given) {
  POISE_RETURN_IF_ERROR(not_an_input(given));
  if (!is_dash(given)) return OutputFile(given, {});
  std::error_code error;
  std::string name = (fs::temp_directory_path(error) / "poise-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr)
    return io_error("no temporary folder can be made (TMPDIR): " + (error ? error.message() : reason()));
  return OutputFile(given, name);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : given_(std::move(other.given_)), folder_(std::exchange(other.folder_, {})) {}

OutputFile::~OutputFile() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Status OutputFile::send() const {
  if (folder_.empty()) return {};
  std::error_code ignored;
  if (fs::is_directory(path(), ignored))
    return usage_error("a file a picture is written: standard output takes one; name a folder");
  POISE_TRY(const Bytes bytes, read_file(path(), std::numeric_limits<std::uint64_t>::max()));
  return put_text("-", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace poise::app
