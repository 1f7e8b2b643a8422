#include "poise/data/sample.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "poise/base/check.h"
#include "poise/data/truncate.h"
#include "poise/image/codec.h"

namespace poise {
namespace {

constexpr std::uint64_t kMaxPixels = 100'000'000;  // of one picture: a worker holds it whole

/// Colour changes cost nothing: (gain v + offset) * scale normalised is v normalised otherwise.
Normalisation recoloured(const Normalisation& plain, const Augmentation& augmentation) {
  Normalisation n = plain;
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const std::size_t channel = plane_channels(plain.order)[plane];
    n.std[plane] = plain.std[plane] / augmentation.gain[channel];
    n.mean[plane] = (plain.mean[plane] - augmentation.offset[channel] * plain.scale) / augmentation.gain[channel];
  }
  return n;
}

/// Each pixel between its grey and itself. `n`: what the planes were normalised by; grey by ITU-R BT.601.
void saturate(float saturation, const Normalisation& n, std::span<float> image) {
  constexpr std::array<float, 3> kLuma{0.299F, 0.587F, 0.114F};
  const std::size_t pixels = image.size() / 3;
  const std::array<std::size_t, 3> channels = plane_channels(n.order);
  for (std::size_t i = 0; i < pixels; ++i) {
    float grey = 0;
    for (std::size_t plane = 0; plane < 3; ++plane) {
      grey += kLuma[channels[plane]] * (image[plane * pixels + i] * n.std[plane] + n.mean[plane]);
    }
    for (std::size_t plane = 0; plane < 3; ++plane) {
      float& value = image[plane * pixels + i];
      value = saturation * value + (1 - saturation) * (grey - n.mean[plane]) / n.std[plane];
    }
  }
}

/// The mean colour, which is 0 once normalised.
void cut_out(const Square& square, Size size, std::span<float> image) {
  const int left = std::max(square.x, 0);
  const int right = std::min(square.x + square.side, size.width);
  const int top = std::max(square.y, 0);
  const int bottom = std::min(square.y + square.side, size.height);
  if (left >= right) return;
  for (int c = 0; c < 3; ++c) {
    for (int y = top; y < bottom; ++y) {
      const std::ptrdiff_t row = (static_cast<std::ptrdiff_t>(c) * size.height + y) * size.width;
      std::fill(image.begin() + row + left, image.begin() + row + right, 0.0F);
    }
  }
}

/// The part of the picture that is in `scene`, and where it begins; `scene` in the picture's own pixels.
ImageView within(const ImageView& picture, const Box& scene, Point& begin) {
  const auto clamp = [](float value, int most) {
    return static_cast<int>(std::lround(std::clamp(value, 0.0F, static_cast<float>(most))));
  };
  const int left = clamp(scene.x, picture.width), right = clamp(scene.x + scene.width, picture.width);
  const int top = clamp(scene.y, picture.height), bottom = clamp(scene.y + scene.height, picture.height);
  begin = {static_cast<float>(left), static_cast<float>(top)};
  return {picture.row(top) + static_cast<std::ptrdiff_t>(left) * bytes_per_pixel(picture.order), right - left,
          bottom - top, picture.stride, picture.order};
}

int shrink_for(const Affine& input_from_image) {
  const double pixels = 1.0 / std::hypot(input_from_image.a, input_from_image.d);  // of the picture, an input pixel
  for (const int shrink : {8, 4, 2}) {
    if (pixels >= shrink) return shrink;
  }
  return 1;
}

std::size_t area(Size size) { return static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height); }

}  // namespace

Status check(const SampleOptions& o) {
  constexpr int kMaxSide = 4096;
  const auto bad = [](Size s) { return s.width < 1 || s.height < 1 || s.width > kMaxSide || s.height > kMaxSide; };
  POISE_CHECK(o.codec != nullptr && o.answer.input == o.input.size);
  if (bad(o.input.size)) return invalid_argument("the input must be 1 to 4096 pixels a side");
  if (!(o.padding > 0 && o.padding <= 10)) return invalid_argument("padding must be over 0 and at most 10");
  POISE_RETURN_IF_ERROR(o.codec->target_shape(o.answer));
  if (!(o.cut_weight >= 0 && o.cut_weight <= 1)) return invalid_argument("cut_weight must be 0 to 1");
  for (const float std : o.input.normalisation.std) {
    if (!(std::abs(std) > 0)) return invalid_argument("a channel's std must not be 0");
  }
  return {};
}

