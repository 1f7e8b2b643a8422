#pragma once
// The trained networks that come inside the program: models/*.onnx of the repository, each with its card. Thread-safe.

#include <span>
#include <string_view>

#include "poise/base/file.h"
#include "poise/weights/network_file.h"

namespace poise {

/// What finds the people where no other detector is named.
inline constexpr const char* kShippedDetector = "poise-person";
/// What lifts poses to space where no other network is named.
inline constexpr const char* kShippedLifter = "poise-lift";

struct ShippedModel {
  std::string_view name;         // "poise-small"
  std::string_view description;  // one line, for people
  BytesView onnx;                // the file, in the program's own memory
};

/// All of them; the first is the pose network that is used where none is named.
std::span<const ShippedModel> shipped_models();

/// Reads one of them; no name: the first. Errors: kNotFound, listing the names.
Result<NetworkFile> read_shipped(std::string_view name = {});

}  // namespace poise
