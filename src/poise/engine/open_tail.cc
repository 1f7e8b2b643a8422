#include "poise/engine/open_tail.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "poise/base/memory.h"
#include "poise/graph/known.h"
#include "poise/graph/ops/operator.h"
#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

using Values = std::vector<ValueInfo>;

/// A look at the tensor as what is known of a value; the tensor outlives it.
ValueInfo info_of(const Tensor& tensor) {
  return {tensor.type(), tensor.shape(), std::shared_ptr<const Tensor>(std::shared_ptr<void>(), &tensor)};
}

bool is_empty(const ValueInfo& info) { return element_count(info.shape).value() == 0; }

/// The node's outputs, of inputs that are all there.
Result<Values> run_node(const Node& node, const Values& inputs, std::uint64_t memory_left) {
  const Operator* op = find_operator(node.op);
  POISE_TRY(Values outputs, op->infer(node, inputs));
  std::uint64_t bytes = 0;
  for (const ValueInfo& output : outputs) {
    POISE_TRY([[maybe_unused]] const std::int64_t count, element_count(output.shape));
    bytes += bytes_of(output);
  }
  if (bytes > memory_left) return over_memory("its outputs take", bytes, memory_left);
  std::vector<Tensor> made;
  for (const ValueInfo& output : outputs) made.emplace_back(output.shape, output.type);
  if (!std::all_of(outputs.begin(), outputs.end(), is_empty)) {
    std::vector<const Tensor*> tensors;
    for (const ValueInfo& input : inputs) tensors.push_back(input.constant.get());
    op->run(node, tensors, made);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].constant = std::make_shared<const Tensor>(std::move(made[i]));
  }
  return outputs;
}

}  // namespace

OpenTail::OpenTail(Graph graph, std::uint64_t max_memory)
    : graph_(std::move(graph)), max_memory_(max_memory), last_uses_(find_last_uses(graph_)) {}

Status OpenTail::run(std::span<const Tensor> given, std::vector<Tensor>& outputs, std::vector<LayerTime>* times) const {
  POISE_CHECK(given.size() == graph_.inputs.size());
  Values values(graph_.values.size());
  for (std::size_t id = 0; id < values.size(); ++id) {
    const auto& constant = graph_.values[id].constant;
    if (constant != nullptr) values[id] = {constant->type(), constant->shape(), constant};
  }
  for (std::size_t i = 0; i < given.size(); ++i) values[graph_.inputs[i]] = info_of(given[i]);
  std::uint64_t alive = 0;
  for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
    const Node& node = graph_.nodes[n];
    const auto start = std::chrono::steady_clock::now();
    Values inputs;
    for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? ValueInfo{} : values[id]);
    auto made = run_node(node, inputs, max_memory_ - alive);
    if (!made.ok()) return made.error().prefixed(node.label());
    for (std::size_t i = 0; i < made->size(); ++i) {
      alive += (*made)[i].constant->bytes();
      values[node.outputs[i]] = std::move((*made)[i]);
    }
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    if (times != nullptr) times->push_back({node.label(), "reference", taken.count(), 0});
    for (const ValueId id : last_uses_[n]) {
      if (std::find(graph_.inputs.begin(), graph_.inputs.end(), id) != graph_.inputs.end()) continue;
      alive -= values[id].constant->bytes();
      values[id] = {};
    }
  }
  outputs.resize(graph_.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = values[graph_.outputs[i]].constant->clone();
  return {};
}

}  // namespace poise
