#pragma once
// Networks of old opsets, brought to the one that our operators are written for.

#include <string_view>

#include "poise/graph/graph.h"

namespace poise {

/// Operators that exist in old opsets only and become others: Upsample.
bool is_retired_operator(std::string_view op);

/// Brings nodes of `opset` (8 to 17) into the form of opset 13, which the operators are written for: what was an
/// attribute and is an input now becomes a constant, Upsample becomes Resize, a Softmax over several axes is flattened.
/// Outputs at the end of a node that nothing reads and no operator of ours gives (a mask, indices) are dropped. Sets
/// Graph::opset to 13 or more. The graph need not be valid. Source: the ONNX operators' changelog.
void upgrade_nodes(Graph& graph, int opset);

}  // namespace poise
