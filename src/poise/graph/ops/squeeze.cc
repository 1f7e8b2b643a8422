// Squeeze and Unsqueeze (opset 13: axes are an input).

#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

InferResult infer_squeeze(const Node& node, std::span<const ValueInfo> inputs) {
  const Shape& shape = inputs[0].shape;
  std::vector<char> dropped(shape.size(), 0);
  if (has_input(node, 1)) {
    POISE_RETURN_IF_ERROR(expect_list(inputs[1], "axes"));
    POISE_TRY(dropped, mark_axes(list_of(*inputs[1].constant), shape.size()));
  } else {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) dropped[axis] = shape[axis] == 1 ? 1 : 0;
  }
  Shape left;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (dropped[axis] == 0) {
      left.push_back(shape[axis]);
    } else if (shape[axis] != 1) {
      return malformed("the input is " + to_string(shape) + ": axis " + std::to_string(axis) + " is not 1");
    }
  }
  return one_output(inputs[0].type, std::move(left));
}

InferResult infer_unsqueeze(const Node&, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_list(inputs[1], "axes"));
  const auto axes = list_of(*inputs[1].constant);
  POISE_TRY(const auto added, mark_axes(axes, inputs[0].shape.size() + axes.size()));
  Shape shape;
  auto next = inputs[0].shape.begin();
  for (const char is_new : added) shape.push_back(is_new != 0 ? 1 : *next++);
  return one_output(inputs[0].type, std::move(shape));
}

void run(const Node&, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  copy_elements(*inputs[0], outputs[0]);
}

}  // namespace

const Operator kSqueeze{"Squeeze", 1, 2, {}, infer_squeeze, run};
const Operator kUnsqueeze{"Unsqueeze", 2, 2, {}, infer_unsqueeze, run};

}  // namespace poise
