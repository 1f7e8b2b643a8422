#pragma once
// What object detectors say, before it is known who is a person: boxes with scores and classes, and the thinning out of
// boxes that say the same. The networks' own languages are in codec/detectors.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "poise/geometry/box.h"
#include "poise/tensor/tensor.h"

namespace poise {

struct Detection {
  Box box;          // pixels of the network's input, as COCO writes boxes: x = 0 is the left edge of the first pixel
  float score = 0;  // in [0, 1] where the network behaves
  int label = 0;    // the class, from 0
  /// Where the detector knows how people lie: the middle of the hips, and a point above the head on the circle round
  /// the whole body.
  std::optional<std::array<Point, 2>> body = {};
};

/// What a decoder must know beside the network's outputs.
struct DetectionHead {
  Size input;              // of the network, pixels
  float threshold = 0.25;  // detections whose score is not above are left out
  /// yolov3: one list an output, width and height in input pixels.
  std::vector<std::vector<std::array<float, 2>>> anchors = {};
  std::vector<float> scale_xy = {};  // yolov3: darknet's scale_x_y, one an output; empty: 1
  int classes = 0;                   // that the card names; 0: none
  bool logits = false;               // centre: the heatmap has not been through a sigmoid
  float size_slope = 0.0F;           // centre: by how much larger boxes' scores rise, CentreDecoding::size_slope
};

/// Greedy, each class for itself: the best stays, and what overlaps it by more than `iou` goes. Best first, of equals
/// the earlier; at most `max` stay, and only the best 10,000 are looked at. Boxes that are empty or not finite are no
/// detections. Pure.
std::vector<Detection> suppress(std::vector<Detection> found, float iou, int max);
/// The same: which of them stay.
std::vector<std::size_t> suppress_indices(std::span<const Detection> found, float iou, int max);

/// Whether answers can be what a detector says of a picture of one grey: `said` is all of it, without a threshold.
/// Errors: kUnsupported, saying what is odd: no score or none from 0 to 1; boxes above the head's threshold that are
/// larger than the input by far; all boxes in one corner, as shares of the picture or offsets would be. Pure.
Status check_answers(std::span<const Detection> said, const DetectionHead& head);

/// Appends what the outputs of one picture say to `found`, in no particular order. Errors: kUnsupported, outputs of
/// another shape than the family's, naming both.
using DecodeDetections = Status (*)(std::span<const Tensor> outputs, const DetectionHead& head,
                                    std::vector<Detection>& found);

struct DetectionFamily {
  const char* name;  // "yolox": as cards name it
  DecodeDetections decode;
  /// Classes that outputs of these shapes tell apart; 0: the shapes do not say. Errors as decode.
  Result<int> (*classes)(std::span<const Tensor> outputs, const DetectionHead& head);
};

std::span<const DetectionFamily> detection_families();
/// nullptr where there is none of that name.
const DetectionFamily* find_detection_family(const std::string& name);

}  // namespace poise
