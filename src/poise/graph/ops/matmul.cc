#include <algorithm>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

struct Sizes {
  std::int64_t rows, inner, columns;
  Shape batch;  // of the output
  Shape a_batch, b_batch;
  Shape output;
};

// NumPy's matmul: a list is a row on the left and a column on the right, and its extent of 1 goes again; batches
// broadcast.
Result<Sizes> resolve(const Shape& a, const Shape& b) {
  const auto mismatch = [&a, &b] {
    return malformed("the inputs are " + to_string(a) + " and " + to_string(b) + ": they do not multiply");
  };
  if (a.empty() || b.empty()) return mismatch();
  Sizes sizes{};
  sizes.rows = a.size() == 1 ? 1 : a[a.size() - 2];
  sizes.inner = a.back();
  sizes.columns = b.size() == 1 ? 1 : b.back();
  if (sizes.inner != (b.size() == 1 ? b[0] : b[b.size() - 2]) || sizes.inner == 0) return mismatch();
  if (a.size() > 2) sizes.a_batch.assign(a.begin(), a.end() - 2);
  if (b.size() > 2) sizes.b_batch.assign(b.begin(), b.end() - 2);
  POISE_TRY(sizes.batch, broadcast(sizes.a_batch, sizes.b_batch));
  sizes.output = sizes.batch;
  if (a.size() > 1) sizes.output.push_back(sizes.rows);
  if (b.size() > 1) sizes.output.push_back(sizes.columns);
  return sizes;
}

InferResult infer(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[0], "first input"));
  POISE_RETURN_IF_ERROR(expect_float(inputs[1], "second input"));
  POISE_TRY(Sizes sizes, resolve(inputs[0].shape, inputs[1].shape));
  return one_output(DType::kFloat32, std::move(sizes.output));
}

void multiply(const Sizes& sizes, const float* a, const float* b, std::vector<double>& sums, float* output) {
  for (std::int64_t row = 0; row < sizes.rows; ++row) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::int64_t k = 0; k < sizes.inner; ++k) {
      const double x = a[row * sizes.inner + k];
      const float* line = b + k * sizes.columns;
      for (std::int64_t column = 0; column < sizes.columns; ++column) sums[column] += x * line[column];
    }
    output = std::transform(sums.begin(), sums.end(), output, [](double sum) { return static_cast<float>(sum); });
  }
}

void run(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  const Sizes sizes = resolve(inputs[0]->shape(), inputs[1]->shape()).value();
  Walk<2> walk(sizes.batch, {broadcast_steps(sizes.a_batch, sizes.batch), broadcast_steps(sizes.b_batch, sizes.batch)});
  std::vector<double> sums(static_cast<std::size_t>(sizes.columns));
  const std::int64_t area = sizes.rows * sizes.columns;
  float* output = outputs[0].floats().data();
  for (std::int64_t matrix = 0; matrix < outputs[0].count() / area; ++matrix) {
    multiply(sizes, inputs[0]->floats().data() + walk[0] * sizes.rows * sizes.inner,
             inputs[1]->floats().data() + walk[1] * sizes.inner * sizes.columns, sums, output + matrix * area);
    walk.next();
  }
}

}  // namespace

const Operator kMatMul{"MatMul", 2, 2, {}, infer, run};

}  // namespace poise
