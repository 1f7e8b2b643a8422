#pragma once
// What a pose network's file says of itself beside a card: metadata that exporters write, and outputs whose names and
// shapes only one kind of network has. Pure functions of values: thread-safe.

#include <map>
#include <optional>
#include <span>
#include <string>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/codec/pose_codec.h"
#include "poise/geometry/point.h"

namespace poise {

/// How a file may be read.
struct Reading {
  std::string preset;             // whose card is its (card_preset)
  Json members = Json::object();  // of that card, as the file has them: over the preset
  /// Whether it can be nothing else; a preset must be named otherwise.
  bool certain = false;
  std::string why;  // "its outputs are called simcc_x and simcc_y": for messages
};

struct RecogniseInput {
  const std::map<std::string, std::string>& metadata;
  std::span<const NetworkOutput> outputs;  // for an input of this size
  Size input;
};

/// Ultralytics' metadata (task pose, kpt_shape, kpt_names, names, imgsz), mmdeploy's names of SimCC and RTMO, the
/// outputs of MoveNet, BlazePose, Lightweight OpenPose; nothing where it is none of those. Errors: kUnsupported, a file
/// that says that it is something else (a detector, a segmenter).
Result<std::optional<Reading>> recognise_pose_network(const RecogniseInput& file);

/// The size that the metadata give pictures, for a network that leaves it open; 0x0: they give none.
Size exported_input_size(const std::map<std::string, std::string>& metadata);

}  // namespace poise
