#include "poise/engine/backends/onednn/joints.h"

#include <algorithm>

#include "poise/graph/ops/rules.h"
#include "poise/graph/passes/rewrite.h"

namespace poise::onednn {
namespace {

constexpr std::int64_t kChannels = 1;

bool along_channels(const Node& node, const Shape& shape) {
  const auto axis = resolve_axis(node.integer("axis", 0), shape.size());
  return axis.ok() && *axis == kChannels;
}

class Finder {
 public:
  Finder(const Graph& graph, const std::vector<ValueInfo>& infos, std::int64_t block)
      : graph_(graph),
        infos_(infos),
        block_(block),
        producers_(index_producers(graph)),
        parents_(graph.values.size()) {}

  std::vector<Joints::Place> run() {
    for (const Node& node : graph_.nodes) {
      if (node.op == "Concat" && is_joint(node)) place_inputs(node);
    }
    std::vector<Joints::Place> places(parents_.size());
    for (std::size_t id = 0; id < places.size(); ++id) {  // a joint may be a part of another
      for (Joints::Place at = parents_[id]; at.joint != kNoValue; at = parents_[at.joint]) {
        places[id].joint = at.joint;
        places[id].channel += at.channel;
      }
    }
    return places;
  }

 private:
  /// One image, all of its parts floats that begin with a block.
  bool is_joint(const Node& node) const {
    const Shape& out = infos_[node.outputs[0]].shape;
    if (out.size() != 4 || out[0] != 1 || !along_channels(node, out)) return false;
    std::int64_t channel = 0;
    for (const ValueId id : node.inputs) {
      if (channel % block_ != 0 || infos_[id].type != DType::kFloat32) return false;
      channel += infos_[id].shape[kChannels];
    }
    return true;
  }

  void place_inputs(const Node& node) {
    std::int64_t channel = 0;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const std::size_t run = parts_of_split(node, i);
      if (run > 0) {
        place(graph_.nodes[producers_[node.inputs[i]]].inputs[0], node, channel);
      } else {
        place(node.inputs[i], node, channel);
      }
      for (std::size_t k = 0; k < std::max<std::size_t>(run, 1); ++k)
        channel += infos_[node.inputs[i + k]].shape[kChannels];
      if (run > 0) i += run - 1;
    }
  }

  /// How many inputs from the i-th on are all the parts of one value in their order: that value is placed.
  std::size_t parts_of_split(const Node& concat, std::size_t i) const {
    const int producer = producers_[concat.inputs[i]];
    if (producer < 0) return 0;
    const Node& split = graph_.nodes[producer];
    if (split.op != "Split" || !along_channels(split, infos_[split.inputs[0]].shape)) return 0;
    const std::size_t count = split.outputs.size();
    if (concat.inputs.size() - i < count) return 0;
    return std::equal(split.outputs.begin(), split.outputs.end(),
                      concat.inputs.begin() + static_cast<std::ptrdiff_t>(i))
               ? count
               : 0;
  }

  void place(ValueId id, const Node& concat, std::int64_t channel) {
    const int producer = producers_[id];
    if (producer < 0 || parents_[id].joint != kNoValue) return;  // of a graph input, or already elsewhere
    const Node& node = graph_.nodes[producer];
    if (node.op == "Split" || node.op == "Slice" || node.op == "DequantizeLinear") return;  // another value's memory
    if (std::count(concat.inputs.begin(), concat.inputs.end(), id) > 1) return;
    parents_[id] = {concat.outputs[0], channel};
  }

  const Graph& graph_;
  const std::vector<ValueInfo>& infos_;
  std::int64_t block_;
  std::vector<int> producers_;
  std::vector<Joints::Place> parents_;  // in the concatenation at hand
};

}  // namespace

Joints::Joints(const Graph& graph, const std::vector<ValueInfo>& infos, std::int64_t block)
    : places_(Finder(graph, infos, block).run()) {}

}  // namespace poise::onednn
