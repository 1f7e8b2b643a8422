#include <omp.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "poise/base/memory.h"
#include "poise/engine/backend.h"
#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

using onednn::Binding;

class OnednnPlan : public Plan {
 public:
  /// `bytes`: what it will take.
  OnednnPlan(onednn::Builder builder, dnnl::stream stream, std::vector<OutputInfo> outputs, std::size_t weight_bytes,
             std::uint64_t bytes)
      : steps_(std::move(builder.steps)),
        bindings_(std::move(builder.bindings)),
        arena_(std::move(builder.arena)),
        weights_(std::move(builder.plan_weights)),
        constants_(std::move(builder.plan_constants)),
        stream_(std::move(stream)),
        outputs_(std::move(outputs)),
        bytes_(bytes) {
    info_.arena_bytes = arena_.bytes();
    info_.ideal_bytes = arena_.ideal_bytes();
    info_.scratch_bytes = builder.scratch_bytes;
    info_.weight_bytes = weight_bytes;
  }

  Status run(std::span<const TensorView> inputs, std::span<Tensor> outputs, std::vector<LayerTime>* times) override {
    try {
      POISE_RETURN_IF_ERROR(allocate());
      run_steps(inputs, outputs, times);
    } catch (const std::bad_alloc&) {
      return no_memory();
    }
    return {};
  }

  PlanInfo info() const override { return info_; }
  const std::vector<OutputInfo>& outputs() const override { return outputs_; }
  std::uint64_t bytes() const override { return bytes_; }
  const std::vector<onednn::Step>& steps() const { return steps_; }

  static Error no_memory() {
    return too_large("there is not memory enough to run the network at this size: try a smaller batch");
  }

 private:
  /// By the first run, so that who only plans takes no memory.
  Status allocate() {
    if (std::exchange(allocated_, true)) return {};
    if (!arena_.allocate()) {
      allocated_ = false;
      return no_memory();
    }
    for (Binding& binding : bindings_) {
      if (binding.kind == Binding::Kind::kArena)
        binding.memory.set_data_handle(static_cast<std::byte*>(arena_.data(binding.index)) + binding.offset);
    }
    std::erase_if(bindings_, [](const Binding& binding) { return binding.kind == Binding::Kind::kArena; });
    return {};
  }

  void run_steps(std::span<const TensorView> inputs, std::span<Tensor> outputs, std::vector<LayerTime>* times) {
    for (Binding& binding : bindings_) {
      // oneDNN has no const memory; inputs are only read.
      void* address = binding.kind == Binding::Kind::kInput ? const_cast<float*>(inputs[binding.index].data)
                                                            : outputs[binding.index].data();
      binding.memory.set_data_handle(static_cast<std::byte*>(address) + binding.offset);
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
  }

  std::vector<onednn::Step> steps_;
  std::vector<Binding> bindings_;
  onednn::Arena arena_;
  onednn::WeightStore weights_;  // what follows from this plan's shapes
  std::vector<std::shared_ptr<const Tensor>> constants_;
  dnnl::stream stream_;
  std::vector<OutputInfo> outputs_;
  std::uint64_t bytes_ = 0;
  bool allocated_ = false;
  PlanInfo info_;
};

class OnednnProgram : public Program {
 public:
  OnednnProgram(Graph graph, Precision precision, std::filesystem::path plans, std::uint64_t max_memory)
      : graph_(std::move(graph)), precision_(precision), plans_(std::move(plans)), max_memory_(max_memory) {}

  Status prepare() {
    remove_identities(graph_);
    if (precision_ == Precision::kInt8) {
      note_weight_scales(graph_);
      if (!has_integer_layers(graph_)) {
        return unsupported(
            "the network says nowhere how to compute in integers: poise quantize makes a file that does");
      }
    }
    POISE_RETURN_IF_ERROR(fold_constants(graph_, max_memory_));
    recognise_operators(graph_);
    fold_batch_norm(graph_, max_memory_);
    remove_dead(graph_);
    return graph_.validate();
  }

  Result<std::unique_ptr<Plan>> plan(std::span<const Shape> input_shapes, std::uint64_t taken) override {
    POISE_TRY(const Fused fused, fuse(input_shapes));
    POISE_TRY(auto plan, build(fused, forms_of(fused), taken));
    return std::unique_ptr<Plan>(std::move(plan));
  }

