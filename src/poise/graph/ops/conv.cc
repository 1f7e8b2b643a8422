#include "poise/graph/ops/conv.h"

#include <algorithm>

#include "poise/graph/ops/conv_kernel.h"
#include "poise/graph/ops/rules.h"

namespace poise {

Status expect_conv_inputs(const Node& node, std::span<const ValueInfo> inputs, const Shape& output) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  POISE_RETURN_IF_ERROR(expect_float(inputs[1], "weight"));
  if (!has_input(node, 2)) return {};
  POISE_RETURN_IF_ERROR(expect_float(inputs[2], "bias"));
  return expect_shape(inputs[2], "bias", {output[1]});
}

float channel_bias(std::span<const Tensor* const> inputs, std::int64_t channel) {
  const Tensor* bias = inputs.size() > 2 ? inputs[2] : nullptr;
  return bias == nullptr ? 0.0F : bias->floats()[channel];
}

Interval covered(std::int64_t inner, std::int64_t outer, std::int64_t stride, std::int64_t offset) {
  const std::int64_t begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const std::int64_t last = outer - 1 - offset;  // the largest stride * i that still lands inside
  const std::int64_t end = last < 0 ? 0 : std::min(inner, last / stride + 1);
  return {begin, std::max(begin, end)};
}

namespace {

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_TRY(const ConvAttributes a, conv_attributes(node, inputs[0].shape, inputs[1].shape));
  POISE_RETURN_IF_ERROR(expect_conv_inputs(node, inputs, a.output));
  return one_output(DType::kFloat32, a.output);
}

// sum[y][x] += w * input[y * stride + offset][x * stride + offset], where that lies on the input.
void gather(const ConvAttributes& a, const float* input, std::int64_t height, std::int64_t width, const float* weight,
            double* sum) {
  for (std::int64_t ky = 0; ky < a.kernel[0]; ++ky) {
    const std::int64_t dy = ky * a.dilations[0] - a.pads_begin[0];
    const Interval rows = covered(a.output[2], height, a.strides[0], dy);
    for (std::int64_t kx = 0; kx < a.kernel[1]; ++kx) {
      const std::int64_t dx = kx * a.dilations[1] - a.pads_begin[1];
      const Interval columns = covered(a.output[3], width, a.strides[1], dx);
      const double w = weight[ky * a.kernel[1] + kx];
      for (std::int64_t y = rows.begin; y < rows.end; ++y) {
        const float* from = input + (y * a.strides[0] + dy) * width;
        double* to = sum + y * a.output[3];
        for (std::int64_t x = columns.begin; x < columns.end; ++x) to[x] += w * from[x * a.strides[1] + dx];
      }
    }
  }
}

void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const Tensor& weight = *inputs[1];
  const ConvAttributes a = conv_attributes(node, input.shape(), weight.shape()).value();
  const std::int64_t channels = a.output[1];
  const std::int64_t area = a.output[2] * a.output[3];
  const std::int64_t in_area = input.dim(2) * input.dim(3);
  const std::int64_t taps = a.kernel[0] * a.kernel[1];
  const std::int64_t group_inputs = weight.dim(1);
  const std::int64_t group_outputs = channels / a.group;
  std::vector<double> sum(static_cast<std::size_t>(area));  // of one plane
  for (std::int64_t plane = 0; plane < a.output[0] * channels; ++plane) {
    const std::int64_t image = plane / channels;
    const std::int64_t channel = plane % channels;
    const std::int64_t first_input = image * input.dim(1) + channel / group_outputs * group_inputs;
    std::fill(sum.begin(), sum.end(), channel_bias(inputs, channel));
    for (std::int64_t i = 0; i < group_inputs; ++i) {
      const float* from = input.floats().data() + (first_input + i) * in_area;
      const float* taps_of_i = weight.floats().data() + (channel * group_inputs + i) * taps;
      gather(a, from, input.dim(2), input.dim(3), taps_of_i, sum.data());
    }
    float* to = outputs[0].floats().data() + plane * area;
    std::transform(sum.begin(), sum.end(), to, [](double v) { return static_cast<float>(v); });
  }
}

constexpr AttributeRule kAttributes[] = {
    {"auto_pad", AttributeKind::kText}, {"dilations", AttributeKind::kIntegers},
    {"group", AttributeKind::kInteger}, {"kernel_shape", AttributeKind::kIntegers},
    {"pads", AttributeKind::kIntegers}, {"strides", AttributeKind::kIntegers},
};

}  // namespace

const Operator kConv{"Conv", 2, 3, kAttributes, infer, run};

}  // namespace poise
