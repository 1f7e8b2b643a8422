#include "poise/crop/crop.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "poise/base/check.h"
#include "poise/crop/levels.h"
#include "poise/image/resize.h"
#include "poise/image/warp_rows.h"

namespace poise {
namespace {

constexpr double kFar = 1e9;  // pixels; boxes further out hold nothing but black

/// The pixels that crop_from_image shows, whole.
PixelRect whole_pixels(const Affine& crop_from_image, Size size) {
  const auto edge = [](double crop, double scale, double offset) {
    return static_cast<std::int64_t>(std::llround(std::clamp((crop - offset) / scale, -kFar, kFar)));
  };
  const Affine& m = crop_from_image;
  const std::int64_t left = edge(0, m.a, m.c);
  const std::int64_t top = edge(0, m.e, m.f);
  return {.x = left,
          .y = top,
          .width = std::max<std::int64_t>(edge(size.width, m.a, m.c) - left, 1),
          .height = std::max<std::int64_t>(edge(size.height, m.e, m.f) - top, 1)};
}

}  // namespace

Box padded_box(const Box& box, const CropOptions& options) {
  const float aspect = static_cast<float>(options.size.width) / static_cast<float>(options.size.height);
  const Point centre = box.centre();
  float width = box.width;
  float height = box.height;
  if (width > aspect * height) {
    height = width / aspect;
  } else {
    width = height * aspect;
  }
  width *= options.padding;
  height *= options.padding;
  return {centre.x - width * 0.5F, centre.y - height * 0.5F, width, height};
}

Affine crop_from_image(const Box& box, const CropOptions& options) {
  const Box padded = padded_box(box, options);
  const double scale = options.size.width / static_cast<double>(padded.width);
  const double angle = options.rotation * std::numbers::pi / 180.0;
  const double cosine = std::cos(angle) * scale;
  const double sine = std::sin(angle) * scale;
  const double x = box.x + box.width * 0.5;
  const double y = box.y + box.height * 0.5;
  const double half = options.edges ? 0.5 : 0.0;  // from a picture's edge to its first pixel's centre
  return {.a = cosine,
          .b = sine,
          .c = options.size.width * 0.5 - half - cosine * (x - half) - sine * (y - half),
          .d = -sine,
          .e = cosine,
          .f = options.size.height * 0.5 - half + sine * (x - half) - cosine * (y - half)};
}

void write_crop(const ImageView& image, const Affine& crop_from_image, const InputForm& form, std::span<float> out) {
  const Size size = form.size;
  if (form.resample == Resample::kLinear) {
    write_crop_rows(image, crop_from_image, form, out, 0, size.height);
    return;
  }
  POISE_CHECK(size.width > 0 && size.height > 0);
  const std::size_t plane_size = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  POISE_CHECK(out.size() == plane_size * 3);
  const Levels levels(form.normalisation);
  const Affine& m = crop_from_image;
  POISE_CHECK(m.b == 0 && m.d == 0 && m.a > 0 && m.e > 0 && std::isfinite(m.c) && std::isfinite(m.f));
  const Image crop = resize_area(image, whole_pixels(m, size), size);
  for (int y = 0; y < size.height; ++y) {
    float* line = out.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width);
    levels.write_row(crop.row(y), size.width, line, plane_size);
  }
}

void write_crop_rows(const ImageView& image, const Affine& crop_from_image, const InputForm& form, std::span<float> out,
                     int begin, int end) {
  const Size size = form.size;
  POISE_CHECK(size.width > 0 && size.height > 0 && 0 <= begin && begin <= end && end <= size.height);
  const std::size_t plane_size = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  POISE_CHECK(out.size() == plane_size * 3);
  WarpRows rows(image, crop_from_image, size);
  std::vector<std::uint32_t> rgbx(static_cast<std::size_t>(size.width));
  for (int y = begin; y < end; ++y) {
    rows.row(y, rgbx.data());
    float* line = out.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width);
    write_levels(form.normalisation, rgbx.data(), size.width, line, plane_size);
  }
}

}  // namespace poise
