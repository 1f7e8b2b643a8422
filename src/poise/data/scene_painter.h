#pragma once
// Puts a picture into a part of a scene: scaled, mirrored, recoloured and normalised.

#include <array>
#include <span>

#include "poise/crop/crop.h"
#include "poise/geometry/box.h"
#include "poise/image/image.h"

namespace poise {

/// How a picture lies in a part of a scene.
struct ScenePlacement {
  Box part;             // of the scene, whole input pixels
  double scale = 1;     // scene pixels a pixel of the picture
  double x = 0, y = 0;  // where the picture's left top corner comes to lie, scene pixels
  bool flip = false;    // the part is mirrored after that
};

struct Recolouring {
  float saturation = 1;                                 // value * saturation + grey * (1 - saturation), then:
  std::array<float, 3> gain{1, 1, 1}, offset{0, 0, 0};  // red, green, blue of [0, 255]: value * gain + offset
};

/// What a part shows where its picture does not reach.
enum class Outside { kMean, kEdge, kAsItIs };  // the mean colour, the picture's edge going on, what was there

struct ScenePaint {
  ScenePlacement placement;
  Recolouring colours = {};
  Outside around = Outside::kMean;
};

/// Bilinear; `picture` is RGB, and shrunk first where it would shrink by more than two. `scene`: (3, size.height,
/// size.width), planes in the normalisation's order. The part lies within the scene. Thread-safe.
void paint(const ImageView& picture, const ScenePaint& how, const Normalisation& normalisation, Size size,
           std::span<float> scene);

/// Adds `amount` times what a part of the scene has above its blur: the mean, weighted 1 2 1 in each direction, of
/// pixels `reach` apart. Over 0 it is sharper (an unsharp mask), to -1 blurred. Values stay within those of black and
/// white. Thread-safe.
void sharpen(const Box& part, float amount, int reach, const Normalisation& normalisation, Size size,
             std::span<float> scene);

}  // namespace poise
