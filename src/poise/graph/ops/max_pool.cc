#include <algorithm>
#include <limits>

#include "poise/graph/ops/conv.h"
#include "poise/graph/ops/conv_kernel.h"
#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  POISE_TRY(const ConvAttributes a, pool_attributes(node, inputs[0].shape));
  return one_output(DType::kFloat32, a.output);
}

void pool_plane(const ConvAttributes& a, const float* input, std::int64_t height, std::int64_t width, float* output) {
  std::fill_n(output, a.output[2] * a.output[3], std::numeric_limits<float>::lowest());
  for (std::int64_t ky = 0; ky < a.kernel[0]; ++ky) {
    const std::int64_t dy = ky * a.dilations[0] - a.pads_begin[0];
    const Interval rows = covered(a.output[2], height, a.strides[0], dy);
    for (std::int64_t kx = 0; kx < a.kernel[1]; ++kx) {
      const std::int64_t dx = kx * a.dilations[1] - a.pads_begin[1];
      const Interval columns = covered(a.output[3], width, a.strides[1], dx);
      for (std::int64_t y = rows.begin; y < rows.end; ++y) {
        const float* from = input + (y * a.strides[0] + dy) * width;
        float* to = output + y * a.output[3];
        for (std::int64_t x = columns.begin; x < columns.end; ++x) {
          to[x] = std::max(to[x], from[x * a.strides[1] + dx]);
        }
      }
    }
  }
}

void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const ConvAttributes a = pool_attributes(node, input.shape()).value();
  const std::int64_t in_area = input.dim(2) * input.dim(3);
  const std::int64_t area = a.output[2] * a.output[3];
  for (std::int64_t plane = 0; plane < a.output[0] * a.output[1]; ++plane) {
    pool_plane(a, input.floats().data() + plane * in_area, input.dim(2), input.dim(3),
               outputs[0].floats().data() + plane * area);
  }
}

constexpr AttributeRule kAttributes[] = {
    {"auto_pad", AttributeKind::kText},      {"ceil_mode", AttributeKind::kInteger},
    {"dilations", AttributeKind::kIntegers}, {"kernel_shape", AttributeKind::kIntegers},
    {"pads", AttributeKind::kIntegers},      {"storage_order", AttributeKind::kInteger},  // of the indices alone
    {"strides", AttributeKind::kIntegers},
};

}  // namespace

const Operator kMaxPool{"MaxPool", 1, 1, kAttributes, infer, run};

}  // namespace poise
