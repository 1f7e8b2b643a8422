#pragma once
// The networks we can build, by name: one line each in zoo.cc.

#include <span>
#include <string_view>
#include <variant>

#include "poise/models/centre_net.h"
#include "poise/models/hourglass.h"
#include "poise/models/hrnet.h"
#include "poise/models/pose_resnet.h"

namespace poise {

/// One alternative a family of networks; a caller may change the preset before building it.
using ModelOptions = std::variant<PoseResNetOptions, HrnetOptions, HourglassOptions, CentreNetOptions>;

struct ZooEntry {
  std::string_view name;         // "pose_resnet50"
  std::string_view description;  // one line, for people
  ModelOptions options;          // the published configuration
};

/// All of them, in the order to show them in.
std::span<const ZooEntry> zoo();

/// Errors: kNotFound, listing the names.
Result<ZooEntry> find_in_zoo(std::string_view name);

/// The network with its initial weights. Errors: those of the family's own function (pose_resnet).
Result<Graph> build_model(const ModelOptions& options);

}  // namespace poise
