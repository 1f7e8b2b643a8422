// A strided transposed convolution is strideH x strideW ordinary convolutions, one for each output phase, written
// interleaved. oneDNN 2.6's own fp32 deconvolution makes PoseResNet-50 a third slower.

#include <cstring>
#include <memory>
#include <optional>
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

struct PhaseOutput {
  dnnl::memory memory;
  std::int64_t row = 0, column = 0, height = 0, width = 0;
};

/// Phases -> output: rows and columns of each phase go to every stride-th row and column. A pixel's block of channels
/// lies together, `bytes` of them; planes: images times blocks.
template <typename Bytes>
void interleave(const std::vector<PhaseOutput>& phases, std::byte* out, std::int64_t planes, std::int64_t height,
                std::int64_t width, const std::array<std::int64_t, 2>& strides, Bytes bytes) {
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    for (std::int64_t y = 0; y < height; ++y) {
      std::byte* row = out + (plane * height + y) * width * bytes;
      for (const PhaseOutput& phase : phases) {
        if (phase.row != y % strides[0]) continue;
        const auto* from = static_cast<const std::byte*>(phase.memory.get_data_handle()) +
                           (plane * phase.height + y / strides[0]) * phase.width * bytes;
        for (std::int64_t x = 0; x < phase.width; ++x) {
          std::memcpy(row + (x * strides[1] + phase.column) * bytes, from + x * bytes, static_cast<std::size_t>(bytes));
        }
      }
    }
  }
}

/// `form`: in integers.
Result<bool> lower_phases(Builder& builder, const Node& node, const ConvAttributes& a, const Tensor& weight,
                          const Tensor* bias, const std::optional<IntegerForm>& form) {
  const Shape& in = builder.shape(node.inputs[0]);
  std::vector<AxisPhase> rows;
  std::vector<AxisPhase> columns;
  for (std::int64_t p = 0; p < a.strides[0]; ++p) {
    rows.push_back(axis_phase(p, a.strides[0], a.pads_begin[0], a.kernel[0], in[2], a.output[2]));
    if (rows.back().kernel.empty()) return false;
  }
  for (std::int64_t p = 0; p < a.strides[1]; ++p) {
    columns.push_back(axis_phase(p, a.strides[1], a.pads_begin[1], a.kernel[1], in[3], a.output[3]));
    if (columns.back().kernel.empty()) return false;
  }
  struct Planned {
    dnnl::convolution_forward::primitive_desc conv;
    ConvGeometry geometry;
    std::size_t row, column;
  };
  const bool apart = node.fusion.residual != kNoValue;  // the sum cannot be taken phase by phase
  const dnnl::primitive_attr attributes = make_attributes(apart ? Fusion{} : node.fusion, false);
  std::vector<Planned> planned;
  Desc layout = builder.blocked(a.output);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      ConvGeometry g;
      g.source = in;
      g.weight = {a.output[1], in[1], static_cast<std::int64_t>(rows[r].kernel.size()),
                  static_cast<std::int64_t>(columns[c].kernel.size())};
      g.destination = {in[0], a.output[1], rows[r].size, columns[c].size};
      g.pads_begin = {rows[r].pad_begin, columns[c].pad_begin};
      g.pads_end = {rows[r].pad_end, columns[c].pad_end};
      g.bias = bias != nullptr;
      g.float_result = builder.is_output(node.outputs[0]);
      auto conv =
          form ? try_convolution(builder, g, dnnl::algorithm::convolution_direct, Builder::pixels(in, form->source),
                                 Builder::pixels(g.destination, form->destination), form->attributes)
               : plan_convolution(builder, g, attributes);
      if (!conv || (form && !is_fast(*conv))) return false;
      if (planned.empty()) {
        const Type type = type_of(conv->dst_desc());
        layout = form ? Builder::pixels(a.output, type) : builder.blocked(a.output, type);
      }
      const Type type = type_of(layout);
      if (!form && conv->dst_desc() != builder.blocked(g.destination, type)) return false;
      planned.push_back({std::move(*conv), g, r, c});
    }
  }

  std::vector<PhaseOutput> outputs;
  for (const Planned& phase : planned) {
    const dnnl::memory source = builder.read(node.inputs[0], phase.conv.src_desc());
    outputs.push_back({builder.temporary(phase.conv.dst_desc()), static_cast<std::int64_t>(phase.row),
                       static_cast<std::int64_t>(phase.column), rows[phase.row].size, columns[phase.column].size});
    const std::string suffix = "[" + std::to_string(phase.row) + "," + std::to_string(phase.column) + "]";
    std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, outputs.back().memory}};
    const auto plain_weight = [&] {
      Tensor floats = phase_weight(weight, rows[phase.row], columns[phase.column]);
      return form ? integer_weights(floats, *node.weight_scales) : std::move(floats);
    };
    // Which taps a phase has depends on padding and stride too, which layers of one weight may have their own.
    const std::string key = (form ? "integers " : "weight ") + std::to_string(node.inputs[1]) + " taps" +
                            to_string(rows[phase.row].kernel) + to_string(columns[phase.column].kernel);
    const Desc plain = Builder::plain(phase.geometry.weight, form ? Type::s8 : Type::f32);
    arguments.emplace(DNNL_ARG_WEIGHTS,
                      builder.weights(node.inputs[1]).get(key, plain, phase.conv.weights_desc(), plain_weight));
    if (bias != nullptr && form) {
      arguments.emplace(DNNL_ARG_BIAS, integer_bias(builder, node, *form));
    } else if (bias != nullptr) {
      arguments.emplace(DNNL_ARG_BIAS, builder.float_bias(node));
    }
    builder.add_primitive(node, suffix, dnnl::convolution_forward(phase.conv), phase.conv.scratchpad_desc(),
                          phase.conv.impl_info_str(), std::move(arguments),
                          builder.work(node) / static_cast<std::int64_t>(planned.size()));
  }
  const dnnl::memory whole = apart ? builder.temporary(layout) : builder.write(node.outputs[0], layout);
  const std::int64_t together = form ? a.output[1] : builder.block;
  const std::int64_t planes = in[0] * ((a.output[1] + together - 1) / together);
  const auto bytes = together * static_cast<std::int64_t>(dnnl::memory::data_type_size(type_of(layout)));
  builder.add_step(
      node, "interleave", 0,
      [outputs, whole, planes, height = a.output[2], width = a.output[3], strides = a.strides, bytes](dnnl::stream&) {
        const auto run = [&](auto known) {
          interleave(outputs, static_cast<std::byte*>(whole.get_data_handle()), planes, height, width, strides, known);
        };
        // A length known to the compiler is a few moves instead of a call.
        if (bytes == 64) {
          run(std::integral_constant<std::int64_t, 64>{});
        } else if (bytes == 32) {
          run(std::integral_constant<std::int64_t, 32>{});
        } else if (bytes == 256) {
          run(std::integral_constant<std::int64_t, 256>{});
        } else {
          run(bytes);
        }
      });
  if (apart) lower_fusion_apart(builder, node, whole);
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
    POISE_TRY(bool done, lower_phases(builder, node, a, *weight, bias, form));
    if (!done && form) {
      form.reset();
      POISE_TRY(done, lower_phases(builder, node, a, *weight, bias, form));
    }
    if (done) return true;  // oneDNN may want another layout, as for fewer channels than a block has
  }
  return lower_grouped(builder, node, a, *weight, bias);
}

}  // namespace poise::onednn
