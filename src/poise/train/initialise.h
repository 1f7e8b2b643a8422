#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "poise/graph/graph.h"

namespace poise {

/// Initial weights from another network's: what has the same name and shape is taken over. The report names the rest.
struct InitReport {
  int taken = 0;
  std::vector<std::string> other_shape;  // "final_layer.weight is 17x256x1x1, here 14x256x1x1"
  std::vector<std::string> missing;      // parameters that keep their random weights
};
/// Errors: kInvalidArgument (nothing fits).
Result<InitReport> initialise(Graph& graph, const std::map<std::string, std::shared_ptr<const Tensor>>& weights);

}  // namespace poise
