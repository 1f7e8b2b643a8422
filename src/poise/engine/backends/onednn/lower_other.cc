#include <algorithm>
#include <optional>

#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/known.h"
#include "poise/graph/ops/conv.h"
#include "poise/graph/ops/operator.h"

namespace poise::onednn {
namespace {

struct Window {
  dnnl::memory::dims strides, kernel, pads_begin, pads_end;
};

void add_pool(Builder& builder, const Node& node, dnnl::algorithm algorithm, const Window& window) {
  const bool integers = algorithm == dnnl::algorithm::pooling_max && builder.held_as_integers(node.inputs[0]);
  const Grid grid = builder.grid(node.inputs[0]);
  const Type type = integers ? type_of(grid) : type_of(builder.desc(node.inputs[0]));
  const auto layout = [&](const Shape& shape) {
    return integers ? Builder::pixels(shape, type) : builder.blocked(shape, type);
  };
  if (integers) builder.set_grid(node.outputs[0], grid);  // the largest of integers is one of them
  const Desc from_layout = layout(builder.shape(node.inputs[0]));
  const Desc to_layout = layout(builder.shape(node.outputs[0]));
  const dnnl::pooling_forward::desc desc(kInference, algorithm, from_layout, to_layout, window.strides, window.kernel,
                                         window.pads_begin, window.pads_end);
  const dnnl::pooling_forward::primitive_desc planned(desc, user_scratchpad(), builder.engine);
  const dnnl::memory from = builder.read(node.inputs[0], from_layout);
  const dnnl::memory to = builder.write(node.outputs[0], to_layout);
  builder.add_primitive(node, "", planned, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}}, 0);
}

Result<bool> lower_pool(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  POISE_TRY(const ConvAttributes a, pool_attributes(node, in));
  if (a.dilations[0] != 1 || a.dilations[1] != 1) return false;
  dnnl::algorithm algorithm = dnnl::algorithm::pooling_max;
  if (node.op == "AveragePool") {
    const bool counts_pads = node.integer("count_include_pad", 0) != 0;
    if (counts_pads && node.integer("ceil_mode", 0) != 0) return false;  // what is counted beyond the pads differs
    algorithm =
        counts_pads ? dnnl::algorithm::pooling_avg_include_padding : dnnl::algorithm::pooling_avg_exclude_padding;
  }
  dnnl::memory::dims end(2);
  for (int d = 0; d < 2; ++d) {  // what the last window really reaches over, ceil_mode included
    end[d] =
        std::max<std::int64_t>((a.output[2 + d] - 1) * a.strides[d] + a.kernel[d] - a.pads_begin[d] - in[2 + d], 0);
  }
  add_pool(builder, node, algorithm,
           {{a.strides[0], a.strides[1]}, {a.kernel[0], a.kernel[1]}, {a.pads_begin[0], a.pads_begin[1]}, end});
  return true;
}

/// Over all pixels of each channel: GlobalAveragePool, and the ReduceMean that some exporters write for it.
bool lower_global_pool(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  if (in.size() != 4) return false;
  if (node.op == "ReduceMean") {
    std::vector<std::int64_t> axes = node.integers("axes");
    for (std::int64_t& axis : axes) axis = axis < 0 ? axis + 4 : axis;
    std::sort(axes.begin(), axes.end());
    if (axes != std::vector<std::int64_t>{2, 3} || node.integer("keepdims", 1) == 0) return false;
  }
  const bool max = node.op == "GlobalMaxPool";
  add_pool(builder, node, max ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding,
           {{1, 1}, {in[2], in[3]}, {0, 0}, {0, 0}});
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
    return builder.weights(node.inputs[input]).vector({node.inputs[input]}, [tensor] { return tensor->clone(); });
  };
  const dnnl::memory from = builder.read(node.inputs[0], layout);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  builder.add_primitive(node, "", planned,
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
  const dnnl::primitive_attr attributes = make_attributes(node.fusion, false);
  const dnnl::binary::desc desc(dnnl::algorithm::binary_add, layout, layout, layout);
  const dnnl::binary::primitive_desc planned(desc, attributes, builder.engine);
  builder.add_primitive(node, "", planned, {{DNNL_ARG_SRC_0, source}, {DNNL_ARG_SRC_1, residual}, {DNNL_ARG_DST, to}},
                        0);
}

Result<bool> lower_other(Builder& builder, const Node& node) {
  if (node.fusion.any()) return invalid_argument("only convolutions carry fused operators");
  if (node.op == "MaxPool" || node.op == "AveragePool") return lower_pool(builder, node);
  if (node.op == "GlobalAveragePool" || node.op == "GlobalMaxPool" || node.op == "ReduceMean") {
    return lower_global_pool(builder, node);
  }
  if (node.op == "Resize") return lower_resize(builder, node);
  if (node.op == "BatchNormalization") return lower_batch_norm(builder, node);
  if (lower_binary(builder, node) || lower_eltwise(builder, node)) return true;
  return lower_movement(builder, node);
}

namespace {

/// A node that its plain implementation computes, on copies of its own.
struct ReferenceCall {
  Node node;
  const Operator* op = nullptr;
  std::vector<dnnl::memory> sources;
  std::vector<std::shared_ptr<const Tensor>> constants;
  std::vector<ValueInfo> source_infos;
  std::vector<dnnl::memory> targets;
  std::vector<ValueInfo> target_infos;
  std::vector<Tensor> staged, outputs;  // allocated by the first run

  void allocate() {
    for (std::size_t i = 0; i < sources.size(); ++i) {
      staged.push_back(sources[i] ? Tensor(source_infos[i].shape, source_infos[i].type) : Tensor());
    }
    for (const ValueInfo& info : target_infos) outputs.emplace_back(info.shape, info.type);
  }

  void run() {
    if (outputs.empty()) allocate();
    std::vector<const Tensor*> inputs;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (constants[i]) {
        inputs.push_back(constants[i].get());
      } else if (sources[i]) {
        std::memcpy(staged[i].data(), sources[i].get_data_handle(), staged[i].bytes());
        inputs.push_back(&staged[i]);
      } else {
        inputs.push_back(nullptr);
      }
    }
    op->run(node, inputs, outputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      std::memcpy(targets[i].get_data_handle(), outputs[i].data(), outputs[i].bytes());
    }
  }
};

}  // namespace

/// The plain implementation on row-major copies: right for every operator, quick for none.
Status lower_reference(Builder& builder, const Node& node) {
  if (node.fusion.any()) return unsupported("this form is not to be had on oneDNN; try option \"backend\" reference");
  auto call = std::make_shared<ReferenceCall>();
  call->node = node;
  call->op = find_operator(node.op);
  POISE_CHECK(call->op != nullptr);
  for (const ValueId id : node.inputs) {
    call->sources.emplace_back();
    call->constants.emplace_back();
    call->source_infos.emplace_back();
    if (id == kNoValue) continue;
    if (builder.graph.constant(id) != nullptr) {
      call->constants.back() = builder.graph.values[id].constant;
      continue;
    }
    call->sources.back() = builder.read(id, builder.row_major(id));
    call->source_infos.back() = {builder.type(id), builder.shape(id), nullptr};
    builder.staged_bytes += bytes_of(builder.info(id));
  }
  for (const ValueId id : node.outputs) {
    call->targets.push_back(builder.write(id, builder.row_major(id)));
    call->target_infos.push_back({builder.type(id), builder.shape(id), nullptr});
    builder.staged_bytes += bytes_of(builder.info(id));
  }
  builder.add_step(node, "reference", builder.work(node), [call](dnnl::stream&) { call->run(); });
  return {};
}

}  // namespace poise::onednn
