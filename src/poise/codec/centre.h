#pragma once
// Objects as points: boxes as centre heatmap, size and offset, encode and decode. Source: Zhou, Wang and Kraehenbuehl,
// "Objects as Points", 2019, sections 3 and 4; Gaussian radius: Law and Deng, CornerNet, ECCV 2018, section 3.2.
// Boxes here are edges: x = 0 is the left EDGE of the first input pixel, as COCO writes boxes.

#include <span>
#include <vector>

#include "poise/codec/detection.h"
#include "poise/geometry/box.h"
#include "poise/tensor/tensor.h"

namespace poise {

struct CentreCodec {
  float stride = 4.0F;     // input pixels a cell
  float min_iou = 0.7F;    // boxes moved by the Gaussian's radius still overlap the truth by this
  float min_sigma = 0.5F;  // cells; a small person's neighbouring cells are not fully against it
  /// Over 0: cells around a centre learn its box too, by a Gaussian of this share of the box's sides (Liu et al.,
  /// TTFNet, AAAI 2020, section 3.3: .09). 0: the centre alone.
  float box_sigma = 0.0F;
};

/// Planes are (height, width), row-major.
struct EncodedCentres {
  Tensor maps;     // (5, height, width): heatmap, peaks of exactly 1; size: width, height; offset: x, y in [0, 1) at
                   // centres, beyond it around them; cells
  Tensor weights;  // (2, height, width): of the heatmap, 0 inside ignored boxes but at centres; of the rest, 1 at
                   // centres and, with box_sigma, 1 or less in all over the cells around each, none of them over 0.5
};
/// The cell that holds a box's centre is its peak; where two boxes have one cell, the smaller keeps it. Boxes whose
/// centre is outside, or that are empty or not numbers, are left out. Pure.
EncodedCentres encode(const CentreCodec& codec, std::span<const Box> boxes, std::span<const Box> ignored, Size cells);

/// The boxes that encode() kept, from what it gave. Pure.
std::vector<Box> encoded_boxes(const CentreCodec& codec, const float* maps, const float* weights, Size cells);

struct CentreDecoding {
  float threshold = 0.3F;  // boxes whose score is not above are left out
  int most = 100;          // boxes
  bool logits = false;     // the heatmap has not been through a sigmoid; scores have
  /// Networks are surer of small things, right or wrong, than of large ones. The logit of a score rises by this for
  /// each e-fold of the box's side, the root of its area, as a share of the input's longer side; from kUnmoved on
  /// downwards it falls. Before the threshold. 0: scores stay.
  float size_slope = 0.0F;
  static constexpr float kUnmoved = 0.26F;
};

/// What the network gives, of one picture.
struct CentreMaps {
  const float* heatmap = nullptr;  // (categories, height, width)
  const float* size = nullptr;     // (2, height, width), and so is the next
  const float* offset = nullptr;
  Size cells;
  int categories = 1;
};

/// One box a peak, best first, the category its label. A peak is a plateau: the cells of one value, each a neighbour of
/// another (of eight), that have no higher neighbour; its first cell, row by row, gives size and offset. Most are of
/// one cell; rounded heatmaps have larger ones. Sizes that are not positive numbers, and NaN anywhere, give no box.
/// Pure.
std::vector<Detection> decode(const CentreCodec& codec, const CentreMaps& maps, const CentreDecoding& options = {});

/// Radius, in cells, of the Gaussian of a box of width x height cells. Pure.
float centre_radius(float width, float height, float min_iou);

}  // namespace poise
