#pragma once
// Darknet's networks: a .cfg that names the layers and a .weights with their numbers.

#include <filesystem>
#include <string_view>

#include "poise/base/file.h"
#include "poise/weights/network_file.h"

namespace poise {

/// The graph's outputs are what the [yolo] layers are given, in the file's order, and its metadata holds a detector's
/// card (card/detector_card.h) with their anchors; batch normalization stays unfolded. Layers: convolutional,
/// maxpool, upsample, route, shortcut, yolo; activations: linear, leaky, relu, mish, logistic, swish. Training's
/// options are passed over. Errors: kMalformed, naming the layer by its line (an option out of range; fewer or more
/// numbers than the layers want), kUnsupported (names all layers that are not known; options that change what a layer
/// does), kTooLarge. Each size is checked against the bytes that are there before anything is allocated. Thread-safe.
Result<NetworkFile> parse_darknet(std::string_view cfg, BytesView weights);

/// NAME.weights with NAME.cfg beside it, and NAME.names where there is one: the classes, one a line. Errors: as above,
/// kNotFound, kIo; messages start with the path of the file that they are about.
Result<NetworkFile> read_darknet(const std::filesystem::path& weights);

}  // namespace poise
