// 20,000 frames through `poise track`: memory and descriptors stay as they are after the first 500. Not among the
// ctests: scripts/test --long runs it.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "e2e/program.h"
#include "kit/figure_set.h"
#include "poise/image/codec.h"

namespace poise {
namespace {

/// Kilobytes of memory of a process that are not files.
long memory_of(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string word; status >> word;) {
    long value = 0;
    if (word == "RssAnon:" && status >> value) return value;
  }
  return 0;
}

long descriptors_of(pid_t process) {
  std::error_code error;
  const fs::directory_iterator begin("/proc/" + std::to_string(process) + "/fd", error);
  return error ? 0 : std::distance(begin, fs::directory_iterator());
}

/// Pictures of somebody, with nobody in between, as raw RGB: people come and go.
std::vector<std::string> looped_frames(const fs::path& folder) {
  kit::FigureSetOptions options;
  options.count = 8;
  kit::write_figure_set(folder, options);
  std::vector<std::string> frames;
  for (int i = 1; i <= options.count; ++i) {
    const std::string name = "00000000000" + std::to_string(i) + ".jpg";
    const Image image = read_image(folder / name).value();
    const std::string pixels(reinterpret_cast<const char*>(image.data()), std::size_t{320} * 240 * 3);
    for (int repeat = 0; repeat < 10; ++repeat) frames.push_back(pixels);
    for (int repeat = 0; repeat < 40; ++repeat) frames.emplace_back(std::size_t{320} * 240 * 3, '\x60');
  }
  return frames;
}

class LongTrack : public Program {};

TEST_F(LongTrack, MemoryAndDescriptorsStayAsTheyAre) {
  constexpr int kFrames = 20'000, kWarm = 500, kEach = 100;
  constexpr long kMostKilobytes = 8 * 1024;
  const std::vector<std::string> frames = looped_frames(folder_ / "pictures");
  std::signal(SIGPIPE, SIG_IGN);
  ASSERT_EQ(mkfifo((folder_ / "camera").c_str(), 0600), 0);
  const pid_t child = start({"-c", std::string("exec '") + POISE_PROGRAM +
                                       "' track - --raw 320x240:rgb24@30 --detect-every 10 -f poise -f mot -f csv "
                                       "--json - -q < camera"},
                            "/bin/sh");
  std::ofstream camera(folder_ / "camera", std::ios::binary);
  long warm_memory = 0, most_memory = 0, warm_descriptors = 0;
  for (int i = 0; i < kFrames && camera; ++i) {
    camera << frames[static_cast<std::size_t>(i) % frames.size()] << std::flush;
    if (i < kWarm || i % kEach != 0) continue;
    const long memory = memory_of(child), descriptors = descriptors_of(child);
    if (warm_memory == 0) warm_memory = memory, warm_descriptors = descriptors;
    most_memory = std::max(most_memory, memory);
    ASSERT_EQ(descriptors, warm_descriptors) << "after " << i << " frames";
    ASSERT_LE(memory - warm_memory, kMostKilobytes) << "after " << i << " frames";
  }
  camera.close();
  const Outcome outcome = finish(child);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(parse_json(outcome.out).value().find("frames")->as_integer(), kFrames);
  EXPECT_GT(warm_memory, 0);
  std::printf("memory after %d frames %.1f MiB, at most %+.1f MiB more until %d; %ld descriptors\n", kWarm,
              static_cast<double>(warm_memory) / 1024, static_cast<double>(most_memory - warm_memory) / 1024, kFrames,
              warm_descriptors);
}

}  // namespace
}  // namespace poise
