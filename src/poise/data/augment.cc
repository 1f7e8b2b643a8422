#include "poise/data/augment.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "poise/base/check.h"
#include "poise/data/truncate.h"

namespace poise {
namespace {

constexpr float kMidGrey = 127.5F;
constexpr float kHalfBodyPadding = 1.5F;  // HRNet lib/dataset/JointsDataset.py, half_body_transform

/// Joints from the hips down, by name.
bool is_lower(const std::string& joint) {
  constexpr std::array<std::string_view, 8> kLower{"hip", "pelvis", "knee", "ankle", "foot", "toe", "heel", "paw"};
  return std::any_of(kLower.begin(), kLower.end(),
                     [&](std::string_view part) { return joint.find(part) != std::string::npos; });
}

bool labelled(const Person& person, std::size_t j) {
  return person.keypoints[j].visibility != Visibility::kAbsent && person.weights[j] > 0;
}

/// HRNet lib/dataset/JointsDataset.py half_body_transform: the chosen half's extent about its joints' mean, padded by
/// 1.5. False: too few joints, or no extent.
bool half_body(const Person& person, const Skeleton& skeleton, bool want_upper, float padding, Box& box) {
  std::array<std::vector<Point>, 2> halves;  // upper, lower
  for (std::size_t j = 0; j < person.keypoints.size(); ++j) {
    if (labelled(person, j)) halves[is_lower(skeleton.joints[j].name) ? 1 : 0].push_back(person.keypoints[j].point);
  }
  const bool upper = (want_upper && halves[0].size() > 2) || halves[1].size() <= 2;
  const std::vector<Point>& chosen = halves[upper ? 0 : 1];
  if (chosen.size() < 2) return false;
  Point low = chosen.front();
  Point high = low;
  double x = 0;
  double y = 0;
  for (const Point& p : chosen) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    x += p.x;
    y += p.y;
  }
  const float width = (high.x - low.x) * kHalfBodyPadding / padding;
  const float height = (high.y - low.y) * kHalfBodyPadding / padding;
  if (!(std::max(width, height) >= 1)) return false;
  const auto n = static_cast<double>(chosen.size());
  // One side may be nothing: the box grows to the input's aspect.
  const Box about{static_cast<float>(x / n), static_cast<float>(y / n), std::max(width, 1.0F), std::max(height, 1.0F)};
  box = {about.x - about.width * 0.5F, about.y - about.height * 0.5F, about.width, about.height};
  return true;
}

Box scaled(const Box& box, float scale) {
  const Point centre = box.centre();
  return {centre.x - box.width * scale * 0.5F, centre.y - box.height * scale * 0.5F, box.width * scale,
          box.height * scale};
}

Status in_range(const char* name, float value, float low, float high) {
  if (value >= low && value <= high) return {};
  return invalid_argument(std::string(name) + " must be " + std::to_string(low) + " to " + std::to_string(high));
}

}  // namespace

Status check(const AugmentOptions& o) {
  POISE_RETURN_IF_ERROR(in_range("scale", o.scale, 0, 0.95F));
  POISE_RETURN_IF_ERROR(in_range("rotation", o.rotation, 0, 360));
  POISE_RETURN_IF_ERROR(in_range("rotation_limit", o.rotation_limit, 0, 360));
  POISE_RETURN_IF_ERROR(in_range("rotation_probability", o.rotation_probability, 0, 1));
  POISE_RETURN_IF_ERROR(in_range("flip", o.flip, 0, 1));
  POISE_RETURN_IF_ERROR(in_range("half_body", o.half_body, 0, 1));
  POISE_RETURN_IF_ERROR(in_range("truncate", o.truncate, 0, 1));
  POISE_RETURN_IF_ERROR(in_range("translation", o.translation, 0, 1));
  POISE_RETURN_IF_ERROR(in_range("colour", o.colour, 0, 0.9F));
  POISE_RETURN_IF_ERROR(in_range("saturation", o.saturation, 0, 1));
  POISE_RETURN_IF_ERROR(in_range("cutout", o.cutout, 0, 1));
  POISE_RETURN_IF_ERROR(in_range("cutout_low", o.cutout_low, 0, 1));
  POISE_RETURN_IF_ERROR(in_range("cutout_high", o.cutout_high, o.cutout_low, 1));
  return in_range("grow_from", o.grow_from, 0, 1);
}

double strength(const AugmentOptions& options, std::uint64_t epoch) {
  if (epoch >= options.grow_epochs) return 1;
  const double part = static_cast<double>(epoch) / static_cast<double>(options.grow_epochs);
  return options.grow_from + (1.0 - options.grow_from) * part;
}

