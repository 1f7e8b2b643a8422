#pragma once
// What a graph is computed in: what a network's card vouches for, and what an engine is asked for. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace poise {

/// Of convolutions and what lies between them; inputs and outputs stay float32. int8 is for files that say where
/// (QuantizeLinear and DequantizeLinear): those layers compute in integers, all others in float32. In the other
/// precisions such files round where they say, and compute in floats.
enum class Precision { kFloat32, kBfloat16, kInt8 };
const char* name_of(Precision precision);                        // "fp32", "bf16", "int8"
std::optional<Precision> find_precision(std::string_view name);  // the same names
std::vector<std::string> precision_names();                      // of all, in this order

}  // namespace poise
