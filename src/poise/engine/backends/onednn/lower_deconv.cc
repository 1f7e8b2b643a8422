// A strided transposed convolution is strideH x strideW ordinary convolutions, one for each output phase, written
// interleaved. oneDNN 2.6's own fp32 deconvolution makes PoseResNet-50 a third slower.

#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

#include "poise/engine/backends/onednn/builder.h"
#include "poise/engine/backends/onednn/grouped_deconv.h"
#include "poise/graph/ops/conv.h"

namespace poise::onednn {
namespace {

/// One axis of one phase: output positions t * stride + phase, fed by taps at input positions t + offset.
struct AxisPhase {
  std::int64_t size = 0;             // output positions
  std::vector<std::int64_t> kernel;  // kernel indices, in rising order of their input offset
  std::int64_t pad_begin = 0;
  std::int64_t pad_end = 0;
};

/// Empty kernel where this phase cannot be had as a plain convolution.
AxisPhase axis_phase(std::int64_t phase, std::int64_t stride, std::int64_t pad, std::int64_t kernel, std::int64_t in,
                     std::int64_t out) {
  AxisPhase axis;
  axis.size = (out - phase + stride - 1) / stride;
  std::int64_t lowest = 0;
  for (std::int64_t k = kernel - 1; k >= 0; --k) {  // out = i * stride - pad + k, so i = t + (phase + pad - k) / stride
    const std::int64_t distance = phase + pad - k;
    if (distance % stride != 0) continue;
    if (axis.kernel.empty()) lowest = distance / stride;
    axis.kernel.push_back(k);
  }
  axis.pad_begin = -lowest;
  axis.pad_end = axis.size - 1 + static_cast<std::int64_t>(axis.kernel.size()) - 1 - axis.pad_begin - (in - 1);
  if (axis.size <= 0 || axis.pad_begin < 0 || axis.pad_end < 0) axis.kernel.clear();
  return axis;
}

/// (in, out, kh, kw) -> (out, in, taps_y, taps_x) of one phase.
Tensor phase_weight(const Tensor& weight, const AxisPhase& rows, const AxisPhase& columns) {
  const std::int64_t in = weight.dim(0);
  const std::int64_t out = weight.dim(1);
  const std::int64_t height = static_cast<std::int64_t>(rows.kernel.size());
  const std::int64_t width = static_cast<std::int64_t>(columns.kernel.size());
  Tensor phase(Shape{out, in, height, width});
  float* to = phase.floats().data();
  const float* from = weight.floats().data();
  for (std::int64_t o = 0; o < out; ++o) {
    for (std::int64_t i = 0; i < in; ++i) {
      for (const std::int64_t ky : rows.kernel) {
        for (const std::int64_t kx : columns.kernel) {
          *to++ = from[((i * out + o) * weight.dim(2) + ky) * weight.dim(3) + kx];
        }
      }
    }
  }
  return phase;
}

/// A layer with what it is lowered from.
struct Layer {
  const Node& node;
  const ConvAttributes& attributes;
  const Tensor& weight;
  const Tensor* bias;                      // nullptr: none
  const std::optional<IntegerForm>& form;  // nothing: it computes in floats
  /// The sum with a residual cannot be taken phase by phase.
  bool sums_apart() const { return node.fusion.residual != kNoValue; }
};

/// One output phase as a convolution.
struct Phase {
  dnnl::convolution_forward::primitive_desc conv;
  ConvGeometry geometry;
  AxisPhase rows, columns;
  std::int64_t row = 0, column = 0;  // the first output
};
struct Phases {
  std::vector<Phase> list;
  Desc layout;  // of the whole output
};

/// All phases of one axis of the picture (0: rows); empty where one cannot be had as a plain convolution.
std::vector<AxisPhase> axis_phases(const ConvAttributes& a, const Shape& in, std::size_t axis) {
  std::vector<AxisPhase> phases;
  for (std::int64_t p = 0; p < a.strides[axis]; ++p) {
    phases.push_back(
        axis_phase(p, a.strides[axis], a.pads_begin[axis], a.kernel[axis], in[2 + axis], a.output[2 + axis]));
    if (phases.back().kernel.empty()) return {};
  }
  return phases;
}

std::optional<dnnl::convolution_forward::primitive_desc> plan_phase(const Builder& builder, const Layer& layer,
                                                                    const ConvGeometry& g) {
  if (layer.form) {
    auto conv =
        try_convolution(builder, g, dnnl::algorithm::convolution_direct, Builder::pixels(g.source, layer.form->source),
                        Builder::pixels(g.destination, layer.form->destination), layer.form->attributes);
    return conv && is_fast(*conv) ? conv : std::nullopt;
  }
  return plan_convolution(builder, g, make_attributes(layer.sums_apart() ? Fusion{} : layer.node.fusion, false));
}

/// Empty where one cannot be had, or where they would write in different layouts.
std::optional<Phases> plan_phases(const Builder& builder, const Layer& layer) {
  const ConvAttributes& a = layer.attributes;
  const Shape& in = builder.shape(layer.node.inputs[0]);
  const std::vector<AxisPhase> rows = axis_phases(a, in, 0);
  const std::vector<AxisPhase> columns = axis_phases(a, in, 1);
  Phases phases;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      ConvGeometry g;
      g.source = in;
      g.weight = {a.output[1], in[1], static_cast<std::int64_t>(rows[r].kernel.size()),
                  static_cast<std::int64_t>(columns[c].kernel.size())};
      g.destination = {in[0], a.output[1], rows[r].size, columns[c].size};
      g.pads_begin = {rows[r].pad_begin, columns[c].pad_begin};
      g.pads_end = {rows[r].pad_end, columns[c].pad_end};
      g.bias = layer.bias != nullptr;
      g.float_result = builder.is_output(layer.node.outputs[0]);
      auto conv = plan_phase(builder, layer, g);
      if (!conv) return std::nullopt;
      if (phases.list.empty()) {
        const Type type = type_of(conv->dst_desc());
        phases.layout = layer.form ? Builder::pixels(a.output, type) : builder.blocked(a.output, type);
      }
      if (!layer.form && conv->dst_desc() != builder.blocked(g.destination, type_of(phases.layout))) {
        return std::nullopt;
      }
      phases.list.push_back(
          {std::move(*conv), g, rows[r], columns[c], static_cast<std::int64_t>(r), static_cast<std::int64_t>(c)});
    }
  }
  if (phases.list.empty()) return std::nullopt;
  return phases;
}

