#include <algorithm>
#include <chrono>
#include <mutex>

#include "poise/engine/backend.h"
#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

using onednn::Binding;

class OnednnPlan : public Plan {
 public:
  OnednnPlan(onednn::Builder builder, dnnl::stream stream, std::vector<OutputInfo> outputs, std::size_t weight_bytes)
      : steps_(std::move(builder.steps)),
        bindings_(std::move(builder.bindings)),
        arena_(std::move(builder.arena)),
        weights_(std::move(builder.plan_weights)),
        constants_(std::move(builder.plan_constants)),
        stream_(std::move(stream)),
        outputs_(std::move(outputs)) {
    info_.arena_bytes = arena_.bytes();
    info_.ideal_bytes = arena_.ideal_bytes();
    info_.scratch_bytes = builder.scratch_bytes;
    info_.weight_bytes = weight_bytes;
    for (Binding& binding : bindings_) {
      if (binding.kind == Binding::Kind::kArena) binding.memory.set_data_handle(arena_.data(binding.index));
    }
    std::erase_if(bindings_, [](const Binding& binding) { return binding.kind == Binding::Kind::kArena; });
  }

  Status run(std::span<const TensorView> inputs, std::span<Tensor> outputs, std::vector<LayerTime>* times) override {
    for (Binding& binding : bindings_) {
      // oneDNN has no const memory; inputs are only read.
      void* address = binding.kind == Binding::Kind::kInput ? const_cast<float*>(inputs[binding.index].data)
                                                            : outputs[binding.index].data();
      binding.memory.set_data_handle(address);
    }
    using Clock = std::chrono::steady_clock;
    for (const onednn::Step& step : steps_) {
      const auto begin = times != nullptr ? Clock::now() : Clock::time_point{};
      step.run(stream_);
      if (times != nullptr) {
        stream_.wait();
        const double spent = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
        times->push_back({step.name, step.kernel, spent, step.multiply_adds});
      }
    }
    stream_.wait();
    return {};
  }

  PlanInfo info() const override { return info_; }
  const std::vector<OutputInfo>& outputs() const override { return outputs_; }

 private:
  std::vector<onednn::Step> steps_;
  std::vector<Binding> bindings_;
  onednn::Arena arena_;
  onednn::WeightStore weights_;  // what follows from this plan's shapes
  std::vector<std::shared_ptr<const Tensor>> constants_;
  dnnl::stream stream_;
  std::vector<OutputInfo> outputs_;
  PlanInfo info_;
};

class OnednnProgram : public Program {
 public:
  OnednnProgram(Graph graph, Precision precision) : graph_(std::move(graph)), precision_(precision) {}

  Status prepare() {
    remove_identities(graph_);
    if (precision_ == Precision::kInt8) {
      note_weight_scales(graph_);
      if (!has_integer_layers(graph_)) {
        return unsupported(
            "the network says nowhere how to compute in integers: poise quantize makes a file that does");
      }
    }
    POISE_RETURN_IF_ERROR(fold_constants(graph_));
    fold_batch_norm(graph_);
    remove_dead(graph_);
    return graph_.validate();
  }

  Result<std::unique_ptr<Plan>> plan(std::span<const Shape> input_shapes) override {
    POISE_TRY(const std::vector<ValueInfo> infos, infer_shapes(graph_, input_shapes));
    Graph fused = graph_;  // shares the tensors and keeps the value ids, which are the weights' keys
    fold_known(fused, infos);
    const bool integers = precision_ == Precision::kInt8;
    if (integers) drop_roundings_before_sums(fused);
    fuse_activations_and_residuals(fused, infos);
    if (integers) fuse_roundings(fused);
    POISE_RETURN_IF_ERROR(fused.validate());
    const std::lock_guard lock(mutex_);  // the weights gain forms
    const dnnl::stream stream(engine_);
    onednn::Builder builder(graph_, fused, infos, weights_, {engine_, stream}, precision_);
    try {
      POISE_RETURN_IF_ERROR(builder.build());
    } catch (const dnnl::error& error) {
      return unsupported(std::string("oneDNN refuses the network (") + error.what() + "); try --backend reference");
    } catch (const std::bad_alloc&) {
      return too_large("there is not memory enough to run the network at this size: try a smaller batch");
    }
    std::vector<OutputInfo> outputs;
    for (const ValueId id : graph_.outputs) outputs.push_back({infos[id].shape, infos[id].type});
    return std::unique_ptr<Plan>(
        std::make_unique<OnednnPlan>(std::move(builder), stream, std::move(outputs), weights_.bytes()));
  }

 private:
  Graph graph_;
  Precision precision_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  std::mutex mutex_;
  onednn::WeightStore weights_{engine_, dnnl::stream(engine_)};
};

}  // namespace

std::vector<Precision> native_precisions() {
  std::vector<Precision> known{Precision::kFloat32};
  const auto isa = dnnl::get_effective_cpu_isa();
  const bool halves = isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
  if (halves) known.push_back(Precision::kBfloat16);
  // Without VNNI the products of pairs saturate at 16 bits: wrong now and then, and no quicker than floats.
  const bool vnni = halves || isa == dnnl::cpu_isa::avx512_core_vnni || isa == dnnl::cpu_isa::avx2_vnni;
  if (vnni) known.push_back(Precision::kInt8);
  return known;
}

Result<std::unique_ptr<Program>> make_onednn_program(Graph graph, Precision precision) {
  const auto native = native_precisions();
  if (std::find(native.begin(), native.end(), precision) == native.end()) {
    return unsupported(std::string("this processor does not compute in ") + name_of(precision) + ": take fp32");
  }
  auto program = std::make_unique<OnednnProgram>(std::move(graph), precision);
  POISE_RETURN_IF_ERROR(program->prepare());
  return std::unique_ptr<Program>(std::move(program));
}

}  // namespace poise
