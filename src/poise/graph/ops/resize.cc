#include "poise/graph/ops/resize.h"

#include <algorithm>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

const Tensor* input_or_null(std::span<const Tensor* const> inputs, std::size_t i) {
  return i < inputs.size() ? inputs[i] : nullptr;
}

// Inputs: the values, the region of interest (of tf_crop_and_resize alone, so never read), scales, sizes.
InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "input"));
  POISE_RETURN_IF_ERROR(expect_elements(inputs[0], "input"));
  const Tensor* scales = nullptr;
  const Tensor* sizes = nullptr;
  if (has_input(node, 2)) {
    POISE_RETURN_IF_ERROR(expect_float(inputs[2], "input scales"));
    POISE_RETURN_IF_ERROR(expect_known(inputs[2], "scales"));
    scales = inputs[2].constant.get();
  }
  if (has_input(node, 3)) {
    POISE_RETURN_IF_ERROR(expect_type(inputs[3], "input sizes", {DType::kInt64}));
    POISE_RETURN_IF_ERROR(expect_known(inputs[3], "sizes"));
    sizes = inputs[3].constant.get();
  }
  POISE_TRY(ResizeAttributes a, resize_attributes(node, inputs[0].shape, scales, sizes));
  return one_output(DType::kFloat32, std::move(a.output));
}

// `from` (of shape `shape`) resized along one axis.
std::vector<double> along_axis(const ResizeAttributes& a, std::size_t axis, const std::vector<double>& from,
                               const Shape& shape) {
  const Parts parts = split_at(shape, axis);
  const std::vector<Tap> taps = resize_taps(a, axis, parts.extent);
  const std::size_t count = tap_count(a, axis, parts.extent);
  std::vector<double> to(static_cast<std::size_t>(parts.outer * a.output[axis] * parts.inner), 0.0);
  double* row = to.data();
  for (std::int64_t outer = 0; outer < parts.outer; ++outer) {
    for (std::size_t tap = 0; tap < taps.size(); ++tap) {
      const double* source = from.data() + (outer * parts.extent + taps[tap].from) * parts.inner;
      for (std::int64_t i = 0; i < parts.inner; ++i) {
        if (taps[tap].weight != 0) row[i] += taps[tap].weight * source[i];
      }
      if ((tap + 1) % count == 0) row += parts.inner;
    }
  }
  return to;
}

void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  Shape shape = inputs[0]->shape();
  const auto resolved = resize_attributes(node, shape, input_or_null(inputs, 2), input_or_null(inputs, 3));
  const ResizeAttributes& a = resolved.value();
  std::vector<std::size_t> axes;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (a.scales[axis] != 1.0F) axes.push_back(axis);
  }
  // What shrinks goes first: nothing between is larger than the input or the output.
  std::stable_partition(axes.begin(), axes.end(), [&](std::size_t axis) { return a.output[axis] <= shape[axis]; });
  std::vector<double> values(inputs[0]->floats().begin(), inputs[0]->floats().end());
  for (const std::size_t axis : axes) {
    values = along_axis(a, axis, values, shape);
    shape[axis] = a.output[axis];
  }
  std::transform(values.begin(), values.end(), outputs[0].floats().begin(),
                 [](double value) { return static_cast<float>(value); });
}

constexpr AttributeRule kAttributes[] = {
    {"antialias", AttributeKind::kInteger},
    {"axes", AttributeKind::kIntegers},
    {"coordinate_transformation_mode", AttributeKind::kText},
    {"cubic_coeff_a", AttributeKind::kReal},
    {"exclude_outside", AttributeKind::kInteger},
    {"extrapolation_value", AttributeKind::kReal},  // of tf_crop_and_resize alone
    {"keep_aspect_ratio_policy", AttributeKind::kText},
    {"mode", AttributeKind::kText},
    {"nearest_mode", AttributeKind::kText},
};

}  // namespace

const Operator kResize{"Resize", 1, 4, kAttributes, infer, run};

}  // namespace poise