  Result<std::vector<LayerChoice>> tune(std::span<const Shape> input_shapes) override {
    if (plans_.empty()) return invalid_argument("name a folder to keep the plan in (SessionOptions::plans)");
    POISE_TRY(const Fused fused, fuse(input_shapes));
    // Weights in forms that are not taken go with it.
    OnednnProgram trial(graph_, precision_, {}, max_memory_);
    POISE_TRY(const std::vector<FormTimes> times, trial.time_forms(fused));
    std::vector<LayerChoice> choices = choices_of(fused, times);
    Forms forms;
    for (const LayerChoice& choice : choices) {
      forms.emplace(choice.name, onednn::find_form(choice.form).value());
    }
    const std::string key = onednn::forms_key(fused.graph, fused.infos, precision_, omp_get_max_threads());
    POISE_RETURN_IF_ERROR(onednn::write_forms(plans_, key, forms));
    const std::lock_guard lock(mutex_);
    known_forms_[key] = std::move(forms);
    return choices;
  }

 private:
  using Form = onednn::Form;
  using Forms = onednn::Forms;
  struct Fused {
    Graph graph;  // shares the tensors and keeps the value ids, which are the weights' keys
    std::vector<ValueInfo> infos;
  };

  Result<Fused> fuse(std::span<const Shape> input_shapes) const {
    POISE_TRY(std::vector<ValueInfo> infos, infer_shapes(graph_, input_shapes));
    Fused fused{graph_, std::move(infos)};
    fold_known(fused.graph, fused.infos);
    const bool integers = precision_ == Precision::kInt8;
    if (integers) drop_roundings_before_sums(fused.graph);
    fuse_activations_and_residuals(fused.graph, fused.infos);
    if (integers) fuse_roundings(fused.graph);
    POISE_RETURN_IF_ERROR(fused.graph.validate());
    return fused;
  }

  /// As measured here once; read once, so that siblings planned later give the same bits.
  Forms forms_of(const Fused& fused) {
    if (plans_.empty()) return {};
    const std::string key = onednn::forms_key(fused.graph, fused.infos, precision_, omp_get_max_threads());
    const std::lock_guard lock(mutex_);
    const auto known = known_forms_.find(key);
    if (known != known_forms_.end()) return known->second;
    return known_forms_[key] = onednn::read_forms(plans_, key).value_or(Forms{});
  }

  Result<std::unique_ptr<OnednnPlan>> build(const Fused& fused, Forms forms, std::uint64_t taken) {
    const std::lock_guard lock(mutex_);  // the weights gain forms
    const dnnl::stream stream(engine_);
    std::vector<OutputInfo> outputs;
    for (const ValueId id : graph_.outputs) outputs.push_back({fused.infos[id].shape, fused.infos[id].type});
    const std::uint64_t others = taken + constant_bytes(graph_) + bytes_of(outputs);
    if (others > max_memory_) return over_memory("the network takes", others, max_memory_);
    onednn::WeightStore plan_weights(engine_, stream);
    weights_.set_room(max_memory_ - others);
    plan_weights.set_room(max_memory_ - others);
    onednn::Builder builder({graph_, fused.graph, fused.infos}, weights_, std::move(plan_weights), precision_,
                            std::move(forms));
    try {
      POISE_RETURN_IF_ERROR(builder.build());
    } catch (const onednn::OverMemory& over) {
      return over_memory("the network takes", others + over.bytes, max_memory_);
    } catch (const dnnl::error& error) {
      return unsupported(std::string("oneDNN refuses the network (") + error.what() +
                         "); try option \"backend\" reference");
    } catch (const std::bad_alloc&) {
      return OnednnPlan::no_memory();
    }
    const std::uint64_t bytes =
        builder.arena.bytes() + builder.staged_bytes + builder.plan_weights.bytes() + bytes_of(outputs);
    const std::uint64_t wanted = taken + constant_bytes(graph_) + weights_.bytes() + bytes;
    if (wanted > max_memory_) return over_memory("the network takes", wanted, max_memory_);
    return std::make_unique<OnednnPlan>(std::move(builder), stream, std::move(outputs), weights_.bytes(), bytes);
  }

