#pragma once
// Scenes to learn detection from, each put together of one or several pictures with boxes: people of all sizes, whole
// and cut off, alone and in crowds, and parts of pictures that hold nobody. Mosaics: Bochkovskiy et al., YOLOv4, 2020,
// section 3.3.

#include <optional>

#include "poise/base/random.h"
#include "poise/codec/centre.h"
#include "poise/crop/crop.h"
#include "poise/data/box_set.h"
#include "poise/data/examples.h"
#include "poise/data/scene_painter.h"

namespace poise {

struct SceneOptions {
  Size size{320, 320};               // of the network's input
  Normalisation normalisation = {};  // of the card
  CentreCodec codec = {};
  std::size_t scenes = 4000;  // an epoch
  float mosaic = 0.7F;        // probability of 2x2, 3x3 or 4x4 pictures in a scene, else one fills it
  float smallest = 14.0F;     // longer side of the person that a picture is scaled by: from here, input pixels ...
  float largest = 420.0F;     // ... to here, and from 0.22 to 1.5 of the picture's part of the scene
  float nobody = 0.2F;        // probability that a part of the scene holds nobody ...
  float hidden = 0.0F;        // ... and that it then is a picture whose people are hidden, not a window beside them
  float flip = 0.5F;          // probability, of each picture
  float colour = 0.25F;       // contrast, brightness and each channel's gain by up to this share
  float saturation = 0.4F;    // colours towards grey and away from it by up to this share
  float grey = 0.1F;          // probability that a picture loses its colours
  float sharpness = 0.0F;     // probability that a part of the scene is sharpened (as often as not) or blurred
};
/// Errors: kInvalidArgument, naming the option.
Status check(const SceneOptions& options);

/// A set and how often its pictures are taken, relative to the others'.
struct WeightedBoxSet {
  BoxSet set;
  double weight = 1;
};

/// Scenes as examples. Targets are EncodedCentres::maps, weights EncodedCentres::weights. Their pictures are drawn from
/// the random numbers alone, the number of an example means nothing. Errors: kInvalidArgument (options, no picture).
Result<ExamplesPtr> scene_examples(std::vector<WeightedBoxSet> sets, const SceneOptions& options);

// Public for tests.

/// Persons and ignored boxes of a picture as they are seen there: what is seen of a box stays a person where it is at
/// least a fifth of it and 4 pixels wide and high, is ignored where it is less. Pure.
void place_boxes(const BoxedPicture& picture, const ScenePlacement& placement, std::vector<Box>& persons,
                 std::vector<Box>& ignored);
/// One of the picture's people, larger ones more often, of a length within the limits of `options`, whole or cut off.
/// Pure.
ScenePlacement draw_placement(const BoxedPicture& picture, const Box& part, const SceneOptions& options,
                              Random& random);
/// A window of the picture that holds nobody, filling the part; nothing where some tries found none. Pure.
std::optional<ScenePlacement> draw_background(const BoxedPicture& picture, const Box& part, const SceneOptions& options,
                                              Random& random);

}  // namespace poise
