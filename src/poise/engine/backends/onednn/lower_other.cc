#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/ops/conv.h"
#include "poise/graph/ops/operator.h"

namespace poise::onednn {
namespace {

constexpr auto kInference = dnnl::prop_kind::forward_inference;

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

void add_eltwise(Builder& builder, const Node& node, const Fusion& fusion, const dnnl::memory& from,
                 const dnnl::memory& to) {
  dnnl::algorithm algorithm = dnnl::algorithm::eltwise_relu;
  float alpha = 0.0F;
  float beta = 0.0F;
  if (fusion.activation == Activation::kClip) {
    algorithm = dnnl::algorithm::eltwise_clip;
    alpha = fusion.low;
    beta = fusion.high;
  } else if (fusion.activation == Activation::kSigmoid) {
    algorithm = dnnl::algorithm::eltwise_logistic;
  }
  const dnnl::eltwise_forward::desc desc(kInference, algorithm, from.get_desc(), alpha, beta);
  const dnnl::eltwise_forward::primitive_desc planned(desc, user_scratchpad(), builder.engine);
  builder.add_primitive(node, "", dnnl::eltwise_forward(planned), planned.scratchpad_desc(), planned.impl_info_str(),
                        {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}}, 0);
}

bool lower_activation(Builder& builder, const Node& node) {
  Fusion fusion;
  if (node.op == "Relu") {
    fusion.activation = Activation::kRelu;
  } else if (node.op == "Sigmoid") {
    fusion.activation = Activation::kSigmoid;
  } else {
    return false;
  }
  const Desc layout = builder.desc(node.inputs[0]);
  const dnnl::memory from = builder.read(node.inputs[0], layout);
  add_eltwise(builder, node, fusion, from, builder.write(node.outputs[0], layout));
  return true;
}

bool lower_binary(Builder& builder, const Node& node) {
  const Shape& out = builder.shape(node.outputs[0]);
  ValueId full = node.inputs[0];
  ValueId other = node.inputs[1];
  const bool commutes = node.op == "Add" || node.op == "Mul";
  if (commutes && builder.shape(full) != out) std::swap(full, other);
  if (builder.shape(full) != out || out.empty() || builder.graph.constant(full) != nullptr) return false;
  Shape padded(out.size() - std::min(out.size(), builder.shape(other).size()), 1);
  padded.insert(padded.end(), builder.shape(other).begin(), builder.shape(other).end());
  const Desc layout = builder.desc(full);
  const bool same = padded == out;
  dnnl::memory right;
  Desc right_layout = layout;
  if (same) {
    right = builder.read(other, layout);
  } else {
    right_layout = Builder::plain(padded);
    const Desc as_it_is = Builder::plain(builder.shape(other));
    if (builder.graph.constant(other) == nullptr || padded.size() != builder.shape(other).size()) {
      if (builder.graph.constant(other) == nullptr) return false;  // rare: a computed value that is broadcast
    }
    const dnnl::memory fixed = builder.read(other, as_it_is);
    right = dnnl::memory(right_layout, builder.engine, fixed.get_data_handle());
  }
  const dnnl::algorithm algorithm = node.op == "Add"   ? dnnl::algorithm::binary_add
                                    : node.op == "Sub" ? dnnl::algorithm::binary_sub
                                    : node.op == "Mul" ? dnnl::algorithm::binary_mul
                                                       : dnnl::algorithm::binary_div;
  // Division by a block's empty channels would leave 0/0 in them, and later sums would spread it.
  if (algorithm == dnnl::algorithm::binary_div && layout != Builder::plain(out)) return false;
  const dnnl::memory left = builder.read(full, layout);
  const dnnl::binary::desc desc(algorithm, layout, right_layout, layout);
  const dnnl::binary::primitive_desc planned(desc, user_scratchpad(), builder.engine);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  builder.add_primitive(node, "", dnnl::binary(planned), planned.scratchpad_desc(), planned.impl_info_str(),
                        {{DNNL_ARG_SRC_0, left}, {DNNL_ARG_SRC_1, right}, {DNNL_ARG_DST, to}}, 0);
  return true;
}

void add_pool(Builder& builder, const Node& node, dnnl::algorithm algorithm, const dnnl::memory::dims& strides,
              const dnnl::memory::dims& kernel, const dnnl::memory::dims& begin, const dnnl::memory::dims& end) {
  const Desc from_layout = builder.blocked(builder.shape(node.inputs[0]));
  const Desc to_layout = builder.blocked(builder.shape(node.outputs[0]));
  const dnnl::pooling_forward::desc desc(kInference, algorithm, from_layout, to_layout, strides, kernel, begin, end);
  const dnnl::pooling_forward::primitive_desc planned(desc, user_scratchpad(), builder.engine);
  const dnnl::memory from = builder.read(node.inputs[0], from_layout);
  const dnnl::memory to = builder.write(node.outputs[0], to_layout);
  builder.add_primitive(node, "", dnnl::pooling_forward(planned), planned.scratchpad_desc(), planned.impl_info_str(),
                        {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}}, 0);
}

Result<bool> lower_max_pool(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  POISE_TRY(const ConvAttributes a, pool_attributes(node, in));
  if (a.dilations[0] != 1 || a.dilations[1] != 1) return false;
  dnnl::memory::dims end(2);
  for (int d = 0; d < 2; ++d) {  // what the last window really reaches over, ceil_mode included
    end[d] =
        std::max<std::int64_t>((a.output[2 + d] - 1) * a.strides[d] + a.kernel[d] - a.pads_begin[d] - in[2 + d], 0);
  }
  add_pool(builder, node, dnnl::algorithm::pooling_max, {a.strides[0], a.strides[1]}, {a.kernel[0], a.kernel[1]},
           {a.pads_begin[0], a.pads_begin[1]}, end);
  return true;
}

