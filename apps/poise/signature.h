#pragma once
// One number that changes only when results change.

#include <string>

#include "poise/base/result.h"

namespace poise::app {

/// The program's own network on the plain backend, over boxes in a picture made from numbers: the SHA-256 of all
/// joints, rounded to a quarter of a pixel, its first 16 digits. The same on every machine with the same floating
/// point.
Result<std::string> result_signature();

}  // namespace poise::app