/// Adds the convolution; gives what it writes.
dnnl::memory add_phase(Builder& builder, const Layer& layer, const Phase& phase, std::int64_t multiply_adds) {
  const Node& node = layer.node;
  const ValueId weight = node.inputs[1];
  const dnnl::memory source = builder.read(node.inputs[0], phase.conv.src_desc());
  const dnnl::memory output = builder.temporary(phase.conv.dst_desc());
  // Which taps a phase has depends on padding and stride too, which layers of one weight may have their own.
  WeightKey key{.constant = weight, .rows = phase.rows.kernel, .columns = phase.columns.kernel};
  if (layer.form) {
    key.packing = WeightKey::Packing::kIntegers;
    key.steps = bits_of(node.weight_scales->floats());
  }
  const auto plain_weight = [&] {
    Tensor floats = phase_weight(layer.weight, phase.rows, phase.columns);
    return layer.form ? integer_weights(floats, *node.weight_scales) : std::move(floats);
  };
  const Desc plain = Builder::plain(phase.geometry.weight, layer.form ? Type::s8 : Type::f32);
  std::unordered_map<int, dnnl::memory> arguments{
      {DNNL_ARG_SRC, source},
      {DNNL_ARG_DST, output},
      {DNNL_ARG_WEIGHTS, builder.weights(weight).get(key, plain, phase.conv.weights_desc(), plain_weight)}};
  if (layer.bias != nullptr) {
    arguments.emplace(DNNL_ARG_BIAS, layer.form ? integer_bias(builder, node, *layer.form) : builder.float_bias(node));
  }
  const std::string suffix = "[" + std::to_string(phase.row) + "," + std::to_string(phase.column) + "]";
  builder.add_primitive(node, suffix, phase.conv, std::move(arguments), multiply_adds);
  return output;
}

/// Phases -> output: rows and columns of each phase go to every stride-th row and column.
struct Interleave {
  struct Part {
    dnnl::memory memory;
    std::int64_t row = 0, column = 0, height = 0, width = 0;
  };
  std::vector<Part> parts;
  dnnl::memory whole;
  std::int64_t planes = 0, height = 0, width = 0;  // of the output; planes: images times blocks of channels
  std::array<std::int64_t, 2> strides{1, 1};
  std::int64_t bytes = 0;  // of a pixel's block of channels, which lie together
};

/// `bytes`: Interleave::bytes, as a constant of the compiler where it is one.
template <typename Bytes>
void interleave(const Interleave& job, Bytes bytes) {
  // Copies, for the compiler cannot know that no byte that is written lies in the job.
  const std::span<const Interleave::Part> parts = job.parts;
  const std::int64_t planes = job.planes, height = job.height, width = job.width;
  const std::array<std::int64_t, 2> strides = job.strides;
  auto* out = static_cast<std::byte*>(job.whole.get_data_handle());
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    for (std::int64_t y = 0; y < height; ++y) {
      std::byte* row = out + (plane * height + y) * width * bytes;
      for (const Interleave::Part& part : parts) {
        if (part.row != y % strides[0]) continue;
        const auto* from = static_cast<const std::byte*>(part.memory.get_data_handle()) +
                           (plane * part.height + y / strides[0]) * part.width * bytes;
        for (std::int64_t x = 0; x < part.width; ++x) {
          std::memcpy(row + (x * strides[1] + part.column) * bytes, from + x * bytes, static_cast<std::size_t>(bytes));
        }
      }
    }
  }
}

