#include "poise/train/initialise.h"

namespace poise {

Result<InitReport> initialise(Graph& graph, const std::map<std::string, std::shared_ptr<const Tensor>>& weights) {
  InitReport report;
  for (Value& value : graph.values) {
    if (value.constant == nullptr || value.constant->type() != DType::kFloat32) continue;
    const auto found = weights.find(value.name);
    if (found == weights.end()) {
      report.missing.push_back(value.name);
    } else if (found->second->shape() != value.shape || found->second->type() != DType::kFloat32) {
      report.other_shape.push_back(value.name + " is " + to_string(found->second->shape()) + ", here " +
                                   to_string(value.shape));
    } else {
      value.constant = found->second;
      ++report.taken;
    }
  }
  if (report.taken == 0) {
    return invalid_argument("no tensor has the name and shape of one of the network's: is it another family's?");
  }
  return report;
}

}  // namespace poise
