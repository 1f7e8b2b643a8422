#pragma once
// Networks that read pictures, whatever the layout they read them in. Pure functions of values: thread-safe.

#include <string>

#include "poise/base/result.h"
#include "poise/geometry/point.h"
#include "poise/graph/graph.h"

namespace poise {

/// Makes the one input (N, 3, H, W) of floats: networks that read (N, H, W, 3), or whole numbers, get their own form
/// from nodes put in front, which cut fractions off as TensorFlow's cast does. Other inputs stay as they are, for
/// picture_input() to refuse.
void read_planes(Graph& graph);

/// The fixed size of the one input (N, 3, H, W), 0x0 where it is free. Errors: kUnsupported; `what` reads it: "a
/// top-down pose network".
Result<Size> picture_input(const Graph& graph, const std::string& what);

}  // namespace poise
