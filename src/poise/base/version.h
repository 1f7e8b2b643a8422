#pragma once
// The version of Poise. Constant data: thread-safe.

namespace poise {
inline constexpr const char* kVersion = "0.1.0";
}
