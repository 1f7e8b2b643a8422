#pragma once
// For the tests of this folder and of crop: where the golden pictures lie, and
// how far apart two pictures are.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include "poise/base/random.h"
#include "poise/image/codec.h"

namespace poise::testing_pictures {

inline std::string golden_path(const std::string& name) { return POISE_SOURCE_DIR "/tests/golden/" + name; }
inline Image golden(const std::string& name) { return read_image(golden_path(name)).value(); }

/// The numbers of a golden text file, one after another.
inline std::ifstream golden_numbers(const std::string& name) {
  std::ifstream file(golden_path(name));
  EXPECT_TRUE(file.is_open()) << name;
  return file;
}

inline Image noise(int width, int height, std::uint64_t seed = 1) {
  Image image(width, height);
  Random random(seed);
  for (int y = 0; y < height; ++y) {
    std::generate_n(image.row(y), width * 3, [&] { return static_cast<std::uint8_t>(random.below(256)); });
  }
  return image;
}

/// The largest difference of any channel of any pixel; 256 where the sizes
/// differ.
inline int largest_difference(const Image& a, const Image& b) {
  if (a.size() != b.size()) return 256;
  int largest = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int i = 0; i < a.width() * 3; ++i) largest = std::max(largest, std::abs(a.row(y)[i] - b.row(y)[i]));
  }
  return largest;
}

}  // namespace poise::testing_pictures
