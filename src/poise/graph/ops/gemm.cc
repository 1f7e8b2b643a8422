#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

struct Sizes {
  std::int64_t rows, columns, inner;
};

Result<Sizes> resolve(const Node& node, const Shape& a, const Shape& b) {
  const bool a_turned = node.integer("transA", 0) != 0;
  const bool b_turned = node.integer("transB", 0) != 0;
  if (a.size() != 2 || b.size() != 2 || a[a_turned ? 0 : 1] != b[b_turned ? 1 : 0]) {
    return malformed("the inputs are " + to_string(a) + (a_turned ? " transposed" : "") + " and " + to_string(b) +
                     (b_turned ? " transposed" : "") + ": they do not multiply");
  }
  return Sizes{.rows = a[a_turned ? 1 : 0], .columns = b[b_turned ? 0 : 1], .inner = a[a_turned ? 0 : 1]};
}

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "first input"));
  POISE_RETURN_IF_ERROR(expect_float(inputs[1], "second input"));
  POISE_TRY(const Sizes sizes, resolve(node, inputs[0].shape, inputs[1].shape));
  if (has_input(node, 2)) {
    POISE_RETURN_IF_ERROR(expect_float(inputs[2], "bias"));
    const Shape& bias = inputs[2].shape;
    const std::int64_t columns = bias.empty() ? 1 : bias.back();
    const std::int64_t rows = bias.size() < 2 ? 1 : bias[0];
    if (bias.size() > 2 || (columns != 1 && columns != sizes.columns) || (rows != 1 && rows != sizes.rows)) {
      return malformed("the bias is " + to_string(bias) + ", it does not broadcast to " +
                       to_string({sizes.rows, sizes.columns}));
    }
  }
  return one_output(DType::kFloat32, {sizes.rows, sizes.columns});
}

float bias_at(const Tensor& bias, std::int64_t row, std::int64_t column) {
  const std::int64_t columns = bias.rank() == 0 ? 1 : bias.shape().back();
  const std::int64_t rows = bias.rank() < 2 ? 1 : bias.dim(0);
  return bias.floats()[(rows == 1 ? 0 : row) * columns + (columns == 1 ? 0 : column)];
}

void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const Sizes sizes = resolve(node, inputs[0]->shape(), inputs[1]->shape()).value();
  const bool a_turned = node.integer("transA", 0) != 0;
  const bool b_turned = node.integer("transB", 0) != 0;
  const float alpha = node.real("alpha", 1.0F);
  const float beta = node.real("beta", 1.0F);
  const auto a = inputs[0]->floats();
  const auto b = inputs[1]->floats();
  for (std::int64_t row = 0; row < sizes.rows; ++row) {
    for (std::int64_t column = 0; column < sizes.columns; ++column) {
      double sum = 0;
      for (std::int64_t k = 0; k < sizes.inner; ++k) {
        const double x = a[a_turned ? k * sizes.rows + row : row * sizes.inner + k];
        const double y = b[b_turned ? column * sizes.inner + k : k * sizes.columns + column];
        sum += x * y;
      }
      sum *= alpha;
      if (has_input(node, 2)) sum += static_cast<double>(beta) * bias_at(*inputs[2], row, column);
      outputs[0].floats()[row * sizes.columns + column] = static_cast<float>(sum);
    }
  }
}

constexpr AttributeRule kAttributes[] = {
    {"alpha", AttributeKind::kReal},
    {"beta", AttributeKind::kReal},
    {"transA", AttributeKind::kInteger},
    {"transB", AttributeKind::kInteger},
};

}  // namespace

const Operator kGemm{"Gemm", 2, 3, kAttributes, infer, run};

}  // namespace poise
