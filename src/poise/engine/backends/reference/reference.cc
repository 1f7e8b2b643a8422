// The oracle: runs the nodes in order, each by its plain implementation, and frees values when nothing reads them.

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "poise/base/counted.h"
#include "poise/base/memory.h"
#include "poise/engine/backend.h"
#include "poise/graph/known.h"
#include "poise/graph/ops/operator.h"
#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

class ReferencePlan : public Plan {
 public:
  ReferencePlan(std::shared_ptr<const Graph> graph, std::vector<ValueInfo> infos)
      : graph_(std::move(graph)), infos_(std::move(infos)), last_uses_(find_last_uses(*graph_)) {
    for (const ValueId id : graph_->outputs) outputs_.push_back({infos_[id].shape, infos_[id].type});
  }

  Status run(std::span<const TensorView> inputs, std::span<Tensor> outputs, std::vector<LayerTime>* times) override {
    POISE_RETURN_IF_ERROR(check_arguments(inputs, outputs));
    std::vector<Tensor> values(graph_->values.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Tensor& value = values[graph_->inputs[i]];
      value = Tensor(inputs[i].shape);
      std::copy_n(inputs[i].data, value.count(), value.floats().begin());
    }
    for (std::size_t n = 0; n < graph_->nodes.size(); ++n) {
      const auto start = std::chrono::steady_clock::now();
      run_node(graph_->nodes[n], values);
      const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
      if (times != nullptr) {
        times->push_back({.name = graph_->nodes[n].label(),
                          .kernel = "reference",
                          .milliseconds = taken.count(),
                          .multiply_adds = multiply_adds(graph_->nodes[n], infos_)});
      }
      for (const ValueId id : last_uses_[n]) values[id] = Tensor();
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Tensor& value = look_up(graph_->outputs[i], values);
      if (value.bytes() > 0) std::memcpy(outputs[i].data(), value.data(), value.bytes());
    }
    return {};
  }

  PlanInfo info() const override {
    PlanInfo info;
    for (const Value& value : graph_->values) {
      if (value.constant != nullptr) info.weight_bytes += value.constant->bytes();
    }
    std::size_t alive = 0;
    for (const ValueId id : graph_->inputs) alive += bytes_of(infos_[id]);
    std::size_t most = alive;
    for (std::size_t n = 0; n < graph_->nodes.size(); ++n) {
      for (const ValueId id : graph_->nodes[n].outputs) alive += bytes_of(infos_[id]);
      most = std::max(most, alive);
      for (const ValueId id : last_uses_[n]) alive -= bytes_of(infos_[id]);
    }
    info.arena_bytes = most;
    info.ideal_bytes = most;
    return info;
  }

  const std::vector<OutputInfo>& outputs() const override { return outputs_; }
  std::uint64_t bytes() const override { return info().arena_bytes + bytes_of(outputs_); }

 private:
  Status check_arguments(std::span<const TensorView> inputs, std::span<const Tensor> outputs) const {
    if (inputs.size() != graph_->inputs.size() || outputs.size() != graph_->outputs.size()) {
      return invalid_argument("the plan takes " + counted(graph_->inputs.size(), "input") + " and " +
                              counted(graph_->outputs.size(), "output"));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Shape& planned = infos_[graph_->inputs[i]].shape;
      if (inputs[i].shape == planned && inputs[i].data != nullptr) continue;
      return invalid_argument("input " + std::to_string(i) + " is " + to_string(inputs[i].shape) +
                              ", the plan is for " + to_string(planned));
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const ValueInfo& planned = infos_[graph_->outputs[i]];
      if (outputs[i].shape() == planned.shape && outputs[i].type() == planned.type) continue;
      return invalid_argument("output " + std::to_string(i) + " must be allocated as " + name_of(planned.type) + " " +
                              to_string(planned.shape));
    }
    return {};
  }

  const Tensor& look_up(ValueId id, const std::vector<Tensor>& values) const {
    const Tensor* constant = graph_->constant(id);
    return constant != nullptr ? *constant : values[id];
  }

  void run_node(const Node& node, std::vector<Tensor>& values) const {
    std::vector<const Tensor*> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? nullptr : &look_up(id, values));
    std::vector<Tensor> outputs;
    for (const ValueId id : node.outputs) outputs.emplace_back(infos_[id].shape, infos_[id].type);
    find_operator(node.op)->run(node, inputs, outputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) values[node.outputs[i]] = std::move(outputs[i]);
  }

  std::shared_ptr<const Graph> graph_;
  std::vector<ValueInfo> infos_;
  std::vector<std::vector<ValueId>> last_uses_;
  std::vector<OutputInfo> outputs_;
};

class ReferenceProgram : public Program {
 public:
  ReferenceProgram(std::shared_ptr<const Graph> graph, std::uint64_t max_memory)
      : graph_(std::move(graph)), max_memory_(max_memory) {}

  Result<std::unique_ptr<Plan>> plan(std::span<const Shape> input_shapes, std::uint64_t taken) override {
    POISE_TRY(auto infos, infer_shapes(*graph_, input_shapes));
    auto plan = std::make_unique<ReferencePlan>(graph_, std::move(infos));
    const std::uint64_t wanted = taken + plan->bytes() + constant_bytes(*graph_);
    if (wanted > max_memory_) return over_memory("the network takes", wanted, max_memory_);
    return std::unique_ptr<Plan>(std::move(plan));
  }

 private:
  std::shared_ptr<const Graph> graph_;
  std::uint64_t max_memory_;
};

}  // namespace

Result<std::unique_ptr<Program>> make_reference_program(Graph graph, const SessionOptions& options) {
  if (options.precision != Precision::kFloat32) return unsupported("the reference backend computes in fp32 alone");
  for (const Node& node : graph.nodes) {
    if (node.fusion.any()) return unsupported(node.label() + " is fused: give the reference backend the plain graph");
  }
  remove_identities(graph);
  const std::uint64_t max_memory = memory_limit(options.max_memory);
  POISE_RETURN_IF_ERROR(fold_constants(graph, max_memory));  // a Reshape's shape may be computed from constants
  return std::unique_ptr<Program>(
      std::make_unique<ReferenceProgram>(std::make_shared<const Graph>(std::move(graph)), max_memory));
}

}  // namespace poise
