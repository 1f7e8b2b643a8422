#include "signature.h"

#include <cmath>

#include "poise/base/random.h"
#include "poise/base/sha256.h"
#include "poise/infer/estimator.h"
#include "poise/models/shipped.h"

namespace poise::app {
namespace {

/// Rectangles and slopes of grey and colour: edges for a network to answer to.
Image picture() {
  Image image(320, 240);
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      std::uint8_t* pixel = image.row(y) + static_cast<std::ptrdiff_t>(x) * 3;
      pixel[0] = static_cast<std::uint8_t>(x / 2);
      pixel[1] = static_cast<std::uint8_t>(y);
      pixel[2] = static_cast<std::uint8_t>((x + y) / 3);
    }
  }
  Random random(2018);
  for (int i = 0; i < 60; ++i) {
    const auto below = [&](int n) { return static_cast<int>(random.below(static_cast<std::uint64_t>(n))); };
    const int left = below(300), top = below(220), width = 4 + below(50), height = 4 + below(90);
    const std::uint8_t colour[3] = {static_cast<std::uint8_t>(below(256)), static_cast<std::uint8_t>(below(256)),
                                    static_cast<std::uint8_t>(below(256))};
    for (int y = top; y < std::min(top + height, image.height()); ++y) {
      for (int x = left; x < std::min(left + width, image.width()); ++x) {
        std::copy_n(colour, 3, image.row(y) + static_cast<std::ptrdiff_t>(x) * 3);
      }
    }
  }
  return image;
}

}  // namespace

Result<std::string> result_signature() {
  EstimatorOptions options;
  options.run.backend = "reference";
  POISE_TRY(NetworkFile model, read_shipped());
  POISE_TRY(Estimator estimator, Estimator::create(std::move(model), options));
  const Image image = picture();
  const std::vector<PersonBox> boxes{
      {{10, 10, 100, 200}, 1}, {{120, 20, 80, 160}, 1}, {{200, 60, 110, 170}, 1}, {{-20, 100, 150, 90}, 1}};
  POISE_TRY(const Estimate estimate, estimator.estimate(image.view(), boxes));
  std::string text;
  for (const Pose& pose : estimate.poses) {
    for (const Keypoint& keypoint : pose.keypoints) {
      text +=
          std::to_string(std::lround(keypoint.point.x * 4)) + " " + std::to_string(std::lround(keypoint.point.y * 4));
      text += " " + std::to_string(std::lround(keypoint.score * 64)) + "\n";
    }
  }
  constexpr std::size_t kDigits = 16;
  return sha256_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}).substr(0, kDigits);
}

}  // namespace poise::app