PlacedJoints place_joints(const Person& person, const Skeleton& skeleton, const Augmentation& augmentation,
                          const CropOptions& crop) {
  POISE_CHECK(person.keypoints.size() == skeleton.joints.size() && person.weights.size() == skeleton.joints.size());
  std::vector<Annotation::TrueKeypoint> keypoints = person.keypoints;
  PlacedJoints placed{{}, person.weights, std::vector<float>(person.weights.size(), 0.0F)};
  if (augmentation.flip) swap_pairs(keypoints, placed.weights, skeleton.flip_index());
  const Affine map = input_from_image(augmentation, crop);
  for (std::size_t j = 0; j < keypoints.size(); ++j) {
    if (keypoints[j].visibility == Visibility::kAbsent) placed.weights[j] = 0;
    const Box& scene = augmentation.scene;
    const Point p = keypoints[j].point;
    if (scene.width > 0 && !holds(scene, p)) std::swap(placed.weights[j], placed.cut[j]);
    placed.points.push_back(map(p));
  }
  return placed;
}

Result<LoadedPicture> load_picture(const Person& person, int shrink) {
  DecodeOptions options{.exif = Exif::kIgnore, .max_pixels = kMaxPixels, .shrink = shrink};
  // A packed picture is as large as its pack says: nobody else's.
  if (person.path.empty() && person.picture.width > 0) {
    options.max_pixels = std::min<std::uint64_t>(kMaxPixels, area(person.picture));
  }
  auto decoded = person.path.empty() ? decode_image(person.bytes, options) : read_image_file(person.path, options);
  if (!decoded.ok()) {
    return person.path.empty() ? decoded.error().prefixed("packed picture " + person.image_name) : decoded.error();
  }
  LoadedPicture loaded{std::move(decoded->image), {}};
  const double factor = 1.0 / decoded->shrink;
  loaded.loaded_from_image = {.a = factor, .b = 0, .c = (factor - 1) / 2, .d = 0, .e = factor, .f = (factor - 1) / 2};
  return loaded;
}

Status make_sample(const Person& person, const Skeleton& skeleton, const Augmentation& augmentation,
                   const SampleOptions& options, const SampleView& out) {
  const std::size_t joints = skeleton.joints.size();
  POISE_CHECK(out.image.size() == 3 * area(options.input.size) && out.weights.size() == joints);
  const Affine map = input_from_image(augmentation, options.crop());
  POISE_TRY(const LoadedPicture picture, load_picture(person, options.shrink ? shrink_for(map) : 1));
  ImageView seen = picture.image.view();
  Affine from_seen = map * picture.loaded_from_image.inverse();
  if (const Box& scene = augmentation.scene; scene.width > 0) {
    const Affine& loaded = picture.loaded_from_image;
    const auto factor = static_cast<float>(loaded.a);
    const Point corner = loaded(Point{scene.x, scene.y});
    Point begin;
    seen = within(seen, {corner.x, corner.y, scene.width * factor, scene.height * factor}, begin);
    from_seen = from_seen * Affine{.a = 1, .b = 0, .c = begin.x, .d = 0, .e = 1, .f = begin.y};
  }
  const InputForm form{options.input.size, recoloured(options.input.normalisation, augmentation)};
  write_crop(seen, from_seen, form, out.image);
  if (augmentation.saturation != 1.0F) saturate(augmentation.saturation, form.normalisation, out.image);
  if (augmentation.cutout.side > 0) cut_out(augmentation.cutout, form.size, out.image);

  const PlacedJoints placed = place_joints(person, skeleton, augmentation, options.crop());
  const auto present = std::make_unique<bool[]>(joints);
  for (std::size_t j = 0; j < joints; ++j) present[j] = placed.weights[j] > 0;
  options.codec->encode(options.answer, placed.points, {present.get(), joints}, out.targets, out.weights);
  for (std::size_t j = 0; j < joints; ++j) {
    const float joint_weight = options.joint_weights ? skeleton.joints[j].weight : 1.0F;
    const bool shown = out.weights[j] > 0;
    const float hidden = options.cut_weight * std::max(placed.cut[j], placed.weights[j]);
    out.weights[j] = (shown ? out.weights[j] * placed.weights[j] : hidden) * joint_weight;
  }
  return {};
}

}  // namespace poise
