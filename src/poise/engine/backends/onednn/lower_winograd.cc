#include "poise/engine/backends/onednn/builder.h"
#include "poise/engine/backends/onednn/winograd.h"

namespace poise::onednn {
namespace {

bool both(const std::array<std::int64_t, 2>& pair, std::int64_t value) { return pair[0] == value && pair[1] == value; }

/// Images together: more rows read the weights once, fewer keep the products in the cache.
std::int64_t images_together(std::int64_t batch, std::int64_t rows_of_one) {
  constexpr std::int64_t kRows = 256;
  std::int64_t together = std::clamp<std::int64_t>(kRows / rows_of_one, 1, batch);
  while (batch % together != 0) --together;
  return together;
}

Desc plain_weight(const Winograd& w) {
  return Desc({Winograd::kPoints, w.in_channels, w.phases() * w.out_channels}, Type::f32, Tag::abc);
}

std::optional<dnnl::matmul::primitive_desc> plan_products(const Builder& builder, const Winograd& w) {
  const Type type = w.source_bfloat16 ? Type::bf16 : Type::f32;
  const std::int64_t columns = w.phases() * w.out_channels;
  const Desc source({Winograd::kPoints, w.rows(), w.in_channels}, type, Tag::abc);
  const Desc weight({Winograd::kPoints, w.in_channels, columns}, type, Tag::any);
  const Desc destination({Winograd::kPoints, w.rows(), columns}, Type::f32, Tag::abc);
  try {
    const dnnl::matmul::primitive_desc planned(dnnl::matmul::desc(source, weight, destination), user_scratchpad(),
                                               builder.engine, true);
    // Its other implementations pack the weights anew at every call.
    if (!planned || !std::string(planned.impl_info_str()).starts_with("brg")) return std::nullopt;
    const dnnl::reorder::primitive_desc packing(builder.engine, plain_weight(w), builder.engine, planned.weights_desc(),
                                                dnnl::primitive_attr(), true);
    if (packing) return planned;
  } catch (const dnnl::error&) {  // not to be had: the layer runs as it is
  }
  return std::nullopt;
}

/// In place behind the layer: it costs less than the products that tiles save.
bool runs_apart(Activation activation) {
  return activation == Activation::kSwish || activation == Activation::kGelu || activation == Activation::kMish;
}

}  // namespace

std::optional<Winograd> winograd_form(const Builder& builder, const Node& node, const ConvAttributes& a) {
  const Shape& in = builder.shape(node.inputs[0]);
  Winograd w;
  w.transposed = node.op == "ConvTranspose";
  const bool shape = both(a.kernel, w.transposed ? 4 : 3) && both(a.strides, w.transposed ? 2 : 1) &&
                     both(a.pads_begin, 1) && both(a.dilations, 1) && a.group == 1 &&
                     a.output[2] == (w.transposed ? 2 : 1) * in[2] && a.output[3] == (w.transposed ? 2 : 1) * in[3];
  const bool blocks = in[1] % builder.block == 0 && a.output[1] % builder.block == 0;
  const Activation after = node.fusion.activation;
  const bool fuses = after == Activation::kNone || after == Activation::kRelu || runs_apart(after);
  w.sum = node.fusion.residual != kNoValue;
  if (!shape || !blocks || !fuses || (w.sum && w.transposed)) return std::nullopt;
  w.images = in[0];
  w.in_channels = in[1];
  w.out_channels = a.output[1];
  w.in_height = in[2];
  w.in_width = in[3];
  w.block = builder.block;
  w.source_bfloat16 = builder.precision == Precision::kBfloat16;
  w.destination_bfloat16 = w.source_bfloat16 && !builder.is_output(node.outputs[0]);
  w.relu = node.fusion.activation == Activation::kRelu;
  constexpr std::int64_t kFewestTiles = 16;  // fewer do not fill the registers of a matrix product
  if (w.tiles_down() * w.tiles_across() < kFewestTiles) return std::nullopt;
  return w;
}

bool pays(const Winograd& w) {
  // Sixteen points of weights take the place of 9 taps, or of 16 in four phases: with few tiles reading them costs more
  // than the products that are saved. In float32 oneDNN has larger tiles for 3x3, where blocks are of 16 channels.
  constexpr std::int64_t kFewestChannels = 64;
  const std::int64_t fewest_tiles = w.transposed ? 80 : 32;
  const std::int64_t tiles = w.tiles_down() * w.tiles_across();
  return (w.transposed || w.source_bfloat16 || w.block == 8) && tiles >= fewest_tiles &&
         std::min(w.in_channels, w.out_channels) >= kFewestChannels;
}

namespace {

/// The step between the transforms: reads `points`, writes `products`.
using Multiply = std::function<void(dnnl::stream&)>;

struct Operands {
  dnnl::memory points, products;
  ValueId weight_id;
  const Tensor& weight;
};

Multiply multiply_by_dnnl(Builder& builder, const Winograd& w, const dnnl::matmul::primitive_desc& planned,
                          const Operands& operands) {
  std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, operands.points}, {DNNL_ARG_DST, operands.products}};
  const ValueId id = operands.weight_id;
  const WeightKey key{.constant = id, .packing = WeightKey::Packing::kWinograd, .transposed = w.transposed};
  arguments.emplace(DNNL_ARG_WEIGHTS, builder.weights(id).get(key, plain_weight(w), planned.weights_desc(), [&] {
    return winograd_weight(operands.weight, w.transposed);
  }));
  if (const std::size_t bytes = planned.scratchpad_desc().get_size(); bytes > 0) {
    builder.scratch_bytes = std::max(builder.scratch_bytes, bytes);
    arguments.emplace(DNNL_ARG_SCRATCHPAD, builder.temporary(planned.scratchpad_desc()));
  }
  return [product = dnnl::matmul(planned), arguments = std::move(arguments)](dnnl::stream& stream) {
    product.execute(stream, arguments);
  };
}

