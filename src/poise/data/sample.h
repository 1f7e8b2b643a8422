#pragma once
// Person and augmentation -> what the network sees and what it should say.

#include <vector>

#include "poise/codec/pose_codec.h"
#include "poise/crop/crop.h"
#include "poise/data/augment.h"
#include "poise/data/examples.h"

namespace poise {

struct SampleOptions {
  InputForm input = {};        // of the card; pictures are warped, whatever its `resample`
  float padding = 1.25F;       // of the card
  PoseCodecPtr codec = {};     // of the card, never nullptr
  PoseAnswer answer = {};      // the network's, as the codec found it
  bool joint_weights = false;  // times Joint::weight (HRNet's USE_DIFFERENT_JOINTS_WEIGHT)
  float cut_weight = 0;  // of labelled joints that the crop does not show (cut off, or outside): their target is 0, so
                         // that the network learns to give them low scores; 0: they count for nothing
  bool shrink = false;  // a JPEG much larger than needed is decoded at 1/2, 1/4 or 1/8: faster, other pixels than exact
  CropOptions crop() const { return {.size = input.size, .padding = padding}; }
};
/// Errors: kInvalidArgument (sizes), naming the option; those of PoseCodec::target_shape.
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

/// Reads, warps once from the source, normalises, encodes: targets are those of the codec, weights one a joint. Errors:
/// those of the picture. Thread-safe.
Status make_sample(const Person& person, const Skeleton& skeleton, const Augmentation& augmentation,
                   const SampleOptions& options, const SampleView& out);

}  // namespace poise
