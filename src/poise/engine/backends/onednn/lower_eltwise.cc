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

bool lower_eltwise(Builder& builder, const Node& node) {
  const auto eltwise = eltwise_of(builder, node);
  if (!eltwise || builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const Desc layout = builder.desc(node.inputs[0]);
  const dnnl::eltwise_forward::desc desc(kInference, eltwise->algorithm, layout, eltwise->alpha, eltwise->beta);
  dnnl::primitive_attr attributes = user_scratchpad();
  if (node.op == "HardSigmoid") {
    dnnl::post_ops after;
    after.append_eltwise(1.0F, dnnl::algorithm::eltwise_clip, 0.0F, 1.0F);
    attributes.set_post_ops(after);
  }
  const dnnl::eltwise_forward::primitive_desc planned(desc, attributes, builder.engine, true);
  if (!is_fast(planned)) return false;
  const dnnl::memory from = builder.read(node.inputs[0], layout);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  builder.add_primitive(node, "", planned, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}}, 0);
  return true;
}

}  // namespace poise::onednn
