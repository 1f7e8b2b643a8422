#pragma once
// What every network's card says, whatever the network is for. Plain values: distinct ones in any threads.

#include <cstdint>
#include <string>

#include "poise/crop/crop.h"
#include "poise/graph/precision.h"

namespace poise {

struct CardCommon {
  std::string name;
  InputForm input;  // "input" [width, height], "colour" rgb|bgr, "scale", "mean", "std", "resample" linear|area
  Precision precision = Precision::kFloat32;  // "precision" fp32|bf16|int8: the quickest measured to be as good
  std::string source, licence, training_data, accuracy;
};

inline constexpr const char* kCardKey = "poise.card";    // of an ONNX file's metadata
inline constexpr std::int64_t kLargestInputSide = 4096;  // of what a network looks at, pixels

}  // namespace poise
