#include <algorithm>

#include "poise/graph/ops/conv.h"
#include "poise/graph/ops/conv_kernel.h"
#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_TRY(const ConvAttributes a, conv_transpose_attributes(node, inputs[0].shape, inputs[1].shape));
  POISE_RETURN_IF_ERROR(expect_conv_inputs(node, inputs, a.output));
  return one_output(DType::kFloat32, a.output);
}

// sum[y * stride + offset][x * stride + offset] += w * input[y][x], where that lies on the output.
void scatter(const ConvAttributes& a, const float* input, std::int64_t height, std::int64_t width, const float* weight,
             double* sum) {
  for (std::int64_t ky = 0; ky < a.kernel[0]; ++ky) {
    const std::int64_t dy = ky * a.dilations[0] - a.pads_begin[0];
    const Interval rows = covered(height, a.output[2], a.strides[0], dy);
    for (std::int64_t kx = 0; kx < a.kernel[1]; ++kx) {
      const std::int64_t dx = kx * a.dilations[1] - a.pads_begin[1];
      const Interval columns = covered(width, a.output[3], a.strides[1], dx);
      const double w = weight[ky * a.kernel[1] + kx];
      for (std::int64_t y = rows.begin; y < rows.end; ++y) {
        const float* from = input + y * width;
        double* to = sum + (y * a.strides[0] + dy) * a.output[3];
        for (std::int64_t x = columns.begin; x < columns.end; ++x) to[x * a.strides[1] + dx] += w * from[x];
      }
    }
  }
}

void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const Tensor& weight = *inputs[1];
  const ConvAttributes a = conv_transpose_attributes(node, input.shape(), weight.shape()).value();
  const std::int64_t channels = a.output[1];
  const std::int64_t area = a.output[2] * a.output[3];
  const std::int64_t in_area = input.dim(2) * input.dim(3);
  const std::int64_t taps = a.kernel[0] * a.kernel[1];
  const std::int64_t group_outputs = weight.dim(1);
  const std::int64_t group_inputs = input.dim(1) / a.group;
  std::vector<double> sum(static_cast<std::size_t>(area));  // of one plane
  for (std::int64_t plane = 0; plane < a.output[0] * channels; ++plane) {
    const std::int64_t image = plane / channels;
    const std::int64_t channel = plane % channels;
    std::fill(sum.begin(), sum.end(), channel_bias(inputs, channel));
    for (std::int64_t i = 0; i < group_inputs; ++i) {
      const std::int64_t in_channel = channel / group_outputs * group_inputs + i;
      const float* from = input.floats().data() + (image * input.dim(1) + in_channel) * in_area;
      const float* taps_of_i = weight.floats().data() + (in_channel * group_outputs + channel % group_outputs) * taps;
      scatter(a, from, input.dim(2), input.dim(3), taps_of_i, sum.data());
    }
    float* to = outputs[0].floats().data() + plane * area;
    std::transform(sum.begin(), sum.end(), to, [](double v) { return static_cast<float>(v); });
  }
}

constexpr AttributeRule kAttributes[] = {
    {"auto_pad", AttributeKind::kText},           {"dilations", AttributeKind::kIntegers},
    {"group", AttributeKind::kInteger},           {"kernel_shape", AttributeKind::kIntegers},
    {"output_padding", AttributeKind::kIntegers}, {"output_shape", AttributeKind::kIntegers},
    {"pads", AttributeKind::kIntegers},           {"strides", AttributeKind::kIntegers},
};

}  // namespace

const Operator kConvTranspose{"ConvTranspose", 2, 3, kAttributes, infer, run};

}  // namespace poise
