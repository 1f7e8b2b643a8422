#pragma once
// Where a network counts what it sees (boxes thinned out, points above a threshold), the shapes of all that follows are
// known only once it has run. That part is cut off, so that all before it can be planned.

#include <optional>
#include <vector>

#include "poise/graph/graph.h"

namespace poise {

/// By node: 1 where the shapes of its outputs hang on the picture. Needs a validated graph. Pure.
std::vector<char> find_open_nodes(const Graph& graph);

/// A graph in two: what can be planned, and what follows it. Both are validated.
struct OpenCut {
  Graph head;  // its outputs are the inputs of the tail, in that order
  Graph tail;  // its outputs are the graph's
};

/// Nothing where the whole graph can be planned. Needs a validated graph.
Result<std::optional<OpenCut>> cut_open_part(const Graph& graph);

}  // namespace poise
