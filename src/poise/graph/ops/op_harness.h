#pragma once
// Runs one operator on constants: what the operators' tests share. One thread.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "poise/graph/ops/operator.h"

namespace poise {

using Attributes = std::map<std::string, Attribute, std::less<>>;
using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;

inline Tensor floats(Shape shape, const Floats& values) { return Tensor::from(std::move(shape), values); }
inline Tensor integers(Shape shape, const Integers& values) { return Tensor::from(std::move(shape), values); }
inline Tensor list(const Integers& values) { return integers({static_cast<std::int64_t>(values.size())}, values); }

/// Elements of another type.
template <typename T>
Tensor elements(DType type, Shape shape, const std::vector<T>& values) {
  Tensor tensor(std::move(shape), type);
  POISE_CHECK(static_cast<std::size_t>(tensor.count()) == values.size());
  std::copy(values.begin(), values.end(), tensor.as<T>().begin());
  return tensor;
}
inline Tensor bytes(Shape shape, const std::vector<std::uint8_t>& values, DType type = DType::kUint8) {
  return elements(type, std::move(shape), values);
}

/// All inputs are constants, but for the first `computed`: those are the graph's inputs, unknown to shape inference. A
/// default Tensor stands for one that is left out.
inline Result<std::vector<Tensor>> evaluate(const std::string& op, std::span<const Tensor> inputs,
                                            const Attributes& attributes, std::size_t output_count = 1,
                                            std::size_t computed = 0) {
  Graph graph;
  Node node{.op = op, .name = "n", .inputs = {}, .outputs = {}, .attributes = attributes, .fusion = {}};
  std::vector<const Tensor*> arguments;
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) {
    const bool left_out = input.count() == 0 && input.rank() == 0;
    arguments.push_back(left_out ? nullptr : &input);
    if (left_out) {
      node.inputs.push_back(kNoValue);
    } else if (node.inputs.size() < computed) {
      node.inputs.push_back(graph.add_input("x", input.shape(), input.type()));
      shapes.push_back(input.shape());
    } else {
      node.inputs.push_back(graph.add_constant("c", std::make_shared<const Tensor>(input.clone())));
    }
  }
  for (std::size_t i = 0; i < output_count; ++i) node.outputs.push_back(graph.add_value("y"));
  graph.outputs = node.outputs;
  graph.nodes.push_back(node);
  POISE_RETURN_IF_ERROR(graph.validate());
  POISE_TRY(const auto infos, infer_shapes(graph, shapes));
  std::vector<Tensor> outputs;
  for (const ValueId id : node.outputs) outputs.emplace_back(infos[id].shape, infos[id].type);
  find_operator(op)->run(node, arguments, outputs);
  return outputs;
}

template <typename... Tensors>
Result<std::vector<Tensor>> run_outputs(std::size_t count, const std::string& op, const Attributes& attributes,
                                        Tensors&&... inputs) {
  std::vector<Tensor> all;
  (all.push_back(std::forward<Tensors>(inputs)), ...);
  return evaluate(op, all, attributes, count);
}

template <typename... Tensors>
Result<Tensor> run(const std::string& op, const Attributes& attributes, Tensors&&... inputs) {
  POISE_TRY(auto outputs, run_outputs(1, op, attributes, std::forward<Tensors>(inputs)...));
  return std::move(outputs[0]);
}

/// The same with the first `computed` inputs unknown to shape inference.
template <typename... Tensors>
Result<Tensor> run_computed(std::size_t computed, const std::string& op, const Attributes& attributes,
                            Tensors&&... inputs) {
  std::vector<Tensor> all;
  (all.push_back(std::forward<Tensors>(inputs)), ...);
  POISE_TRY(auto outputs, evaluate(op, all, attributes, 1, computed));
  return std::move(outputs[0]);
}

inline void expect_floats(const Tensor& actual, const Shape& shape, const Floats& values, float tolerance = 1e-6F) {
  EXPECT_EQ(actual.shape(), shape);
  ASSERT_EQ(static_cast<std::size_t>(actual.count()), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(actual.floats()[i], values[i], tolerance) << i;
}

inline void expect_floats(const Result<Tensor>& actual, const Shape& shape, const Floats& values,
                          float tolerance = 1e-6F) {
  ASSERT_TRUE(actual.ok()) << actual.error().message;
  expect_floats(*actual, shape, values, tolerance);
}

/// Type, shape and each element.
inline void expect_same(const Result<Tensor>& actual, const Tensor& wanted) {
  ASSERT_TRUE(actual.ok()) << actual.error().message;
  ASSERT_EQ(actual->type(), wanted.type());
  ASSERT_EQ(actual->shape(), wanted.shape());
  EXPECT_EQ(std::memcmp(actual->data(), wanted.data(), wanted.bytes()), 0);
}

inline void expect_integers(const Result<Tensor>& actual, const Shape& shape, const Integers& values) {
  ASSERT_TRUE(actual.ok()) << actual.error().message;
  EXPECT_EQ(actual->shape(), shape);
  EXPECT_EQ(Integers(actual->ints().begin(), actual->ints().end()), values);
}

}  // namespace poise
