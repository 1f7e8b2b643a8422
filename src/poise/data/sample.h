#pragma once
// Person and augmentation -> what the network sees and what it should say.

#include <vector>

#include "poise/codec/gaussian_heatmap.h"
#include "poise/crop/crop.h"
#include "poise/data/augment.h"
#include "poise/data/examples.h"

namespace poise {

struct SampleOptions {
  CropOptions crop = {};             // of the card; its rotation is not used
  Normalisation normalisation = {};  // of the card
  GaussianHeatmap codec = {};
  Size heatmap{48, 64};
  bool joint_weights = false;  // times Joint::weight (HRNet's USE_DIFFERENT_JOINTS_WEIGHT)
  float cut_weight = 0;  // of labelled joints that the crop does not show (cut off, or outside): their target is 0, so
                         // that the network learns to give them low scores; 0: they count for nothing
  bool shrink = false;  // a JPEG much larger than needed is decoded at 1/2, 1/4 or 1/8: faster, other pixels than exact
};
/// Errors: kInvalidArgument (sizes, a stride that does not take the input to the heatmap), naming the option.
Status check(const SampleOptions& options);

/// Where the joints of the person come to lie, input pixels, pairs swapped where mirrored; weight 0 where not labelled.
struct PlacedJoints {
  std::vector<Point> points;
  std::vector<float> weights;
  std::vector<float> cut;  // the weights of those that the augmentation's scene has lost; 0 for all others
};
PlacedJoints place_joints(const Person& person, const Skeleton& skeleton, const Augmentation& augmentation,
                          const CropOptions& crop);

/// The picture of a person, EXIF ignored. shrink: 1, 2, 4 or 8, heeded for JPEGs alone. Errors: as read_image_file,
/// naming the file; kTooLarge over 100 million pixels, or those that a packed person says.
struct LoadedPicture {
  Image image;
  Affine loaded_from_image;  // identity unless shrunk
};
Result<LoadedPicture> load_picture(const Person& person, int shrink = 1);

/// Reads, warps once from the source, normalises, encodes: targets are joints * heatmap height * width, weights joints.
/// Errors: those of the picture. Thread-safe.
Status make_sample(const Person& person, const Skeleton& skeleton, const Augmentation& augmentation,
                   const SampleOptions& options, const SampleView& out);

}  // namespace poise
