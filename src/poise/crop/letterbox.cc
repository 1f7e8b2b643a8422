#include "poise/crop/letterbox.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "poise/base/check.h"
#include "poise/crop/levels.h"
#include "poise/image/resize.h"
#include "poise/image/warp.h"

namespace poise {

Placement place(Size image, Size input, const LetterboxOptions& options) {
  POISE_CHECK(image.width > 0 && image.height > 0 && input.width > 0 && input.height > 0);
  Placement placement{0, 0, input};
  if (options.fit == Fit::kStretch) return placement;
  const double scale =
      std::min(static_cast<double>(input.width) / image.width, static_cast<double>(input.height) / image.height);
  const auto side = [scale](int of_image, int of_input) {
    return std::clamp(static_cast<int>(std::lround(of_image * scale)), 1, of_input);
  };
  placement.size = {side(image.width, input.width), side(image.height, input.height)};
  if (options.pad_side == PadSide::kBoth) {
    placement.x = (input.width - placement.size.width) / 2;
    placement.y = (input.height - placement.size.height) / 2;
  }
  return placement;
}

Box image_box(const Box& input_box, const Placement& placement, Size image) {
  const float across = static_cast<float>(image.width) / static_cast<float>(placement.size.width);
  const float down = static_cast<float>(image.height) / static_cast<float>(placement.size.height);
  return {(input_box.x - static_cast<float>(placement.x)) * across,
          (input_box.y - static_cast<float>(placement.y)) * down, input_box.width * across, input_box.height * down};
}

void write_letterbox(const ImageView& image, const LetterboxOptions& options, const InputForm& form,
                     std::span<float> out) {
  const Normalisation& normalisation = form.normalisation;
  const auto width = static_cast<std::size_t>(form.size.width);
  const std::size_t plane_size = width * static_cast<std::size_t>(form.size.height);
  POISE_CHECK(out.size() == plane_size * 3);
  const Placement placement = place(image.size(), form.size, options);
  const Levels levels(normalisation);
  if (!(placement.size == form.size)) {
    for (std::size_t c = 0; c < 3; ++c) {
      const float pad = options.pad_colour[levels.channel[c]];
      const float level = (pad * normalisation.scale - normalisation.mean[c]) / normalisation.std[c];
      std::fill_n(out.data() + c * plane_size, plane_size, level);
    }
  }
  const Image resized = form.resample == Resample::kArea ? resize(image, placement.size)
                                                         : resize_linear(image, placement.size, options.half_pixel);
  for (int y = 0; y < placement.size.height; ++y) {
    float* to = out.data() + static_cast<std::size_t>(placement.y + y) * width + static_cast<std::size_t>(placement.x);
    levels.write_row(resized.row(y), placement.size.width, to, plane_size);
  }
}

}  // namespace poise
