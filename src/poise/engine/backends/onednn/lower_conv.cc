#include <optional>

#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/ops/conv.h"

namespace poise::onednn {
namespace {

using Conv = dnnl::convolution_forward;

constexpr std::int64_t kColours = 4;  // fewer channels than these are planes of a picture

Desc any(const Shape& shape, Type type = Type::f32) { return Desc(shape, type, Tag::any); }

/// oneDNN's Winograd F(4x4, 3x3) does a quarter of the products, in float32; it pays where there are channels enough to
/// hide its transforms.
bool suits_winograd(const ConvGeometry& g) {
  constexpr std::int64_t kFewestChannels = 64;
  return g.weight.size() == 4 && g.weight[2] == 3 && g.weight[3] == 3 && g.strides[0] == 1 && g.strides[1] == 1 &&
         g.dilations[0] == 1 && g.dilations[1] == 1 && g.weight[0] >= kFewestChannels && g.weight[1] >= kFewestChannels;
}

/// Half the bytes and, where the processor multiplies pairs, half the time; sums are float32 inside.
std::optional<Conv::primitive_desc> plan_bfloat16(const Builder& builder, const ConvGeometry& g,
                                                  const dnnl::primitive_attr& attributes) {
  // The stem stays in float32: rounding pixels cost .7 points of AP (ultralight-simplepose), and it is little work.
  if (g.source[1] < kColours) return std::nullopt;
  const Desc source = builder.blocked(g.source, Type::bf16);
  const Desc destination = builder.blocked(g.destination, g.float_result ? Type::f32 : Type::bf16);
  auto planned = try_convolution(builder, g, dnnl::algorithm::convolution_direct, source, destination, attributes);
  if (planned && !is_fast(*planned)) planned.reset();
  return planned;
}

}  // namespace

std::optional<Conv::primitive_desc> try_convolution(const Builder& builder, const ConvGeometry& g,
                                                    dnnl::algorithm algorithm, const Desc& source,
                                                    const Desc& destination, const dnnl::primitive_attr& attributes) {
  // oneDNN's code grows with these, without end.
  constexpr std::int64_t kFarthest = 512;
  for (const auto& far : {g.dilations, g.pads_begin, g.pads_end}) {
    if (std::max(far[0], far[1]) > kFarthest) return std::nullopt;
  }
  // ONNX counts a dilation from 1, oneDNN from 0.
  const dnnl::memory::dims strides{g.strides[0], g.strides[1]};
  const dnnl::memory::dims dilations{g.dilations[0] - 1, g.dilations[1] - 1};
  const dnnl::memory::dims begin{g.pads_begin[0], g.pads_begin[1]};
  const dnnl::memory::dims end{g.pads_end[0], g.pads_end[1]};
  try {
    const auto kind = dnnl::prop_kind::forward_inference;
    const Desc bias({g.destination[1]}, Type::f32, Tag::a);
    const Desc weight = any(g.weight, is_integer(type_of(source)) ? Type::s8 : type_of(source));
    const Conv::desc desc =
        g.bias ? Conv::desc(kind, algorithm, source, weight, bias, destination, strides, dilations, begin, end)
               : Conv::desc(kind, algorithm, source, weight, destination, strides, dilations, begin, end);
    const Conv::primitive_desc planned(desc, attributes, builder.engine, true);
    if (planned) return planned;
  } catch (const dnnl::error&) {  // this form is not to be had; the caller tries the next
  }
  return std::nullopt;
}

std::optional<Conv::primitive_desc> plan_convolution(const Builder& builder, const ConvGeometry& g,
                                                     const dnnl::primitive_attr& attributes) {
  const Desc source = builder.blocked(g.source);
  const Desc destination = builder.blocked(g.destination);
  std::optional<Conv::primitive_desc> planned;
  if (builder.precision == Precision::kBfloat16) planned = plan_bfloat16(builder, g, attributes);
  if (planned) return planned;
  if (g.winograd) {
    planned = try_convolution(builder, g, dnnl::algorithm::convolution_winograd, source, destination, attributes);
  }
  const auto direct = dnnl::algorithm::convolution_direct;
  if (!planned && g.source[1] < kColours) {  // the stem reads plain planes: no channels to block
    planned = try_convolution(builder, g, direct, Builder::plain(g.source), destination, attributes);
  }
  if (!planned) planned = try_convolution(builder, g, direct, source, destination, attributes);
  // A slow form in the pinned layout is no gain over a fast one in another.
  if (!planned || !is_fast(*planned)) {
    if (auto other = try_convolution(builder, g, direct, any(g.source), any(g.destination), attributes))
      planned = other;
  }
  return planned;
}

/// False: not in integers.
static bool lower_integer_conv(Builder& builder, const Node& node, const ConvGeometry& g) {
  const auto form = integer_form(builder, node);
  if (!form) return false;
  const Desc source_layout = Builder::pixels(g.source, form->source);
  const Desc layout = Builder::pixels(g.destination, form->destination);
  const auto planned =
      try_convolution(builder, g, dnnl::algorithm::convolution_direct, source_layout, layout, form->attributes);
  if (!planned || !is_fast(*planned)) return false;
  const dnnl::memory source = builder.read(node.inputs[0], source_layout);
  const ValueId residual = node.fusion.residual;
  // The sum's integers may be of the other signedness: the same bytes, which the kernel reads as what they are.
  const Desc held = residual == kNoValue || !is_integer(form->destination)
                        ? layout
                        : Builder::pixels(g.destination, type_of(builder.grid(residual)));
  const dnnl::memory destination = residual == kNoValue ? builder.write(node.outputs[0], layout)
                                                        : builder.write_over(node.outputs[0], residual, held, layout);
  std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, destination}};
  const ValueId id = node.inputs[1];
  const Tensor& weight = *builder.graph.constant(id);
  const Tensor& scales = *node.weight_scales;
  const WeightKey key{.constant = id, .packing = WeightKey::Packing::kIntegers, .steps = bits_of(scales.floats())};
  arguments.emplace(DNNL_ARG_WEIGHTS,
                    builder.weights(id).get(key, Builder::plain(g.weight, Type::s8), planned->weights_desc(),
                                            [&] { return integer_weights(weight, scales); }));
  if (g.bias) arguments.emplace(DNNL_ARG_BIAS, integer_bias(builder, node, *form));
  builder.add_primitive(node, "", *planned, std::move(arguments), builder.work(node));
  return true;
}