Multiply multiply_ourselves(Builder& builder, const Winograd& w, const Operands& operands) {
  const ValueId id = operands.weight_id;
  const WeightKey key{.constant = id, .packing = WeightKey::Packing::kWinogradPanels, .transposed = w.transposed};
  const dnnl::memory packed =
      builder.weights(id).vector(key, [&] { return pack_panels(winograd_weight(operands.weight, w.transposed)); });
  return [w, points = operands.points, packed, products = operands.products](dnnl::stream&) {
    winograd_products(w, static_cast<const float*>(points.get_data_handle()),
                      static_cast<const float*>(packed.get_data_handle()),
                      static_cast<float*>(products.get_data_handle()));
  };
}

}  // namespace

namespace {

void add_activation(Builder& builder, const Node& node, const dnnl::memory& values) {
  using A = dnnl::algorithm;
  const Activation wanted = node.fusion.activation;
  const A algorithm = wanted == Activation::kSwish  ? A::eltwise_swish
                      : wanted == Activation::kGelu ? A::eltwise_gelu_erf
                                                    : A::eltwise_mish;
  const dnnl::eltwise_forward::desc desc(kInference, algorithm, values.get_desc(), node.fusion.low);
  const dnnl::eltwise_forward::primitive_desc planned(desc, user_scratchpad(), builder.engine);
  builder.add_primitive(node, ", activation", planned, {{DNNL_ARG_SRC, values}, {DNNL_ARG_DST, values}}, 0);
}

}  // namespace

bool lower_winograd(Builder& builder, const Node& node, Winograd w, const Tensor& weight, bool bias) {
  const std::int64_t batch = w.images;
  w.images = 1;
  w.images = images_together(batch, w.rows());
  const std::int64_t columns = w.phases() * w.out_channels;
  const auto planned = plan_products(builder, w);
  if (!planned && (w.source_bfloat16 || columns % kPanel != 0)) return false;

  const Type type = w.source_bfloat16 ? Type::bf16 : Type::f32;
  const Desc from = builder.blocked(builder.shape(node.inputs[0]), type);
  const Desc to = builder.blocked(builder.shape(node.outputs[0]), w.destination_bfloat16 ? Type::bf16 : Type::f32);
  const dnnl::memory source = builder.read(node.inputs[0], from);
  const dnnl::memory points = builder.temporary(Desc({Winograd::kPoints, w.rows(), w.in_channels}, type, Tag::abc));
  const dnnl::memory products = builder.temporary(Desc({Winograd::kPoints, w.rows(), columns}, Type::f32, Tag::abc));
  const dnnl::memory destination =
      w.sum ? builder.write_over(node.outputs[0], node.fusion.residual, to, to) : builder.write(node.outputs[0], to);
  const Operands operands{points, products, node.inputs[1], weight};
  Multiply multiply =
      planned ? multiply_by_dnnl(builder, w, *planned, operands) : multiply_ourselves(builder, w, operands);
  dnnl::memory biases;
  if (bias) biases = builder.float_bias(node);
  const std::size_t source_bytes = from.get_size() / static_cast<std::size_t>(batch);
  const std::size_t destination_bytes = to.get_size() / static_cast<std::size_t>(batch);
  builder.add_step(node, std::string("winograd, ") + (planned ? planned->impl_info_str() : "poise"), builder.work(node),
                   [w, source, points, products, destination, biases, source_bytes, destination_bytes, batch,
                    multiply = std::move(multiply)](dnnl::stream& stream) {
                     const auto* in = static_cast<const std::byte*>(source.get_data_handle());
                     auto* out = static_cast<std::byte*>(destination.get_data_handle());
                     const auto* added = biases ? static_cast<const float*>(biases.get_data_handle()) : nullptr;
                     for (std::int64_t image = 0; image < batch; image += w.images) {
                       const auto first = static_cast<std::size_t>(image);
                       winograd_input(w, in + first * source_bytes, static_cast<std::byte*>(points.get_data_handle()));
                       multiply(stream);
                       winograd_output(w, static_cast<const float*>(products.get_data_handle()), added,
                                       out + first * destination_bytes);
                     }
                   });
  if (runs_apart(node.fusion.activation)) add_activation(builder, node, destination);
  return true;
}

}  // namespace poise::onednn
