// Layers that compute in integers, and the rounding between them. oneDNN 3.x sets scales otherwise than 2.x: here
// alone, and in Builder::add_reorder().

#include <cmath>
#include <optional>

#include "poise/engine/backends/onednn/builder.h"

namespace poise::onednn {
namespace {

/// The activation of values in any unit is the activation in that unit.
bool keeps_units(Activation activation) {
  return activation == Activation::kNone || activation == Activation::kRelu || activation == Activation::kClip ||
         activation == Activation::kLeakyRelu;
}

}  // namespace

std::optional<IntegerForm> integer_form(const Builder& builder, const Node& node) {
  const Grid& in = builder.grid(node.inputs[0]);
  if (builder.precision != Precision::kInt8 || node.weight_scales == nullptr || !in.any()) return std::nullopt;
  const Fusion& fusion = node.fusion;
  const bool sum = fusion.residual != kNoValue;
  const bool rounds = fusion.grid.any() && (!sum || builder.grid(fusion.residual).any());
  IntegerForm form;
  form.source = type_of(in);
  if (rounds) form.destination = type_of(fusion.grid);
  const float unit = rounds && keeps_units(fusion.activation) ? fusion.grid.scale : 1.0F;
  std::vector<float> scales;
  for (const float weight_scale : node.weight_scales->floats()) {
    form.steps.push_back(in.scale * weight_scale);
    scales.push_back(form.steps.back() / unit);
  }
  dnnl::post_ops after;
  if (sum && rounds) {
    const Grid& other = builder.grid(fusion.residual);
    after.append_sum(other.scale / unit, other.zero, type_of(other));
  } else if (sum) {
    after.append_sum(1.0F);
  }
  append_activation(after, fusion, unit);
  if (rounds && !keeps_units(fusion.activation)) {
    after.append_eltwise(1.0F, dnnl::algorithm::eltwise_linear, 1.0F / fusion.grid.scale, 0.0F);
  }
  form.attributes = user_scratchpad();
  constexpr int kEachChannel = 1 << 1;
  form.attributes.set_output_scales(kEachChannel, scales);
  if (in.zero != 0) form.attributes.set_zero_points(DNNL_ARG_SRC, 0, {in.zero});
  if (rounds && fusion.grid.zero != 0) form.attributes.set_zero_points(DNNL_ARG_DST, 0, {fusion.grid.zero});
  form.attributes.set_post_ops(after);
  return form;
}

Tensor integer_weights(const Tensor& weight, const Tensor& scales) {
  Tensor integers(weight.shape(), DType::kInt8);
  const auto from = weight.floats();
  const auto to = integers.as<std::int8_t>();
  const auto steps = scales.floats();
  const std::size_t each = from.size() / steps.size();
  for (std::size_t i = 0; i < from.size(); ++i) {
    to[i] = static_cast<std::int8_t>(std::clamp(std::nearbyint(from[i] / steps[i / each]), -128.0F, 127.0F));
  }
  return integers;
}

dnnl::memory integer_bias(Builder& builder, const Node& node, const IntegerForm& form) {
  const ValueId id = node.inputs[2];
  const Tensor& bias = *builder.graph.constant(id);
  const WeightKey key{.constant = id, .packing = WeightKey::Packing::kDivided, .steps = bits_of(form.steps)};
  return builder.weights(id).vector(key, [&] {
    Tensor scaled = bias.clone();
    for (std::size_t c = 0; c < form.steps.size(); ++c) scaled.floats()[c] /= form.steps[c];
    return scaled;
  });
}

/// QuantizeLinear is a reorder, DequantizeLinear another name for the same memory: who wants floats makes them.
bool lower_rounding(Builder& builder, const Node& node) {
  if (node.op != "QuantizeLinear" && node.op != "DequantizeLinear") return false;
  const ValueId from = node.inputs[0];
  const ValueId to = node.outputs[0];
  const Grid grid = builder.grid(to);
  if (!grid.any()) return false;
  if (node.op == "DequantizeLinear" || (builder.grid(from) == grid && builder.held_as_integers(from))) {
    builder.alias(to, from);
    return true;
  }
  // Read as floats whatever it is held as, and rounded by the reorder.
  const Desc layout = Builder::pixels(builder.shape(to), type_of(grid));
  const Desc floats = builder.held_as_integers(from) || type_of(builder.desc(from)) != Type::f32
                          ? builder.blocked(builder.shape(from))
                          : builder.desc(from);
  const dnnl::memory source = builder.read(from, floats);
  builder.add_reorder(node, source, builder.write(to, layout), grid);
  return true;
}

}  // namespace poise::onednn
