#include "poise/train/initialise.h"

#include <algorithm>

#include "poise/card/model_card.h"
#include "poise/weights/state_dict.h"

namespace poise {
namespace {

/// The constants of the layer whose answer is the graph's last output, a channel a joint.
std::vector<ValueId> last_layer(const Graph& graph) {
  std::vector<ValueId> found;
  if (graph.outputs.empty()) return found;
  for (const Node& node : graph.nodes) {
    if (std::find(node.outputs.begin(), node.outputs.end(), graph.outputs.back()) == node.outputs.end()) continue;
    for (const ValueId input : node.inputs) {
      if (input >= 0 && graph.constant(input) != nullptr) found.push_back(input);
    }
  }
  return found;
}

/// `own` with the rows of `given` whose joints have a name of `to`; nothing where the tensors are no such rows.
std::shared_ptr<const Tensor> by_joints(const Tensor& own, const Skeleton& to, const Tensor& given,
                                        const Skeleton& from) {
  Shape shape = own.shape();
  if (given.type() != DType::kFloat32 || shape.empty() || given.rank() != shape.size() || shape[0] != to.size() ||
      given.dim(0) != from.size()) {
    return nullptr;
  }
  shape[0] = given.dim(0);
  if (shape != given.shape()) return nullptr;
  const std::int64_t row = own.count() / own.dim(0);
  auto mixed = std::make_shared<Tensor>(own.clone());
  for (int joint = 0; joint < to.size(); ++joint) {
    const auto known = from.index_of(to.joints[static_cast<std::size_t>(joint)].name);
    if (known) std::copy_n(given.floats().data() + *known * row, row, mixed->floats().data() + joint * row);
  }
  return mixed;
}

}  // namespace

Result<InitialWeights> read_initial_weights(const std::string& given) {
  const std::filesystem::path path(given);
  if (!is_state_dict(path)) return read_initial_network(given);
  POISE_TRY(StateDict state, read_state_dict(path));
  InitialWeights weights{std::move(state.tensors), {}};
  const auto card = state.metadata.find(kCardKey);
  if (card == state.metadata.end()) return weights;
  const auto json = parse_json(card->second);
  if (!json.ok()) return json.error().prefixed(given + ": " + kCardKey);
  const auto read = card_from_json(*json, {});
  if (read.ok()) weights.skeleton = read->skeleton;  // a detector's card has none
  return weights;
}

Result<InitReport> initialise(Graph& graph, const InitialWeights& weights, const Skeleton* joints) {
  InitReport report;
  const bool match = joints != nullptr && weights.skeleton && !(*weights.skeleton == *joints);
  const std::vector<ValueId> last = match ? last_layer(graph) : std::vector<ValueId>();
  if (match) {
    for (const Joint& joint : joints->joints) {
      if (!weights.skeleton->index_of(joint.name)) report.new_joints.push_back(joint.name);
    }
  }
  for (std::size_t id = 0; id < graph.values.size(); ++id) {
    Value& value = graph.values[id];
    if (value.constant == nullptr || value.constant->type() != DType::kFloat32) continue;
    const auto found = weights.tensors.find(value.name);
    if (found == weights.tensors.end()) {
      report.missing.push_back(value.name);
      continue;
    }
    if (std::find(last.begin(), last.end(), static_cast<ValueId>(id)) != last.end()) {
      if (auto mixed = by_joints(*value.constant, *joints, *found->second, *weights.skeleton)) {
        value.constant = std::move(mixed);
        ++report.taken;
        continue;
      }
    }
    if (found->second->shape() != value.shape || found->second->type() != DType::kFloat32) {
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
