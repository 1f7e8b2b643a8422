#pragma once
// Networks of old opsets, brought to the one that our operators are written for.

#include <cstdint>
#include <span>
#include <string_view>

#include "poise/graph/graph.h"

namespace poise {

/// Operators that exist in old opsets only and become others: Upsample.
bool is_retired_operator(std::string_view op);

/// Brings nodes of `opset` (8 to 24) into the form of opset 13 or later, which the operators are written for: what was
/// an attribute and is an input now becomes a constant, Upsample becomes Resize, a Softmax over several axes is
/// flattened, a layer of one spatial axis gets a second one. Outputs at the end of a node that nothing reads and no
/// operator of ours gives (a mask, indices) are dropped. `node_opsets`: where nodes have opsets of their own, as
/// functions' have, one each, 0 for `opset`; else empty. Sets Graph::opset to the highest, 13 or more, and all nodes
/// are of its form. The graph need not be valid. Source: the ONNX operators' changelog.
void upgrade_nodes(Graph& graph, int opset, std::span<const std::int64_t> node_opsets = {});

}  // namespace poise