void run_interleave(const Interleave& job) {
  // A length known to the compiler is a few moves instead of a call.
  switch (job.bytes) {
    case 32:
      return interleave(job, std::integral_constant<std::int64_t, 32>{});
    case 64:
      return interleave(job, std::integral_constant<std::int64_t, 64>{});
    case 256:
      return interleave(job, std::integral_constant<std::int64_t, 256>{});
    default:
      return interleave(job, job.bytes);
  }
}

/// False: not in this form.
bool lower_phases(Builder& builder, const Layer& layer) {
  const auto phases = plan_phases(builder, layer);
  if (!phases) return false;
  const Node& node = layer.node;
  const Shape& output = layer.attributes.output;
  const std::int64_t work = builder.work(node) / static_cast<std::int64_t>(phases->list.size());
  Interleave job;
  for (const Phase& phase : phases->list) {
    job.parts.push_back(
        {add_phase(builder, layer, phase, work), phase.row, phase.column, phase.rows.size, phase.columns.size});
  }
  job.whole = layer.sums_apart() ? builder.temporary(phases->layout) : builder.write(node.outputs[0], phases->layout);
  const std::int64_t together = layer.form ? output[1] : builder.block;
  job.planes = output[0] * ((output[1] + together - 1) / together);
  job.height = output[2];
  job.width = output[3];
  job.strides = layer.attributes.strides;
  job.bytes = together * static_cast<std::int64_t>(dnnl::memory::data_type_size(type_of(phases->layout)));
  const dnnl::memory whole = job.whole;
  builder.add_step(node, "interleave", 0, [job = std::move(job)](dnnl::stream&) { run_interleave(job); });
  if (layer.sums_apart()) lower_fusion_apart(builder, node, whole);
  return true;
}

bool lower_grouped(Builder& builder, const Node& node, const ConvAttributes& a, const Tensor& weight,
                   const Tensor* bias) {
  const Shape& in = builder.shape(node.inputs[0]);
  const bool depthwise = a.group == in[1] && a.group == a.output[1];
  auto deconv = std::make_shared<GroupedDeconv>();
  deconv->attributes = a;
  deconv->batch = in[0];
  deconv->in_channels = in[1];
  deconv->in_height = in[2];
  deconv->in_width = in[3];
  const bool apart = node.fusion.residual != kNoValue;
  if (!apart) deconv->fusion = node.fusion;
  deconv->weight = depthwise ? depthwise_weight(weight, builder.block) : weight.clone();
  if (bias != nullptr) deconv->bias = depthwise ? padded_bias(*bias, a.output[1], builder.block) : bias->clone();
  const dnnl::memory source = builder.read(node.inputs[0], depthwise ? builder.blocked(in) : Builder::plain(in));
  const Desc layout = depthwise ? builder.blocked(a.output) : Builder::plain(a.output);
  const dnnl::memory destination = apart ? builder.temporary(layout) : builder.write(node.outputs[0], layout);
  const auto kernel =
      !depthwise ? run_grouped_plain : (builder.block == 16 ? run_depthwise_blocked<16> : run_depthwise_blocked<8>);
  builder.add_step(node, depthwise ? "poise depthwise" : "poise grouped", builder.work(node),
                   [deconv, kernel, source, destination](dnnl::stream&) {
                     kernel(*deconv, static_cast<const float*>(source.get_data_handle()),
                            static_cast<float*>(destination.get_data_handle()));
                   });
  if (apart) lower_fusion_apart(builder, node, destination);
  return true;
}

}  // namespace

Result<bool> lower_conv_transpose(Builder& builder, const Node& node) {
  const Tensor* weight = builder.graph.constant(node.inputs[1]);
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  const Tensor* bias = has_bias ? builder.graph.constant(node.inputs[2]) : nullptr;
  if (weight == nullptr || (has_bias && bias == nullptr)) return false;
  POISE_TRY(const ConvAttributes a, conv_transpose_attributes(node, builder.shape(node.inputs[0]), weight->shape()));
  if (a.group == 1 && a.dilations[0] == 1 && a.dilations[1] == 1) {
    auto form = node.fusion.residual == kNoValue ? integer_form(builder, node) : std::nullopt;
    if (!form) {
      const auto winograd = winograd_form(builder, node, a);
      const bool tiles = winograd && builder.takes(node, Form::kTiles, pays(*winograd));
      if (tiles && lower_winograd(builder, node, *winograd, *weight, bias != nullptr)) return true;
    }
    if (lower_phases(builder, {node, a, *weight, bias, form})) return true;
    if (form && lower_phases(builder, {node, a, *weight, bias, std::nullopt})) return true;
    // oneDNN may want another layout, as for fewer channels than a block has.
  }
  return lower_grouped(builder, node, a, *weight, bias);
}

}  // namespace poise::onednn