  /// Of one form, each node's: the least time of the rounds, and the kernels that it ran.
  struct FormTimes {
    std::vector<double> milliseconds;
    std::vector<std::string> kernels;
  };

  /// Each form of all layers that can take it, in turns, each layer where it stands in the network.
  Result<std::vector<FormTimes>> time_forms(const Fused& fused) {
    constexpr int kRounds = 9;  // the first warms up
    std::vector<std::unique_ptr<OnednnPlan>> plans;
    for (const Form form : onednn::kForms) {
      Forms all;
      for (const Node& node : fused.graph.nodes) all.emplace(node.label(), form);
      POISE_TRY(auto plan, build(fused, std::move(all), 0));
      plans.push_back(std::move(plan));
    }
    std::vector<Tensor> inputs;
    for (const ValueId id : fused.graph.inputs) inputs.emplace_back(fused.infos[id].shape);
    const std::vector<TensorView> views(inputs.begin(), inputs.end());
    std::vector<Tensor> outputs;
    for (const OutputInfo& output : plans[0]->outputs()) outputs.emplace_back(output.shape, output.type);
    const std::size_t nodes = fused.graph.nodes.size() + 1;  // and what belongs to none
    constexpr double kNever = 1e30;
    std::vector<FormTimes> times(plans.size(), {std::vector<double>(nodes, kNever), std::vector<std::string>(nodes)});
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t form = 0; form < plans.size(); ++form) {
        std::vector<LayerTime> steps;
        POISE_RETURN_IF_ERROR(plans[form]->run(views, outputs, &steps));
        std::vector<double> sums(nodes);
        for (std::size_t i = 0; i < steps.size(); ++i) {
          const auto node = static_cast<std::size_t>(plans[form]->steps()[i].node);
          sums[node] += steps[i].milliseconds;
          if (round == 0) times[form].kernels[node] += steps[i].kernel + ";";
        }
        for (std::size_t i = 0; round > 0 && i < nodes; ++i)
          times[form].milliseconds[i] = std::min(times[form].milliseconds[i], sums[i]);
      }
    }
    return times;
  }

  /// A layer that runs the same way in all forms has no choice.
  static std::vector<LayerChoice> choices_of(const Fused& fused, const std::vector<FormTimes>& times) {
    std::vector<LayerChoice> choices;
    for (std::size_t i = 0; i < fused.graph.nodes.size(); ++i) {
      LayerChoice choice{fused.graph.nodes[i].label(), "", {}};
      double best = 0;
      for (std::size_t form = 0; form < times.size(); ++form) {
        const auto before = times.begin() + static_cast<std::ptrdiff_t>(form);
        const bool seen = std::any_of(
            times.begin(), before, [&](const FormTimes& other) { return other.kernels[i] == times[form].kernels[i]; });
        if (seen) continue;  // it cannot run in this form, and fell back to another
        const char* name = onednn::name_of(onednn::kForms[form]);
        const double milliseconds = times[form].milliseconds[i];
        if (choice.milliseconds.empty() || milliseconds < best) {
          best = milliseconds;
          choice.form = name;
        }
        choice.milliseconds.emplace_back(name, milliseconds);
      }
      if (choice.milliseconds.size() > 1) choices.push_back(std::move(choice));
    }
    return choices;
  }

  Graph graph_;
  Precision precision_;
  std::filesystem::path plans_;
  std::uint64_t max_memory_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  std::mutex mutex_;
  onednn::WeightStore weights_{engine_, dnnl::stream(engine_)};
  std::map<std::string, Forms> known_forms_;
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

Result<std::unique_ptr<Program>> make_onednn_program(Graph graph, const SessionOptions& options) {
  const Precision precision = options.precision;
  const auto native = native_precisions();
  if (std::find(native.begin(), native.end(), precision) == native.end()) {
    return unsupported(std::string("this processor does not compute in ") + name_of(precision) + ": take fp32");
  }
  auto program =
      std::make_unique<OnednnProgram>(std::move(graph), precision, options.plans, memory_limit(options.max_memory));
  POISE_RETURN_IF_ERROR(program->prepare());
  return std::unique_ptr<Program>(std::move(program));
}

}  // namespace poise
