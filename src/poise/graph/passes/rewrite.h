#pragma once
// What the passes share. One thread a graph.

#include <vector>

#include "poise/graph/graph.h"

namespace poise {

/// How often each value is read, by nodes (residuals included) and as a graph output.
std::vector<int> count_readers(const Graph& graph);

/// Index of the node that produces each value; -1 for constants and graph inputs.
std::vector<int> index_producers(const Graph& graph);

/// Drops the nodes that are marked, keeping the order of the rest.
void drop_nodes(Graph& graph, const std::vector<char>& dropped);

}  // namespace poise
