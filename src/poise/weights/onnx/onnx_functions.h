#pragma once
// Functions that a model defines for itself, as PyTorch's exporter writes its modules: replaced by their nodes.

#include "poise/base/memory.h"
#include "poise/weights/onnx/onnx_wire.h"

namespace poise {

/// Replaces every node of `parts` that calls one of its functions by the function's nodes, names made unique, and
/// empties the list of functions; OnnxParts::node_opsets says which opset a node was written for. Errors: kMalformed (a
/// function that calls itself, or is defined twice), kTooLarge (limits and budget, before memory is taken).
Status inline_functions(OnnxParts& parts, const NetworkLimits& limits, ReadingBudget& budget);

}  // namespace poise
