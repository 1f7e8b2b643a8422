#include "poise/graph_torch/torch_operators.h"

#include <algorithm>
#include <array>
#include <limits>

#include "poise/graph/ops/conv.h"
#include "poise/graph/ops/resize.h"

namespace poise {
namespace {

using Call = TorchCall;

Shape shape_of(const at::Tensor& tensor) { return tensor.sizes().vec(); }
std::vector<std::int64_t> list(const std::array<std::int64_t, 2>& pair) { return {pair[0], pair[1]}; }

at::Tensor cast(const at::Tensor& tensor, bool bfloat16) {
  return bfloat16 && tensor.defined() ? tensor.to(at::kBFloat16) : tensor;
}
at::Tensor bias_of(const Call& call) { return call.inputs.size() > 2 ? call.inputs[2] : at::Tensor(); }

/// LibTorch pads both ends alike: what is uneven is laid around the input first.
at::Tensor pad_unevenly(const at::Tensor& input, ConvAttributes& a, double value) {
  if (a.pads_begin == a.pads_end) return input;
  const at::Tensor padded =
      at::constant_pad_nd(input, {a.pads_begin[1], a.pads_end[1], a.pads_begin[0], a.pads_end[0]}, value);
  a.pads_begin = a.pads_end = {0, 0};
  return padded;
}

at::Tensor conv(const Call& call) {
  ConvAttributes a = conv_attributes(call.node, shape_of(call.inputs[0]), shape_of(call.inputs[1])).value();
  const at::Tensor input = pad_unevenly(cast(call.inputs[0], call.bfloat16), a, 0);
  return at::convolution(input, cast(call.inputs[1], call.bfloat16), cast(bias_of(call), call.bfloat16),
                         list(a.strides), list(a.pads_begin), list(a.dilations), false, {0, 0}, a.group);
}

at::Tensor conv_transpose(const Call& call) {
  const at::Tensor input = cast(call.inputs[0], call.bfloat16);
  const at::Tensor weight = cast(call.inputs[1], call.bfloat16);
  const at::Tensor bias = cast(bias_of(call), call.bfloat16);
  const ConvAttributes a = conv_transpose_attributes(call.node, shape_of(input), shape_of(weight)).value();
  using Pair = std::array<std::int64_t, 2>;
  const bool doubles = a.kernel == Pair{4, 4} && a.strides == Pair{2, 2} && a.pads_begin == Pair{1, 1} &&
                       a.pads_end == Pair{1, 1} && a.dilations == Pair{1, 1} && a.output_padding == Pair{0, 0} &&
                       a.group == 1;
  if (doubles && input.device().is_cpu()) return deconvolve_in_phases(input, weight, bias);
  // Uneven padding is a narrower window on the unpadded result.
  std::vector<std::int64_t> pads = list(a.pads_begin);
  std::vector<std::int64_t> extra = list(a.output_padding);
  if (a.pads_begin != a.pads_end) pads = extra = {0, 0};
  const at::Tensor full =
      at::convolution(input, weight, bias, list(a.strides), pads, list(a.dilations), true, extra, a.group);
  if (a.pads_begin == a.pads_end) return full;
  std::vector<std::int64_t> crop;
  for (const std::size_t axis : {std::size_t{1}, std::size_t{0}}) {
    const std::int64_t spare = full.size(static_cast<std::int64_t>(axis) + 2) - a.pads_begin[axis] - a.output[axis + 2];
    crop.insert(crop.end(), {-a.pads_begin[axis], -spare});
  }
  return at::constant_pad_nd(full, crop, 0);
}

at::Tensor batch_norm(const Call& call) {
  // ONNX: how much of the running value is kept; PyTorch: how much of the batch's is taken.
  const double momentum = 1.0 - static_cast<double>(call.node.real("momentum", 0.9F));
  return at::batch_norm(call.inputs[0], call.inputs[1], call.inputs[2], call.inputs[3], call.inputs[4], call.training,
                        momentum, static_cast<double>(call.node.real("epsilon", 1e-5F)), true);
}

at::Tensor max_pool(const Call& call) {
  ConvAttributes a = pool_attributes(call.node, shape_of(call.inputs[0])).value();
  const at::Tensor input = pad_unevenly(call.inputs[0], a, -std::numeric_limits<double>::infinity());
  return at::max_pool2d(input, list(a.kernel), list(a.strides), list(a.pads_begin), list(a.dilations),
                        call.node.integer("ceil_mode", 0) != 0);
}

at::Tensor average_pool(const Call& call) {
  ConvAttributes a = pool_attributes(call.node, shape_of(call.inputs[0])).value();
  const bool with_pads = call.node.integer("count_include_pad", 0) != 0;
  POISE_CHECK(with_pads || a.pads_begin == a.pads_end);  // create() has refused the rest
  const at::Tensor input = pad_unevenly(call.inputs[0], a, 0);
  return at::avg_pool2d(input, list(a.kernel), list(a.strides), list(a.pads_begin),
                        call.node.integer("ceil_mode", 0) != 0, with_pads);
}

at::Tensor global_average_pool(const Call& call) { return call.inputs[0].mean({2, 3}, true); }

at::Tensor clip(const Call& call) {
  const auto bound = [&call](std::size_t i, const char* name, float fallback) {
    const Tensor* given = i < call.node.inputs.size() ? call.graph.constant(call.node.inputs[i]) : nullptr;
    return given != nullptr ? given->floats()[0] : call.node.real(name, fallback);
  };
  const float low = bound(1, "min", std::numeric_limits<float>::lowest());
  const float high = bound(2, "max", std::numeric_limits<float>::max());
  return at::clamp(call.inputs[0], at::Scalar(low), at::Scalar(high));
}

at::Tensor relu(const Call& call) { return at::relu(call.inputs[0]); }
at::Tensor sigmoid(const Call& call) { return at::sigmoid(call.inputs[0].to(at::kFloat)); }
at::Tensor tanh(const Call& call) { return at::tanh(call.inputs[0]); }
at::Tensor identity(const Call& call) { return call.inputs[0]; }
at::Tensor hard_swish(const Call& call) { return at::hardswish(call.inputs[0]); }
at::Tensor leaky_relu(const Call& call) { return at::leaky_relu(call.inputs[0], call.node.real("alpha", 0.01F)); }
at::Tensor hard_sigmoid(const Call& call) {
  return at::clamp(call.inputs[0] * call.node.real("alpha", 0.2F) + call.node.real("beta", 0.5F), 0, 1);
}
at::Tensor prelu(const Call& call) {
  return at::where(call.inputs[0] < 0, call.inputs[0] * call.inputs[1], call.inputs[0]);
}
at::Tensor softmax(const Call& call) { return at::softmax(call.inputs[0], call.node.integer("axis", -1)); }

at::Tensor add(const Call& call) { return call.inputs[0] + call.inputs[1]; }
at::Tensor sub(const Call& call) { return call.inputs[0] - call.inputs[1]; }
at::Tensor mul(const Call& call) { return call.inputs[0] * call.inputs[1]; }
at::Tensor div(const Call& call) { return call.inputs[0] / call.inputs[1]; }

at::Tensor slice(const Call& call) {  // create() has refused what is not constant
  const auto numbers = [&call](std::size_t i) { return call.graph.constant(call.node.inputs[i])->ints(); };
  const auto begins = numbers(1), ends = numbers(2), axes = numbers(3);
  at::Tensor x = call.inputs[0];
  for (std::size_t i = 0; i < axes.size(); ++i) x = x.slice(axes[i], begins[i], ends[i], 1);
  return x;
}

at::Tensor concat(const Call& call) { return at::cat(call.inputs, call.node.integer("axis", 0)); }

at::Tensor gemm(const Call& call) {
  const at::Tensor a = call.node.integer("transA", 0) != 0 ? call.inputs[0].t() : call.inputs[0];
  const at::Tensor b = call.node.integer("transB", 0) != 0 ? call.inputs[1].t() : call.inputs[1];
  const at::Tensor product = at::matmul(a, b) * call.node.real("alpha", 1.0F);
  const at::Tensor bias = bias_of(call);
  return bias.defined() ? product + bias * call.node.real("beta", 1.0F) : product;
}

at::Tensor flatten(const Call& call) {
  const at::Tensor& input = call.inputs[0];
  const std::int64_t axis = at::maybe_wrap_dim(call.node.integer("axis", 1), input.dim() + 1);
  std::int64_t rows = 1;
  for (std::int64_t i = 0; i < axis; ++i) rows *= input.size(i);
  return input.reshape({rows, -1});
}

/// Each output along `axis` is the weighted sum of its taps: what our reference computes, in every mode.
at::Tensor resize_axis(const at::Tensor& input, const ResizeAttributes& a, std::size_t axis) {
  const auto dim = static_cast<std::int64_t>(axis);
  const std::vector<Tap> taps = resize_taps(a, axis, input.size(dim));
  const std::size_t count = tap_count(a, axis, input.size(dim));
  at::Tensor sum;
  for (std::size_t k = 0; k < count; ++k) {
    std::vector<std::int64_t> from;
    std::vector<float> weights;
    for (std::size_t i = k; i < taps.size(); i += count) {
      from.push_back(taps[i].from);
      weights.push_back(static_cast<float>(taps[i].weight));
    }
    at::Tensor term = input.index_select(dim, at::tensor(from, at::kLong).to(input.device()));
    if (count > 1) {
      std::vector<std::int64_t> extents(static_cast<std::size_t>(input.dim()), 1);
      extents[axis] = static_cast<std::int64_t>(weights.size());
      term = term * at::tensor(weights, at::kFloat).to(input.device(), input.scalar_type()).view(extents);
    }
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

bool repeats_pixels(const ResizeAttributes& a, std::size_t axis, std::int64_t extent) {
  const std::int64_t factor = a.output[axis] / extent;
  if (a.mode != ResizeAttributes::Mode::kNearest || factor * extent != a.output[axis]) return false;
  const std::vector<Tap> taps = resize_taps(a, axis, extent);
  for (std::size_t i = 0; i < taps.size(); ++i) {
    if (taps[i].from != static_cast<std::int64_t>(i) / factor) return false;
  }
  return true;
}

at::Tensor resize(const Call& call) {
  const auto constant = [&call](std::size_t i) -> const Tensor* {
    const Tensor* tensor = i < call.node.inputs.size() ? call.graph.constant(call.node.inputs[i]) : nullptr;
    return tensor != nullptr && tensor->count() > 0 ? tensor : nullptr;
  };
  at::Tensor x = call.inputs[0];
  const ResizeAttributes a = resize_attributes(call.node, shape_of(x), constant(2), constant(3)).value();
  if (x.dim() == 4 && a.output[0] == x.size(0) && a.output[1] == x.size(1) && repeats_pixels(a, 2, x.size(2)) &&
      repeats_pixels(a, 3, x.size(3))) {
    return at::upsample_nearest2d(x, {a.output[2], a.output[3]});
  }
  for (std::size_t axis = 0; axis < a.output.size(); ++axis) {
    if (a.scales[axis] != 1.0F || a.output[axis] != x.size(static_cast<std::int64_t>(axis)))
      x = resize_axis(x, a, axis);
  }
  return x;
}

const std::vector<TorchOperator>& table() {
  static const std::vector<TorchOperator> kTable{
      {"Conv", conv, {1, 2}},
      {"ConvTranspose", conv_transpose, {1, 2}},
      {"BatchNormalization", batch_norm, {1, 2}},
      {"Relu", relu, {}},
      {"LeakyRelu", leaky_relu, {}},
      {"PRelu", prelu, {1}},
      {"Clip", clip, {}},
      {"Sigmoid", sigmoid, {}},
      {"Tanh", tanh, {}},
      {"HardSigmoid", hard_sigmoid, {}},
      {"HardSwish", hard_swish, {}},
      {"Softmax", softmax, {}},
      {"MaxPool", max_pool, {}},
      {"AveragePool", average_pool, {}},
      {"GlobalAveragePool", global_average_pool, {}},
      {"Add", add, {}},
      {"Sub", sub, {}},
      {"Mul", mul, {}},
      {"Div", div, {}},
      {"Concat", concat, {}},
      {"Slice", slice, {}},
      {"Resize", resize, {}},
      {"Gemm", gemm, {1, 2}},
      {"Flatten", flatten, {}},
      {"Identity", identity, {}},
  };
  return kTable;
}

}  // namespace

const TorchOperator* find_torch_operator(std::string_view name) {
  const auto found = std::find_if(table().begin(), table().end(), [name](const auto& op) { return op.name == name; });
  return found == table().end() ? nullptr : &*found;
}

// Output row 2y + p reads input rows y - 1 + p and y + p, by kernel rows 3 - p and 1 - p. So all that is read are the
// 2x2 windows of the input with a border of one. The results of window row y go to output rows 2y - 1 (p = 1) and 2y (p
// = 0): four phases shuffled to pixels, in reverse, without the outermost.
at::Tensor deconvolve_in_phases(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  const std::int64_t in = weight.size(0), out = weight.size(1);
  const at::Tensor repeated = bias.defined() ? bias.repeat_interleave(4) : bias;
  // (out, row of the phase, column, in, tap, tap); the kernel is (tap, phase) by (tap, phase), taps from the far side.
  const at::Tensor kernel = weight.view({in, out, 2, 2, 2, 2}).flip({2, 4}).permute({1, 3, 5, 0, 2, 4}).contiguous();
  const auto convolve = [&](const at::Tensor& phases, std::int64_t extent) {
    return at::pixel_shuffle(at::convolution(input, phases.reshape({4 * out, in, extent, extent}), repeated, {1, 1},
                                             {1, 1}, {1, 1}, false, {0, 0}, 1),
                             2);
  };
  if (input.scalar_type() != at::kBFloat16) {
    return convolve(kernel, 2).narrow(2, 1, 2 * input.size(2)).narrow(3, 1, 2 * input.size(3));
  }
  // In bfloat16 the products are cheap and the odd sizes dear: 3x3 windows, each phase with zeros where it does not
  // look.
  std::vector<at::Tensor> phases;
  for (std::int64_t p = 0; p < 2; ++p) {
    for (std::int64_t q = 0; q < 2; ++q) {
      phases.push_back(at::constant_pad_nd(kernel.select(1, 1 - p).select(1, 1 - q), {q, 1 - q, p, 1 - p}));
    }
  }
  return convolve(at::stack(phases, 1), 3);
}

}  // namespace poise
