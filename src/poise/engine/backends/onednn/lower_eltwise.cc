#include <cmath>
#include <optional>

#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/passes/passes.h"

namespace poise::onednn {
namespace {

struct Eltwise {
  dnnl::algorithm algorithm;
  float alpha = 0;
  float beta = 0;
};

std::optional<Eltwise> eltwise_of(const Builder& builder, const Node& node) {
  using A = dnnl::algorithm;
  if (node.op == "Relu") return Eltwise{A::eltwise_relu};
  if (node.op == "LeakyRelu") return Eltwise{A::eltwise_relu, node.real("alpha", 0.01F)};
  if (node.op == "Elu") return Eltwise{A::eltwise_elu, node.real("alpha", 1.0F)};
  if (node.op == "Sigmoid") return Eltwise{A::eltwise_logistic};
  if (node.op == "Tanh") return Eltwise{A::eltwise_tanh};
  if (node.op == "HardSwish") return Eltwise{A::eltwise_hardswish};
  if (node.op == "Softplus") return Eltwise{A::eltwise_soft_relu};
  if (node.op == "Exp") return Eltwise{A::eltwise_exp};
  if (node.op == "Sqrt") return Eltwise{A::eltwise_sqrt};
  if (node.op == "Abs") return Eltwise{A::eltwise_abs};
  if (node.op == "Neg") return Eltwise{A::eltwise_linear, -1};
  if (node.op == "Round") return Eltwise{A::eltwise_round};
  if (node.op == "Log") return Eltwise{A::eltwise_log};
  if (node.op == "Pow") {
    const Tensor* power = builder.graph.constant(node.inputs[1]);
    if (power == nullptr || power->type() != DType::kFloat32 || power->count() != 1) return std::nullopt;
    if (builder.shape(node.inputs[0]) != builder.shape(node.outputs[0])) return std::nullopt;
    const float exponent = power->floats()[0];
    if (exponent == 2.0F) return Eltwise{A::eltwise_square};
    if (exponent == 0.5F) return Eltwise{A::eltwise_sqrt};
  }
  if (node.op == "Mish") return Eltwise{A::eltwise_mish};
  if (node.op == "Swish") return Eltwise{A::eltwise_swish, node.real("alpha", 1.0F)};
  if (node.op == "Gelu") {
    return Eltwise{node.text("approximate", "none") == "tanh" ? A::eltwise_gelu_tanh : A::eltwise_gelu_erf};
  }
  if (node.op == "HardSigmoid") {
    return Eltwise{A::eltwise_linear, node.real("alpha", 0.2F), node.real("beta", 0.5F)};
  }
  if (node.op == "Clip") {
    const auto bounds = clip_bounds(builder.graph, node);
    if (bounds && bounds->first <= bounds->second) return Eltwise{A::eltwise_clip, bounds->first, bounds->second};
  }
  return std::nullopt;
}

}  // namespace

namespace {

std::optional<dnnl::eltwise_forward::primitive_desc> plan_eltwise(const Builder& builder, const Eltwise& eltwise,
                                                                  const Desc& layout) {
  const dnnl::eltwise_forward::desc desc(kInference, eltwise.algorithm, layout, eltwise.alpha, eltwise.beta);
  const dnnl::eltwise_forward::primitive_desc planned(desc, user_scratchpad(), builder.engine, true);
  return is_fast(planned) ? std::optional(planned) : std::nullopt;
}

}  // namespace

bool lower_eltwise(Builder& builder, const Node& node) {
  const auto eltwise = eltwise_of(builder, node);
  if (!eltwise || builder.graph.constant(node.inputs[0]) != nullptr) return false;
  // A block's empty channels would become log(0); what is not zero there has no quick form in blocks.
  const Desc plain = Builder::plain(builder.shape(node.inputs[0]));
  Desc layout = node.op == "Log" ? plain : builder.desc(node.inputs[0]);
  auto planned = plan_eltwise(builder, *eltwise, layout);
  if (!planned && layout != plain) {
    layout = plain;
    planned = plan_eltwise(builder, *eltwise, layout);
  }
  if (!planned) return false;
  const dnnl::memory from = builder.read(node.inputs[0], layout);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  builder.add_primitive(node, "", *planned, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}}, 0);
  if (node.op != "HardSigmoid") return true;
  const auto clip = plan_eltwise(builder, {dnnl::algorithm::eltwise_clip, 0.0F, 1.0F}, layout);
  POISE_CHECK(clip.has_value());
  const dnnl::memory again = builder.view(to, layout);
  builder.add_primitive(node, ", clip", *clip, {{DNNL_ARG_SRC, again}, {DNNL_ARG_DST, again}}, 0);
  return true;
}

namespace {

using Function = float (*)(float x, float alpha);

/// What oneDNN has not; null: nor is it here.
Function function_of(const Node& node) {
  if (node.op == "Erf") return [](float x, float) { return std::erf(x); };
  if (node.op == "Sin") return [](float x, float) { return std::sin(x); };
  if (node.op == "Cos") return [](float x, float) { return std::cos(x); };
  if (node.op == "Floor") return [](float x, float) { return std::floor(x); };
  if (node.op == "Ceil") return [](float x, float) { return std::ceil(x); };
  if (node.op == "Round") return [](float x, float) { return std::nearbyint(x); };
  if (node.op == "Reciprocal") return [](float x, float) { return 1.0F / x; };
  if (node.op == "Softsign") return [](float x, float) { return x / (1.0F + std::fabs(x)); };
  if (node.op == "ThresholdedRelu") return [](float x, float alpha) { return x <= alpha ? 0.0F : x; };
  if (node.op == "Celu") return [](float x, float alpha) { return x < 0 ? alpha * std::expm1(x / alpha) : x; };
  if (node.op == "Sign") {
    return [](float x, float) { return x > 0 ? 1.0F : x < 0 ? -1.0F : x; };
  }
  return nullptr;
}

}  // namespace

/// Element by element, row-major.
bool lower_map(Builder& builder, const Node& node) {
  const Function function = function_of(node);
  if (function == nullptr || builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const Desc layout = Builder::plain(builder.shape(node.inputs[0]));
  const dnnl::memory from = builder.read(node.inputs[0], layout);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  const std::int64_t count = element_count(builder.shape(node.inputs[0])).value();
  const float alpha = node.real("alpha", 1.0F);
  builder.add_step(node, "plain", 0, [=](dnnl::stream&) {
    const auto* x = static_cast<const float*>(from.get_data_handle());
    auto* y = static_cast<float*>(to.get_data_handle());
#pragma omp parallel for schedule(static) if (count > 4096)
    for (std::int64_t i = 0; i < count; ++i) y[i] = function(x[i], alpha);
  });
  return true;
}

}  // namespace poise::onednn
