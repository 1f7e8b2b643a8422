// Softmax and LogSoftmax along one axis (opset 13), in double.

#include <algorithm>
#include <cmath>

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_TRY([[maybe_unused]] const std::size_t axis, resolve_axis(node.integer("axis", -1), inputs[0].shape.size()));
  return infer_same_float(node, inputs);
}

// finish(x - largest, sum of exp(x - largest)).
template <typename F>
void along_axis(const Node& node, const Tensor& input, Tensor& output, F finish) {
  const Parts parts = split_at(input.shape(), resolve_axis(node.integer("axis", -1), input.rank()).value());
  const auto from = input.floats();
  const auto to = output.floats();
  for (std::int64_t line = 0; line < parts.outer * parts.inner; ++line) {
    const std::int64_t first = line / parts.inner * parts.extent * parts.inner + line % parts.inner;
    const std::int64_t end = first + parts.extent * parts.inner;
    double largest = from[first];
    for (std::int64_t i = first; i < end; i += parts.inner) largest = std::max<double>(largest, from[i]);
    double sum = 0;
    for (std::int64_t i = first; i < end; i += parts.inner) sum += std::exp(from[i] - largest);
    for (std::int64_t i = first; i < end; i += parts.inner) to[i] = static_cast<float>(finish(from[i] - largest, sum));
  }
}

void run_softmax(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  along_axis(node, *inputs[0], outputs[0], [](double x, double sum) { return std::exp(x) / sum; });
}

void run_log_softmax(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  along_axis(node, *inputs[0], outputs[0], [](double x, double sum) { return x - std::log(sum); });
}

constexpr AttributeRule kAttributes[] = {{"axis", AttributeKind::kInteger}};

}  // namespace

const Operator kSoftmax{"Softmax", 1, 1, kAttributes, infer, run_softmax};
const Operator kLogSoftmax{"LogSoftmax", 1, 1, kAttributes, infer, run_log_softmax};

}  // namespace poise