Result<bool> lower_conv(Builder& builder, const Node& node) {
  const ValueId weight_id = node.inputs[1];
  const Tensor* weight = builder.graph.constant(weight_id);
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  const Tensor* bias = has_bias ? builder.graph.constant(node.inputs[2]) : nullptr;
  if (weight == nullptr || (has_bias && bias == nullptr)) return false;
  POISE_TRY(const ConvAttributes a, conv_attributes(node, builder.shape(node.inputs[0]), weight->shape()));

  ConvGeometry g;
  g.source = builder.shape(node.inputs[0]);
  g.weight = weight->shape();
  if (a.group > 1) g.weight = {a.group, g.weight[0] / a.group, g.weight[1], g.weight[2], g.weight[3]};
  g.destination = builder.shape(node.outputs[0]);
  g.strides = a.strides;
  g.dilations = a.dilations;
  g.pads_begin = a.pads_begin;
  g.pads_end = a.pads_end;
  g.bias = has_bias;
  g.float_result = builder.is_output(node.outputs[0]);
  const bool sum = node.fusion.residual != kNoValue;
  if (lower_integer_conv(builder, node, g)) return true;
  const auto winograd = winograd_form(builder, node, a);
  const bool tiles = winograd && builder.takes(node, Form::kTiles, pays(*winograd));
  if (tiles && lower_winograd(builder, node, *winograd, *weight, has_bias)) return true;
  g.winograd = builder.takes(node, Form::kWinograd, suits_winograd(g));
  const auto planned = plan_convolution(builder, g, make_attributes(node.fusion, sum));
  if (!planned) return false;

  const dnnl::memory source = builder.read(node.inputs[0], planned->src_desc());
  const dnnl::memory destination =
      sum ? builder.write_over(node.outputs[0], node.fusion.residual, planned->dst_desc(), planned->dst_desc())
          : builder.write(node.outputs[0], planned->dst_desc());
  std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, destination}};
  arguments.emplace(DNNL_ARG_WEIGHTS,
                    builder.weights(weight_id).get({weight_id}, Builder::plain(g.weight), planned->weights_desc(),
                                                   [weight] { return weight->clone(); }));
  if (has_bias) arguments.emplace(DNNL_ARG_BIAS, builder.float_bias(node));
  builder.add_primitive(node, "", *planned, std::move(arguments), builder.work(node));
  return true;
}

}  // namespace poise::onednn
