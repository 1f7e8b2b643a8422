// MaxPool and AveragePool over two dimensions.

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

// One output's window along one axis: taps i of [taps.begin, taps.end) read the input at start + i * dilation.
struct Window {
  Interval taps;
  std::int64_t start = 0;
};

Window window_at(const ConvAttributes& a, std::size_t axis, std::int64_t output, std::int64_t input) {
  const std::int64_t start = output * a.strides[axis] - a.pads_begin[axis];
  return {covered(a.kernel[axis], input, a.dilations[axis], start), start};
}

// Each output is finish(the taps that lie on the input folded by `fold` from `first`, the row and column windows).
template <typename Fold, typename Finish>
void pool(const ConvAttributes& a, const Tensor& input, Tensor& output, double first, Fold fold, Finish finish) {
  const std::int64_t height = input.dim(2);
  const std::int64_t width = input.dim(3);
  const float* plane = input.floats().data();
  float* to = output.floats().data();
  for (std::int64_t n = 0; n < a.output[0] * a.output[1]; ++n, plane += height * width) {
    for (std::int64_t y = 0; y < a.output[2]; ++y) {
      const Window rows = window_at(a, 0, y, height);
      for (std::int64_t x = 0; x < a.output[3]; ++x) {
        const Window columns = window_at(a, 1, x, width);
        double value = first;
        for (std::int64_t i = rows.taps.begin; i < rows.taps.end; ++i) {
          const float* row = plane + (rows.start + i * a.dilations[0]) * width + columns.start;
          for (std::int64_t j = columns.taps.begin; j < columns.taps.end; ++j) {
            value = fold(value, row[j * a.dilations[1]]);
          }
        }
        *to++ = static_cast<float>(finish(value, rows, columns));
      }
    }
  }
}

void run_max(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const ConvAttributes a = pool_attributes(node, inputs[0]->shape()).value();
  pool(
      a, *inputs[0], outputs[0], std::numeric_limits<float>::lowest(),
      [](double largest, double x) { return std::max(largest, x); },
      [](double largest, const Window&, const Window&) { return largest; });
}

void run_average(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const Tensor& input = *inputs[0];
  const ConvAttributes a = pool_attributes(node, input.shape()).value();
  const bool with_pads = node.integer("count_include_pad", 0) != 0;
  // What ceil_mode adds beyond the pads is never counted (PyTorch, aten/src/ATen/native/AvgPool2d.cpp).
  const auto counted = [&a, &input, with_pads](const Window& window, std::size_t axis) {
    if (!with_pads) return window.taps.end - window.taps.begin;
    return covered(a.kernel[axis], input.dim(axis + 2) + a.pads_end[axis] + a.pads_begin[axis], a.dilations[axis],
                   window.start + a.pads_begin[axis])
        .end;
  };
  pool(
      a, input, outputs[0], 0.0, [](double sum, double x) { return sum + x; },
      [&counted](double sum, const Window& rows, const Window& columns) {
        return sum / (static_cast<double>(counted(rows, 0)) * static_cast<double>(counted(columns, 1)));
      });
}

constexpr AttributeRule kMaxAttributes[] = {
    {"auto_pad", AttributeKind::kText},      {"ceil_mode", AttributeKind::kInteger},
    {"dilations", AttributeKind::kIntegers}, {"kernel_shape", AttributeKind::kIntegers},
    {"pads", AttributeKind::kIntegers},      {"storage_order", AttributeKind::kInteger},  // of the indices alone
    {"strides", AttributeKind::kIntegers},
};
constexpr AttributeRule kAverageAttributes[] = {
    {"auto_pad", AttributeKind::kText},
    {"ceil_mode", AttributeKind::kInteger},
    {"count_include_pad", AttributeKind::kInteger},
    {"dilations", AttributeKind::kIntegers},
    {"kernel_shape", AttributeKind::kIntegers},
    {"pads", AttributeKind::kIntegers},
    {"strides", AttributeKind::kIntegers},
};

}  // namespace

const Operator kMaxPool{"MaxPool", 1, 1, kMaxAttributes, infer, run_max};
const Operator kAveragePool{"AveragePool", 1, 1, kAverageAttributes, infer, run_average};

}  // namespace poise
