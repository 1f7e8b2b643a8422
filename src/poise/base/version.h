#pragma once
// The version of Poise.

namespace poise {
inline constexpr const char* kVersion = "0.1.0";
}
