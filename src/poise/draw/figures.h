#pragma once
// Synthetic people with exact truth: figures of capsules on a gradient, drawn from the joints that are reported.
// The same options give the same picture on every machine with the same floating point. Pure, thread-safe.

#include <cstdint>
#include <vector>

#include "poise/image/image.h"
#include "poise/person/pose.h"

namespace poise {

struct FigureOptions {
  Size size{640, 480};
  int people = 1;           // side by side, from left to right; none gives the bare background
  std::uint64_t seed = 0;   // poses, colours, places, background
  float min_height = 0.6F;  // of a standing figure, as a part of the picture's height
  float max_height = 0.85F;
};

struct FigurePicture {
  Image image;
  /// COCO-17, one a person. A joint that another figure hides is kOccluded, one outside the picture kAbsent. The box
  /// bounds the pixels the figure covers, the area counts them, hidden ones too.
  std::vector<Annotation> people;
};

FigurePicture draw_figures(const FigureOptions& options);

}  // namespace poise
