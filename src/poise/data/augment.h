#pragma once
// What is drawn at random for one person, apart from its effect: a pure function of (seed, epoch, index), so that the
// number of workers changes nothing. Defaults: Simple Baselines, lib/dataset/JointsDataset.py __getitem__, COCO.

#include <array>
#include <cstdint>
#include <vector>

#include "poise/base/random.h"
#include "poise/crop/crop.h"
#include "poise/data/data_set.h"

namespace poise {

struct AugmentOptions {
  float scale = 0.3F;                 // the box times clip(N * scale + 1, 1 - scale, 1 + scale); MPII: 0.25; < 1
  float rotation = 40.0F;             // degrees: clip(N * rotation, -limit, limit); MPII: 30
  float rotation_limit = 0.0F;        // 0: twice the rotation, the authors'
  float rotation_probability = 0.6F;  // else 0 degrees
  float flip = 0.5F;                  // probability: mirrored, left and right swapped
  // The rest is off unless asked for.
  float half_body = 0.0F;         // probability: the box of the upper or the lower half alone (HRNet: 0.3) ...
  int half_body_joints = 8;       // ... where more joints than these are labelled (HRNet: 8)
  float truncate = 0.0F;          // probability: cut off as in truncate.h, in the half body's place
  float translation = 0.0F;       // the box moves by up to this share of its padded sides, uniformly
  float colour = 0.0F;            // contrast, brightness and each channel's gain by up to this share, uniformly
  float saturation = 0.0F;        // colours towards grey and away from it by up to this share, uniformly
  float cutout = 0.0F;            // probability of a grey square ...
  float cutout_low = 0.1F;        // ... of a side between these shares of the input's shorter one
  float cutout_high = 0.4F;       //
  std::uint64_t grow_epochs = 0;  // all but the probabilities, save that of cutout, grow linearly for so many epochs
  float grow_from = 0.0F;         // from this share of themselves, [0, 1]
};

/// Errors: kInvalidArgument, naming the option.
Status check(const AugmentOptions& options);
/// 1 once epoch >= grow_epochs. Pure.
double strength(const AugmentOptions& options, std::uint64_t epoch);

struct Square {  // input pixels
  int x = 0;
  int y = 0;
  int side = 0;  // 0: none
};

struct Augmentation {
  Box box;             // scaled, moved, or of half a body; image pixels, not padded
  float rotation = 0;  // degrees, as CropOptions counts them
  bool flip = false;
  float saturation = 1;                // value * saturation + grey * (1 - saturation), then:
  std::array<float, 3> gain{1, 1, 1};  // red, green, blue of [0, 255]: value * gain + offset
  std::array<float, 3> offset{0, 0, 0};
  Square cutout;
  Box scene;  // image pixels: outside the picture is black and joints have weight 0; of no width: all of it is seen
};

/// No augmentation: validation.
Augmentation plain(const Person& person);
/// `random`: Random(seed, epoch, index). crop: size and padding of the network's input. Pure.
Augmentation draw_augmentation(const AugmentOptions& options, double strength, const Person& person,
                               const Skeleton& skeleton, const CropOptions& crop, Random random);

/// One map for crop, rotation and mirror: image pixels -> input pixels. Mirroring the picture (x -> W - x - 1) with the
/// box's centre and then cutting out equals mirroring about that centre: the width cancels out. Pure.
Affine input_from_image(const Augmentation& augmentation, const CropOptions& crop);

/// Joints and weights in the order of the mirrored picture: pairs swapped, places not touched. Its own inverse.
void swap_pairs(std::vector<Annotation::TrueKeypoint>& keypoints, std::vector<float>& weights,
                const std::vector<int>& flip_index);

}  // namespace poise
