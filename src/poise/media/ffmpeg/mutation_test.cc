// Some hundreds of damaged files, the same in each run; fuzz/fuzz_video.cc makes more.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kit/temporary_folder.h"
#include "poise/base/random.h"
#include "poise/media/ffmpeg/ffmpeg.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Bytes overwritten, cut out, said twice or missing at the end.
std::string damaged(std::string bytes, Random& random) {
  const std::uint64_t faults = 1 + random.below(8);
  for (std::uint64_t i = 0; i < faults && bytes.size() > 16; ++i) {
    const std::size_t at = random.below(bytes.size()), length = 1 + random.below(16);
    switch (random.below(5)) {
      case 0:
        bytes[at] = static_cast<char>(random.below(256));
        break;
      case 1:  // a length or a count that is far too large
        for (std::size_t j = at; j < std::min(at + 4, bytes.size()); ++j) bytes[j] = '\xff';
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, length));
        break;
      default:
        bytes.resize(std::max<std::size_t>(at, 16));
    }
  }
  return bytes;
}

TEST(DamagedVideo, GivesFramesWithinTheLimitAndAtMostOneLine) {
  const kit::TemporaryFolder folder;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(POISE_SOURCE_DIR) / "tests/golden/videos")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  ASSERT_GT(files.size(), 20U);
  VideoOpenOptions options;
  options.max_pixels = 1U << 14U;
  options.threads = 1;
  std::size_t errors = 0, frames = 0;
  constexpr int kEach = 12;
  for (std::size_t f = 0; f < files.size(); ++f) {
    const std::string whole = slurp(files[f]);
    for (int i = 0; i < kEach; ++i) {
      Random random(1, f, static_cast<std::uint64_t>(i));
      const fs::path path = folder.path() / ("damaged" + files[f].extension().string());
      std::ofstream(path, std::ios::binary) << damaged(whole, random);
      auto source = open_video(path.string(), options);
      std::string error = source.ok() ? "" : source.error().message;
      for (int n = 0; source.ok() && n < 60; ++n) {
        auto frame = (*source)->next();
        if (!frame.ok()) error = frame.error().message;
        if (!frame.ok() || !*frame) break;
        ASSERT_LE((*frame)->image.width() * (*frame)->image.height(), 1 << 14);
        ++frames;
      }
      if (error.empty()) continue;
      ++errors;
      EXPECT_TRUE(error.starts_with(path.string() + ": ")) << error;
      EXPECT_EQ(error.find('\n'), std::string::npos) << error;
    }
  }
  EXPECT_GT(errors, files.size() * kEach / 4);
  EXPECT_GT(frames, files.size());
}

}  // namespace
}  // namespace poise
