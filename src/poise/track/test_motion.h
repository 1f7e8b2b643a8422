#pragma once
// A picture of smooth random texture that moves as a whole: what flow is tested on.

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "poise/image/image.h"

namespace poise {

/// The texture as it lies after it was moved by `motion`; exact between pixels, since it is a sum of waves.
inline Image moved_texture(Size size, Point motion, unsigned seed = 1) {
  struct Wave {
    float kx, ky, phase;
  };
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> octave(-4, -0.8F), turn(0, 6.28F);  // waves of 14 to 340 pixels
  std::vector<Wave> waves(24);
  for (Wave& wave : waves) {
    const float frequency = std::exp(octave(random));
    const float direction = turn(random);
    wave = {frequency * std::cos(direction), frequency * std::sin(direction), turn(random)};
  }
  Image image(size.width, size.height);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      float sum = 0;
      for (const Wave& wave : waves) {
        const float u = static_cast<float>(x) - motion.x;
        const float v = static_cast<float>(y) - motion.y;
        sum += std::sin(wave.kx * u + wave.ky * v + wave.phase);
      }
      const float grey = std::clamp(128 + 22 * sum, 0.0F, 255.0F);
      std::fill_n(image.row(y) + static_cast<std::ptrdiff_t>(x) * 3, 3, static_cast<std::uint8_t>(grey + 0.5F));
    }
  }
  return image;
}

}  // namespace poise
