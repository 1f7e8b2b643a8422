#include "poise/base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  static std::string text_of(const fs::path& path) {
    const auto bytes = read_file(path, 1 << 20);
    return bytes ? std::string(bytes->begin(), bytes->end()) : "(" + bytes.error().message + ")";
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  const kit::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(File, ComesBackAsWritten) {
  const fs::path path = folder_ / "a" / "b" / "result.bin";  // the folders are made
  Bytes bytes(200'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  ASSERT_TRUE(write_file_atomic(path, bytes).ok());
  EXPECT_EQ(read_file(path, bytes.size()).value(), bytes);
  ASSERT_TRUE(write_file_atomic(path, Bytes{}).ok());
  EXPECT_EQ(text_of(path), "");
}

TEST_F(File, LimitIsExact) {
  ASSERT_TRUE(write_file_atomic(folder_ / "ten", "0123456789").ok());
  EXPECT_TRUE(read_file(folder_ / "ten", 10).ok());
  EXPECT_EQ(read_file(folder_ / "ten", 9).error().code, ErrorCode::kTooLarge);
}

TEST_F(File, HugeFileIsRefusedBeforeAllocation) {
  std::ofstream(folder_ / "huge").put('x');
  fs::resize_file(folder_ / "huge", std::uintmax_t{1} << 42U);  // sparse: takes no room on disk
  EXPECT_EQ(read_file(folder_ / "huge", 1 << 20).error().code, ErrorCode::kTooLarge);
}

TEST_F(File, SizeThatIsNotKnownIsBoundedWhileReading) {
  EXPECT_TRUE(read_file("/proc/self/maps", 1 << 24).ok());  // claims to be 0 bytes long
  EXPECT_EQ(read_file("/proc/self/maps", 16).error().code, ErrorCode::kTooLarge);
}

TEST_F(File, WhatIsNoFileIsSaidClearly) {
  EXPECT_EQ(read_file(folder_ / "missing", 10).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_file(fs::path(std::string("a\0b", 3)), 10).error().code, ErrorCode::kNotFound);
  const Error folder = read_file(folder_, 10).error();
  EXPECT_EQ(folder.code, ErrorCode::kIo);
  EXPECT_EQ(folder.message, "it is a folder, give a file");
  EXPECT_EQ(read_file("/dev/zero", 10).error().message, "it is a device or socket, give a file");
  // A file by its kind, and one that is waited for without end.
  if (::geteuid() != 0 || !fs::exists("/proc/kmsg")) return;
  EXPECT_FALSE(read_file("/proc/kmsg", 1U << 30U).ok());
}

TEST_F(File, PipeIsReadToItsEnd) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_file(pipe, 10).error().message, "it is a pipe that nobody writes to: give a file") << "no hang";
  std::fstream keep_open(pipe, std::ios::in | std::ios::out);
  ASSERT_TRUE(write_file_atomic(pipe, "through").ok());
  std::thread closer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    keep_open.close();
  });
  EXPECT_EQ(text_of(pipe), "through");
  closer.join();
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(File, FailedWriteKeepsTheOldFileAndLeavesNothingBehind) {
  const fs::path path = folder_ / "result.json";
  ASSERT_TRUE(write_file_atomic(path, "old").ok());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const Status status = write_file_atomic(path, std::string(100'000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);

  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_EQ(status.error().message, "cannot write " + path.string() + ": File too large");
  EXPECT_EQ(text_of(path), "old");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(File, AGrowingFileHoldsWholePiecesAfterAFailedWrite) {
  auto file = GrowingFile::create(folder_ / "a.jsonl").value();
  ASSERT_TRUE(file.append("first\n").ok());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const Status status = file.append(std::string(100'000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_FALSE(status.ok());
  ASSERT_TRUE(file.append("second\n").ok());
  ASSERT_TRUE(file.commit().ok());
  EXPECT_EQ(text_of(folder_ / "a.jsonl"), "first\nsecond\n");
}

TEST_F(File, PathThroughAFileNamesThePathAndTheReason) {
  ASSERT_TRUE(write_file_atomic(folder_ / "file", "kept").ok());
  const fs::path path = folder_ / "file" / "below.json";
  const Status status = write_file_atomic(path, "new");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_EQ(status.error().message, "cannot write " + path.string() + ": cannot make its folder: Not a directory");
  EXPECT_EQ(text_of(folder_ / "file"), "kept");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(File, FolderIsNotReplaced) {
  EXPECT_FALSE(write_file_atomic(folder_, "text").ok());
  EXPECT_FALSE(write_file_atomic(folder_ / "", "text").ok());
  EXPECT_TRUE(fs::is_directory(folder_));
  EXPECT_EQ(entries(), 0U);
}

TEST_F(File, DeviceIsWrittenToAndNotReplaced) {
  EXPECT_TRUE(write_file_atomic("/dev/null", "text").ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  if (!fs::is_character_file("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  EXPECT_EQ(write_file_atomic("/dev/full", "text").error().message, "cannot write /dev/full: No space left on device");
}

TEST_F(File, LinkIsFollowedAndPermissionsStay) {
  const fs::path path = folder_ / "real";
  ASSERT_TRUE(write_file_atomic(path, "old").ok());
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real", folder_ / "link");
  ASSERT_TRUE(write_file_atomic(folder_ / "link", "new").ok());
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(text_of(path), "new");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("nowhere", folder_ / "dangling");
  EXPECT_FALSE(write_file_atomic(folder_ / "dangling", "new").ok());
}

TEST_F(File, WhatKilledProcessesLeftIsRemoved) {
  // A child that is killed while it writes: a pipe's other end is never read, so that it waits within the write.
  const fs::path out = folder_ / "out";
  fs::create_directory(out);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const std::string large(50'000'000, 'x');
    for (;;) (void)write_file_atomic(out / "result", large);
  }
  fs::path left;
  while (left.empty()) {
    for (const auto& entry : fs::directory_iterator(out)) {
      if (entry.path().extension() == ".tmp") left = entry.path();
    }
    if (!left.empty() && ::kill(child, SIGSTOP) == 0 && !fs::exists(left)) {  // it was renamed meanwhile
      left.clear();
      ::kill(child, SIGCONT);
    }
  }
  remove_abandoned(out);
  EXPECT_TRUE(fs::exists(left)) << "its writer lives";
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  // A file of our own process's number, names that are not ours, and a link of such a name.
  const std::string name = left.filename().string();
  const std::string start = name.substr(0, name.find('-', name.find('-') + 1) + 1);
  std::ofstream(out / (start + std::to_string(::getpid()) + "-0.tmp")) << "of one before us with our number";
  const std::vector<std::string> kept{start + "1-0.tm", ".poise-1-0.tmp", "poise-1-0.tmp", ".poise-00000000-1-0.tmp"};
  for (const std::string& other : kept) std::ofstream(out / other) << "kept";
  std::ofstream(folder_ / "precious") << "kept";
  fs::create_symlink(folder_ / "precious", out / (start + "2-0.tmp"));
  fs::remove(out / "result");
  remove_abandoned(out);
  std::size_t entries = 0;
  for (const auto& entry : fs::directory_iterator(out)) entries += entry.exists() ? 1 : 0;
  EXPECT_EQ(entries, kept.size() + 1);  // and the link
  EXPECT_EQ(text_of(folder_ / "precious"), "kept");
  for (const std::string& other : kept) EXPECT_TRUE(fs::exists(out / other)) << other;
  remove_abandoned(folder_ / "nowhere");
}

TEST_F(File, AFolderIsTriedWithoutTouchingWhatIsThere) {
  std::ofstream(folder_ / "precious") << "kept";
  fs::create_directory(folder_ / "out");
  fs::create_symlink(folder_ / "precious", folder_ / "out" / ".poise-probe");
  ASSERT_TRUE(prepare_folder(folder_ / "out").ok());
  EXPECT_EQ(text_of(folder_ / "precious"), "kept");
  EXPECT_TRUE(fs::is_symlink(folder_ / "out" / ".poise-probe"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "out"), fs::directory_iterator()), 1);
  ASSERT_TRUE(prepare_folder(folder_ / "new" / "one").ok());
  EXPECT_TRUE(fs::is_empty(folder_ / "new" / "one"));
  const Status file = prepare_folder(folder_ / "precious");
  ASSERT_FALSE(file.ok());
  EXPECT_TRUE(file.error().message.starts_with((folder_ / "precious").string())) << file.error().message;
}

TEST_F(File, ReadersSeeWholeFilesWhileManyWrite) {
  const fs::path path = folder_ / "shared";
  ASSERT_TRUE(write_file_atomic(path, std::string(50'000, 'a')).ok());
  std::vector<std::thread> writers;
  for (const char letter : {'b', 'c'}) {
    writers.emplace_back([&path, letter] {
      for (int i = 0; i < 20; ++i) write_file_atomic(path, std::string(50'000, letter)).value();
    });
  }
  for (int i = 0; i < 50; ++i) {
    const std::string text = text_of(path);
    ASSERT_EQ(text, std::string(50'000, text.front()));
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(entries(), 1U);
}

}  // namespace
}  // namespace poise