bool lower_global_average(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  if (in.size() != 4) return false;
  add_pool(builder, node, dnnl::algorithm::pooling_avg_exclude_padding, {1, 1}, {in[2], in[3]}, {0, 0}, {0, 0});
  return true;
}

bool lower_batch_norm(Builder& builder, const Node& node) {
  const Desc layout = builder.desc(node.inputs[0]);
  for (std::size_t i = 1; i < 5; ++i) {
    if (builder.graph.constant(node.inputs[i]) == nullptr) return false;
  }
  using Flags = dnnl::normalization_flags;
  const dnnl::batch_normalization_forward::desc desc(kInference, layout, node.real("epsilon", 1e-5F),
                                                     Flags::use_global_stats | Flags::use_scale | Flags::use_shift);
  const dnnl::batch_normalization_forward::primitive_desc planned(desc, user_scratchpad(), builder.engine);
  const auto vector = [&](std::size_t input) {
    const Tensor* tensor = builder.graph.constant(node.inputs[input]);
    return builder.weights.vector("norm " + std::to_string(node.inputs[input]), [tensor] { return tensor->clone(); });
  };
  const dnnl::memory from = builder.read(node.inputs[0], layout);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  builder.add_primitive(node, "", dnnl::batch_normalization_forward(planned), planned.scratchpad_desc(),
                        planned.impl_info_str(),
                        {{DNNL_ARG_SRC, from},
                         {DNNL_ARG_DST, to},
                         {DNNL_ARG_SCALE, vector(1)},
                         {DNNL_ARG_SHIFT, vector(2)},
                         {DNNL_ARG_MEAN, vector(3)},
                         {DNNL_ARG_VARIANCE, vector(4)}},
                        0);
  return true;
}

}  // namespace

void lower_fusion_apart(Builder& builder, const Node& node, const dnnl::memory& source) {
  const Desc layout = source.get_desc();
  const dnnl::memory residual = builder.read(node.fusion.residual, layout);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  dnnl::primitive_attr attributes = make_attributes({node.fusion.activation, node.fusion.low, node.fusion.high}, false);
  const dnnl::binary::desc desc(dnnl::algorithm::binary_add, layout, layout, layout);
  const dnnl::binary::primitive_desc planned(desc, attributes, builder.engine);
  builder.add_primitive(node, "", dnnl::binary(planned), planned.scratchpad_desc(), planned.impl_info_str(),
                        {{DNNL_ARG_SRC_0, source}, {DNNL_ARG_SRC_1, residual}, {DNNL_ARG_DST, to}}, 0);
}

Result<bool> lower_other(Builder& builder, const Node& node) {
  if (node.fusion.any()) return invalid_argument("only convolutions carry fused operators");
  if (node.op == "MaxPool") return lower_max_pool(builder, node);
  if (node.op == "Relu" || node.op == "Sigmoid") return lower_activation(builder, node);
  if (node.op == "Add" || node.op == "Sub" || node.op == "Mul" || node.op == "Div") return lower_binary(builder, node);
  if (node.op == "GlobalAveragePool") return lower_global_average(builder, node);
  if (node.op == "BatchNormalization") return lower_batch_norm(builder, node);
  return false;
}

/// The plain implementation on row-major copies: right for every operator, quick for none.
Status lower_reference(Builder& builder, const Node& node) {
  if (node.fusion.any()) return unsupported("this form is not to be had on oneDNN; try --backend reference");
  const Operator* op = find_operator(node.op);
  POISE_CHECK(op != nullptr);
  struct Call {
    Node node;
    const Operator* op = nullptr;
    std::vector<dnnl::memory> sources;
    std::vector<std::shared_ptr<const Tensor>> constants;
    std::vector<Tensor> staged;
    std::vector<dnnl::memory> targets;
    std::vector<Tensor> outputs;
  };
  auto call = std::make_shared<Call>();
  call->node = node;
  call->op = op;
  for (const ValueId id : node.inputs) {
    call->sources.emplace_back();
    call->constants.emplace_back();
    call->staged.emplace_back();
    if (id == kNoValue) continue;
    if (builder.graph.constant(id) != nullptr) {
      call->constants.back() = builder.graph.values[id].constant;
      continue;
    }
    call->sources.back() = builder.read(id, Builder::plain(builder.shape(id)));
    call->staged.back() = Tensor(builder.shape(id));
  }
  for (const ValueId id : node.outputs) {
    call->targets.push_back(builder.write(id, Builder::plain(builder.shape(id))));
    call->outputs.emplace_back(builder.shape(id));
  }
  builder.add_step(node, "reference", builder.work(node), [call](dnnl::stream&) {
    std::vector<const Tensor*> inputs;
    for (std::size_t i = 0; i < call->sources.size(); ++i) {
      if (call->constants[i]) {
        inputs.push_back(call->constants[i].get());
      } else if (call->sources[i]) {
        std::memcpy(call->staged[i].data(), call->sources[i].get_data_handle(), call->staged[i].bytes());
        inputs.push_back(&call->staged[i]);
      } else {
        inputs.push_back(nullptr);
      }
    }
    call->op->run(call->node, inputs, call->outputs);
    for (std::size_t i = 0; i < call->outputs.size(); ++i) {
      std::memcpy(call->targets[i].get_data_handle(), call->outputs[i].data(), call->outputs[i].bytes());
    }
  });
  return {};
}

}  // namespace poise::onednn
