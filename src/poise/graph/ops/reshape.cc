#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

Error count_mismatch(const Shape& from, const Shape& to) {
  return malformed("the input is " + to_string(from) + ", it cannot become " + to_string(to));
}

// 0 copies the input's extent (unless allowzero is set), one -1 takes what is left.
Result<Shape> resolve(const Shape& input, std::span<const std::int64_t> wanted, bool allow_zero) {
  Shape shape(wanted.begin(), wanted.end());
  std::size_t free_axis = shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < -1) return malformed("the shape has an extent of " + std::to_string(shape[i]));
    if (shape[i] == 0 && !allow_zero) {
      if (i >= input.size()) {
        return malformed("the shape copies extent " + std::to_string(i) + " of the input, which is " +
                         to_string(input));
      }
      shape[i] = input[i];
    } else if (shape[i] == -1) {
      if (free_axis != shape.size()) return malformed("the shape has more than one -1");
      free_axis = i;
    }
  }
  POISE_TRY(const std::int64_t count, element_count(input));
  if (free_axis != shape.size()) {
    Shape known = shape;
    known[free_axis] = 1;
    POISE_TRY(const std::int64_t rest, element_count(known));
    if (rest == 0 || count % rest != 0) return count_mismatch(input, shape);
    shape[free_axis] = count / rest;
  }
  POISE_TRY(const std::int64_t new_count, element_count(shape));
  if (new_count != count) return count_mismatch(input, shape);
  return shape;
}

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_list(inputs[1], "shape"));
  POISE_TRY(Shape shape, resolve(inputs[0].shape, list_of(*inputs[1].constant), node.integer("allowzero", 0) != 0));
  return one_output(inputs[0].type, std::move(shape));
}

void run(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  copy_elements(*inputs[0], outputs[0]);
}

constexpr AttributeRule kAttributes[] = {{"allowzero", AttributeKind::kInteger}};

}  // namespace

const Operator kReshape{"Reshape", 2, 2, kAttributes, infer, run};

}  // namespace poise
