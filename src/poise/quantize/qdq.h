#pragma once
// A float network into QDQ form: integers are said by QuantizeLinear and DequantizeLinear, for every runtime to read.

#include <map>
#include <set>
#include <vector>

#include "poise/graph/graph.h"

namespace poise {

/// Indices of the layers (Conv, ConvTranspose of one group, with weights of four axes that are their own) that can be
/// computed in integers, in order. The graph is folded: no BatchNormalization behind a layer. Pure.
std::vector<int> integer_candidates(const Graph& graph);

/// The values that are rounded where these layers compute in integers: what they read, the other side of their sums,
/// what a pooling between two of them reads (on the grid of its output: `like`).
struct Rounded {
  ValueId value = kNoValue;
  ValueId like = kNoValue;   // whose grid it takes; itself but for a pooling's input
  std::vector<int> readers;  // nodes that read the rounded value
};
std::vector<Rounded> rounded_values(const Graph& graph, const std::set<int>& layers);

/// `biases`: by node, replaces the layer's bias. Grids: by value, of at least all `like`s.
Graph to_qdq(const Graph& graph, const std::set<int>& layers, const std::map<ValueId, Grid>& grids,
             const std::map<int, std::vector<float>>& biases);

}  // namespace poise
