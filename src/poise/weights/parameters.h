#pragma once
// Between a graph's constants and a checkpoint's tensors, by name. One thread a graph.

#include <string>
#include <vector>

#include "poise/graph/graph.h"
#include "poise/weights/state_dict.h"

namespace poise {

struct ParameterReport {
  int loaded = 0;
  std::vector<std::string> ignored;  // in the file, with no place in the graph: num_batches_tracked and the like
};

/// Replaces the graph's float constants by the tensors of the same name; nothing is changed where there is an error.
/// Every parameter must be there with the graph's shape. Errors: kMalformed, naming the first tensor in the graph's
/// order, both shapes and the likely cause ("layer1.0.conv1.weight is 64x64x3x3, the graph wants 64x64x1x1: trained
/// with depth 18 or 34?"); names that are in the file alone are an error too where they look like parameters of another
/// network (more blocks, another head), but num_batches_tracked and optimiser states are passed over.
Result<ParameterReport> load_parameters(Graph& graph, const StateDict& parameters);

}  // namespace poise
