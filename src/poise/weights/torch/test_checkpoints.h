#pragma once
// For the tests of this folder: checkpoints written by hand, byte for byte, so that they may be wrong.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "kit/temporary_folder.h"
#include "poise/weights/state_dict.h"

namespace poise::testing_checkpoints {

inline BytesView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The value's lowest bytes, little-endian.
inline std::string le(std::uint64_t value, std::size_t width) {
  std::array<char, 8> raw{};
  std::memcpy(raw.data(), &value, raw.size());
  return {raw.data(), width};
}

// Opcodes of a pickle.
inline std::string text(std::string_view value) { return "X" + le(value.size(), 4) + std::string(value); }
inline std::string integer(std::int64_t value) { return "\x8a\x08" + le(static_cast<std::uint64_t>(value), 8); }
inline std::string tuple(const std::vector<std::int64_t>& values) {
  std::string out = "(";
  for (const std::int64_t value : values) out += integer(value);
  return out + "t";
}
inline std::string global(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}
inline std::string pickled(const std::string& body) { return "\x80\x02" + body + "."; }

/// _rebuild_tensor_v2(storage "0" of `stored` floats, offset, size, stride, False, OrderedDict()).
inline std::string tensor(std::int64_t stored, std::int64_t offset, const std::string& size, const std::string& stride,
                          std::string_view type = "FloatStorage", std::string_view key = "0") {
  return global("torch._utils", "_rebuild_tensor_v2") + "((" + text("storage") + global("torch", type) + text(key) +
         text("cpu") + integer(stored) + "tQ" + integer(offset) + size + stride + "\x89" +
         global("collections", "OrderedDict") + ")RtR";
}
inline std::string one_tensor(const std::string& value) { return pickled("}" + text("w") + value + "s"); }

struct ZipEntry {
  std::string name;
  std::string data;
  std::uint64_t method = 0;
  std::uint64_t flags = 0;
  std::uint64_t attributes = 0;
  std::string local_name{};  // where it differs
  std::int64_t offset = -1;  // where the directory lies about it
  std::int64_t size = -1;
};

inline std::string zip_end(std::uint64_t count, std::uint64_t size, std::uint64_t offset) {
  return "PK\x05\x06" + le(0, 4) + le(count, 2) + le(count, 2) + le(size, 4) + le(offset, 4) + le(0, 2);
}

inline std::string zip_central(const ZipEntry& entry, std::uint64_t offset) {
  const std::uint64_t size = entry.size < 0 ? entry.data.size() : static_cast<std::uint64_t>(entry.size);
  return "PK\x01\x02" + le(20, 2) + le(20, 2) + le(entry.flags, 2) + le(entry.method, 2) + le(0, 8) + le(size, 4) +
         le(size, 4) + le(entry.name.size(), 2) + le(0, 2) + le(0, 2) + le(0, 2) + le(0, 2) + le(entry.attributes, 4) +
         le(entry.offset < 0 ? offset : static_cast<std::uint64_t>(entry.offset), 4) + entry.name;
}

inline std::string zip_of(const std::vector<ZipEntry>& entries) {
  std::string out;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    directory += zip_central(entry, out.size());
    const std::string& name = entry.local_name.empty() ? entry.name : entry.local_name;
    out += "PK\x03\x04" + le(20, 2) + le(0, 2) + le(entry.method, 2) + le(0, 8) + le(entry.data.size(), 4) +
           le(entry.data.size(), 4) + le(name.size(), 2) + le(0, 2) + name + entry.data;
  }
  const std::size_t start = out.size();
  return out + directory + zip_end(entries.size(), directory.size(), start);
}

/// The layouts around a pickle; the file has one storage "0" of `storage`'s bytes.
inline std::string zip_layout(const std::string& pickle, const std::string& storage = std::string(64, '\0')) {
  return zip_of({{"a/data.pkl", pickle}, {"a/version", "3\n"}, {"a/data/0", storage}});
}
inline std::string legacy_layout(const std::string& pickle, const std::string& storage = std::string(64, '\0'),
                                 std::size_t element = 4) {
  const std::string magic("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12);
  return pickled(magic) + pickled("M\xe9\x03") + pickled("}") + pickle + pickled("]" + text("0") + "a") +
         le(storage.size() / element, 8) + storage;
}

inline Result<StateDict> parse(std::string_view bytes, const StateDictLimits& limits = {}) {
  return parse_state_dict(bytes_of(bytes), limits);
}

inline void expect_error(const Result<StateDict>& result, ErrorCode code, const std::string& part) {
  ASSERT_FALSE(result.ok()) << "wanted: " << part;
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  EXPECT_EQ(result.error().message.find('\n'), std::string::npos) << result.error().message;
}

#ifdef __has_feature  // clang's way to ask
#define POISE_SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define POISE_SANITIZED 1
#else
#define POISE_SANITIZED 0
#endif
// 36 MiB, so that a program of 28 stays below 64. Shadow memory and freed blocks count too: not bounded under ASan.
inline constexpr long kMaxKiB = POISE_SANITIZED ? 0 : 36L << 10;
#undef POISE_SANITIZED

inline long peak_kib() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// Reads the file in a child process, so that its peak of memory is its own.
inline void expect_refused_in_little_memory(const std::filesystem::path& path, ErrorCode code,
                                            const std::string& part) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const long before = peak_kib();  // what the parent holds, this very file too
    const Result<StateDict> state = read_state_dict(path);
    std::string said = state ? "read" : std::to_string(static_cast<int>(state.error().code)) + state.error().message;
    if (kMaxKiB > 0 && peak_kib() - before > kMaxKiB) said += " [took " + std::to_string(peak_kib() - before) + " KiB]";
    (void)!::write(pipe_ends[1], said.data(), said.size());
    ::kill(::getpid(), SIGKILL);  // nothing of the parent's is flushed or destroyed twice
  }
  ::close(pipe_ends[1]);
  std::string said;
  std::array<char, 4096> block{};
  for (ssize_t got = 0; (got = ::read(pipe_ends[0], block.data(), block.size())) > 0;)
    said.append(block.data(), static_cast<std::size_t>(got));
  ::close(pipe_ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child died on its own";
  EXPECT_EQ(said.substr(0, 1), std::to_string(static_cast<int>(code))) << said;
  EXPECT_NE(said.find(part), std::string::npos) << said;
  EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  EXPECT_EQ(said.find(" [took "), std::string::npos) << said;
}

using kit::TemporaryFolder;

}  // namespace poise::testing_checkpoints
