#pragma once
// The reader of ONNX files, for the list in network_file.cc.

#include "poise/weights/network_file.h"

namespace poise {

/// A file of ONNX, as read_network says.
Result<NetworkFile> read_onnx(const std::filesystem::path& path, const NetworkLimits& limits = {});

}  // namespace poise