Augmentation plain(const Person& person) {
  Augmentation none;
  none.box = person.box;
  return none;
}

Augmentation draw_augmentation(const AugmentOptions& o, double strength, const Person& person, const Skeleton& skeleton,
                               const CropOptions& crop, Random random) {
  POISE_CHECK(person.keypoints.size() == skeleton.joints.size() && person.weights.size() == skeleton.joints.size());
  // Everything is drawn, wanted or not: switching one option on does not change what the others do.
  const double half_chance = random.uniform();
  const bool want_upper = random.normal() < 0.5;  // the source's own threshold, on a normal number: 69 of 100
  const double scale_draw = random.normal();
  const double rotation_draw = random.normal();
  const double rotation_chance = random.uniform();
  const double flip_chance = random.uniform();
  const double shift_x = random.uniform(-1, 1);
  const double shift_y = random.uniform(-1, 1);
  std::array<double, 5> colour{};  // contrast, brightness, three gains
  for (double& draw : colour) draw = random.uniform(-1, 1);
  const double cut_chance = random.uniform();
  const double cut_side = random.uniform(o.cutout_low, o.cutout_high);
  const double cut_x = random.uniform();
  const double cut_y = random.uniform();
  const double truncate_chance = random.uniform();
  Truncation truncation;
  const bool can_truncate = truncate(person, random, truncation);
  const double saturation = random.uniform(-1, 1);

  Augmentation a = plain(person);
  std::ptrdiff_t joints = 0;
  for (std::size_t j = 0; j < person.keypoints.size(); ++j) joints += labelled(person, j) ? 1 : 0;
  if (can_truncate && truncate_chance < o.truncate) {
    a.box = truncation.box;
    a.scene = truncation.scene;
  } else if (joints > o.half_body_joints && half_chance < o.half_body) {
    half_body(person, skeleton, want_upper, crop.padding, a.box);
  }
  const double scale = o.scale * strength;
  a.box = scaled(a.box, static_cast<float>(std::clamp(scale_draw * scale + 1, 1 - scale, 1 + scale)));
  const double rotation = o.rotation * strength;
  const double limit = o.rotation_limit > 0 ? o.rotation_limit * strength : 2 * rotation;
  if (rotation_chance < o.rotation_probability) {
    a.rotation = static_cast<float>(std::clamp(rotation_draw * rotation, -limit, limit));
  }
  a.flip = flip_chance < o.flip;
  const Box padded = padded_box(a.box, crop);
  a.box.x += static_cast<float>(shift_x * o.translation * strength) * padded.width;
  a.box.y += static_cast<float>(shift_y * o.translation * strength) * padded.height;

  const auto share = static_cast<float>(o.colour * strength);
  const float contrast = 1 + share * static_cast<float>(colour[0]);
  for (std::size_t c = 0; c < 3; ++c) {
    const float channel = 1 + share * static_cast<float>(colour[2 + c]);
    a.gain[c] = contrast * channel;
    a.offset[c] = channel * kMidGrey * (1 - contrast + share * static_cast<float>(colour[1]));
  }
  a.saturation = static_cast<float>(1 + o.saturation * strength * saturation);
  if (cut_chance < o.cutout * strength) {
    const int shorter = std::min(crop.size.width, crop.size.height);
    a.cutout.side = std::max(1, static_cast<int>(std::lround(cut_side * shorter)));
    a.cutout.x = static_cast<int>(cut_x * crop.size.width) - a.cutout.side / 2;
    a.cutout.y = static_cast<int>(cut_y * crop.size.height) - a.cutout.side / 2;
  }
  return a;
}

Affine input_from_image(const Augmentation& augmentation, const CropOptions& crop) {
  CropOptions turned = crop;
  turned.rotation = augmentation.rotation;
  const Affine map = crop_from_image(augmentation.box, turned);
  if (!augmentation.flip) return map;
  const double centre = augmentation.box.x + augmentation.box.width * 0.5;
  return map * Affine{.a = -1, .b = 0, .c = 2 * centre, .d = 0, .e = 1, .f = 0};
}

void swap_pairs(std::vector<Annotation::TrueKeypoint>& keypoints, std::vector<float>& weights,
                const std::vector<int>& flip_index) {
  POISE_CHECK(keypoints.size() == flip_index.size() && weights.size() == flip_index.size());
  for (std::size_t j = 0; j < flip_index.size(); ++j) {
    const auto other = static_cast<std::size_t>(flip_index[j]);
    if (other <= j) continue;
    std::swap(keypoints[j], keypoints.at(other));
    std::swap(weights[j], weights[other]);
  }
}

}  // namespace poise
