#pragma once
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

/// A folder of this process's own in memory where there is such a place, for readers that want a path. Gone at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::error_code error;
    const std::filesystem::path shm = "/dev/shm";
    const bool memory = std::filesystem::is_directory(shm, error);
    path_ = (memory ? shm : std::filesystem::temp_directory_path()) / ("poise-fuzz-" + std::to_string(getpid()));
    std::filesystem::create_directories(path_);
  }
  ~ScratchFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

  /// A file of these bytes, in the place of the one before it.
  std::filesystem::path write(const std::string& name, const std::uint8_t* data, std::size_t size) const {
    std::filesystem::path file = path_ / name;
    std::FILE* out = std::fopen(file.c_str(), "wb");
    if (out == nullptr || std::fwrite(data, 1, size, out) != size) std::abort();
    std::fclose(out);
    return file;
  }

 private:
  std::filesystem::path path_;
};
