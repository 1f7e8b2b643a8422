// What a hostile file can say of any operator ends in an error or in values, within bounds and in time.

#include <gtest/gtest.h>

#include <limits>

#include "poise/base/random.h"
#include "poise/graph/ops/op_harness.h"
#include "poise/graph/ops/rules.h"

namespace poise {
namespace {

class Hostile {
 public:
  explicit Hostile(std::uint64_t seed) : random_(seed) {}

  std::int64_t below(std::int64_t count) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(count)));
  }
  std::int64_t integer() {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t kFar[] = {
        kMost, -kMost, -kMost - 1, kMost / 2, std::int64_t{1} << 31U, std::int64_t{1} << 30U, -(std::int64_t{1} << 31U),
        100};
    return below(12) == 0 ? kFar[below(std::size(kFar))] : below(7) - 2;
  }
  float real() {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    constexpr float kFar[] = {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(), 1e30F, -1e30F, 1e-30F};
    return below(12) == 0 ? kFar[below(std::size(kFar))] : static_cast<float>(below(9) - 2) / 2;
  }
  std::string text(std::string_view attribute) {
    constexpr const char* kTexts[] = {"",        "nearest",       "linear", "cubic",      "SAME_UPPER", "VALID",
                                      "reflect", "align_corners", "edge",   "asymmetric", "CRD",        "NOTSET"};
    return attribute == "auto_pad" && below(2) == 0 ? "SAME_LOWER" : kTexts[below(std::size(kTexts))];
  }
  Tensor tensor() {
    constexpr DType kTypes[] = {DType::kFloat32, DType::kFloat32, DType::kFloat32, DType::kFloat32, DType::kInt64,
                                DType::kInt64,   DType::kInt32,   DType::kUint8,   DType::kInt8,    DType::kBool};
    Shape shape(below(2) == 0 ? 4 : static_cast<std::size_t>(below(6)));
    for (std::int64_t& extent : shape) extent = below(40) == 0 ? 0 : 1 + below(4);
    return filled(shape, kTypes[below(std::size(kTypes))]);
  }
  /// As long as the first input has axes or channels, or a part of that: what fits is reached more often.
  Tensor list_for(const Tensor& first) {
    const auto rank = static_cast<std::int64_t>(first.rank());
    const std::int64_t lengths[] = {1, 2, rank, 2 * rank, rank > 1 ? first.dim(1) : 0};
    const std::int64_t length = lengths[below(std::size(lengths))];
    return filled({length}, below(2) == 0 ? DType::kInt64 : DType::kFloat32);
  }
  Tensor filled(const Shape& shape, DType type) {
    Tensor tensor(shape, type);
    if (tensor.type() == DType::kInt64) {
      for (std::int64_t& value : tensor.as<std::int64_t>()) value = integer();
    } else if (tensor.type() == DType::kInt32) {
      for (std::int32_t& value : tensor.as<std::int32_t>()) value = static_cast<std::int32_t>(integer());
    } else if (tensor.type() == DType::kFloat32) {
      for (float& value : tensor.floats()) value = real();
    } else {
      for (std::uint8_t& value : tensor.as<std::uint8_t>()) value = static_cast<std::uint8_t>(below(2));
    }
    return tensor;
  }
  Attribute attribute(const AttributeRule& rule) {
    switch (rule.kind) {
      case AttributeKind::kInteger:
        return integer();
      case AttributeKind::kReal:
        return real();
      case AttributeKind::kText:
        return text(rule.name);
      case AttributeKind::kIntegers: {
        Integers values(static_cast<std::size_t>(below(2) == 0 ? 2 : below(5)));
        for (std::int64_t& value : values) value = below(3) == 0 ? integer() : 1 + below(3);
        return values;
      }
      case AttributeKind::kReals:
        return Floats{real(), real()};
      case AttributeKind::kTensor:
        break;
    }
    return std::make_shared<const Tensor>(tensor());
  }

 private:
  Random random_;
};

// One node of random inputs: some known, some not. False where it is refused or its outputs are too many to compute.
bool try_node(const Operator& op, Hostile& hostile) {
  Graph graph;
  Node node{.op = std::string(op.name), .name = "n", .inputs = {}, .outputs = {}, .attributes = {}, .fusion = {}};
  const std::int64_t density = hostile.below(4);
  for (const AttributeRule& rule : op.attributes) {
    if (hostile.below(4) < density) node.attributes[std::string(rule.name)] = hostile.attribute(rule);
  }
  const std::size_t most = std::min<std::size_t>(op.max_inputs, op.min_inputs + 3);
  const std::size_t count =
      op.min_inputs + static_cast<std::size_t>(hostile.below(static_cast<std::int64_t>(most - op.min_inputs) + 1));
  std::vector<Tensor> tensors;
  std::vector<const Tensor*> inputs;
  std::vector<Shape> shapes;
  tensors.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t kind = i == 0 ? 0 : hostile.below(8);
    if (kind == 0) {
      tensors.push_back(hostile.tensor());
    } else if (kind < 4) {
      tensors.push_back(hostile.list_for(tensors.front()));
    } else {  // as the first or the one before
      const Tensor& model = kind == 4 ? tensors.front() : tensors.back();
      tensors.push_back(hostile.filled(model.shape(), model.type()));
    }
    const Tensor& tensor = tensors.back();
    inputs.push_back(&tensor);
    if (i >= op.min_inputs && hostile.below(4) == 0) {
      inputs.back() = nullptr;
      node.inputs.push_back(kNoValue);
    } else if (hostile.below(8) == 0) {
      node.inputs.push_back(graph.add_input("x", tensor.shape(), tensor.type()));
      shapes.push_back(tensor.shape());
    } else {
      node.inputs.push_back(graph.add_constant("c", std::make_shared<const Tensor>(tensor.clone())));
    }
  }
  const std::int64_t output_count =
      1 + hostile.below(static_cast<std::int64_t>(std::min<std::size_t>(op.max_outputs, 3)));
  for (std::int64_t i = 0; i < output_count; ++i) node.outputs.push_back(graph.add_value("y"));
  graph.outputs = node.outputs;
  graph.nodes.push_back(std::move(node));
  if (!graph.validate().ok()) return false;
  const auto infos = infer_shapes(graph, shapes);
  if (!infos.ok()) return false;
  std::vector<Tensor> outputs;
  for (const ValueId id : graph.outputs) {
    const ValueInfo& info = (*infos)[id];
    if (info.open || bounded_count(info.shape).value() > 10000) return false;
    outputs.emplace_back(info.shape, info.type);
  }
  op.run(graph.nodes[0], inputs, outputs);
  return true;
}

TEST(Operators, SurviveHostileNodes) {
  Hostile hostile(1);
  for (const Operator& op : operators()) {
    int computed = 0;
    constexpr int kFew = 3000, kMost = 300000;  // inputs that fit three others are rare
    for (int i = 0; i < kFew || (computed == 0 && i < kMost); ++i) computed += try_node(op, hostile) ? 1 : 0;
    EXPECT_GT(computed, 0) << op.name;
  }
}

}  // namespace
}  // namespace poise
