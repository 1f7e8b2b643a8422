#pragma once
// A network, defined once: training runs it, export writes it, the engine plans it. Nodes in any order until
// validate() has sorted them; parameters are constant values and stay as the literature has them. One thread at a time.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "poise/base/result.h"
#include "poise/tensor/tensor.h"

namespace poise {

using ValueId = int;
inline constexpr ValueId kNoValue = -1;  // an optional input that is left out

using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>,
                               std::shared_ptr<const Tensor>>;

enum class Activation { kNone, kRelu, kClip, kSigmoid, kLeakyRelu, kHardSwish, kSwish, kGelu, kMish };

/// Eight-bit integers q that stand for scale * (q - zero), as QuantizeLinear makes them.
struct Grid {
  float scale = 0.0F;  // 0: no grid
  int zero = 0;
  DType type = DType::kUint8;  // or kInt8
  bool any() const { return scale > 0.0F; }
  bool operator==(const Grid&) const = default;
};

/// What a pass has merged into a Conv or ConvTranspose: out = grid(activation(conv + bias + residual)). Part of an
/// engine's plan: a model's definition leaves it as it is here, and the reference backend refuses it.
struct Fusion {
  Activation activation = Activation::kNone;
  float low = 0.0F;  // kClip; kLeakyRelu: the slope below zero; kSwish: alpha
  float high = 0.0F;
  ValueId residual = kNoValue;
  Grid grid;  // the output is the integers
  bool any() const { return activation != Activation::kNone || residual != kNoValue || grid.any(); }
};

struct Node {
  std::string op;  // ONNX operator name, default domain
  std::string name;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::map<std::string, Attribute, std::less<>> attributes;
  Fusion fusion;
  /// Where note_weight_scales() found that the weight came as int8: its steps, one an output channel.
  std::shared_ptr<const Tensor> weight_scales = nullptr;

  /// "Conv \"layer1.0.conv1\"": for messages.
  std::string label() const;
  std::int64_t integer(std::string_view attribute, std::int64_t fallback) const;
  float real(std::string_view attribute, float fallback) const;
  std::string text(std::string_view attribute, std::string_view fallback) const;
  std::vector<std::int64_t> integers(std::string_view attribute) const;  // empty where absent
};

struct Value {
  std::string name;
  DType type = DType::kFloat32;
  Shape shape;  // of inputs and constants, and of outputs as a file says; -1 is a free extent
  std::shared_ptr<const Tensor> constant;  // null for what is computed
};

class Graph {
 public:
  std::string name;
  int opset = 13;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;  // without constants
  std::vector<ValueId> outputs;

  ValueId add_input(std::string value_name, Shape shape, DType type = DType::kFloat32);
  ValueId add_constant(std::string value_name, std::shared_ptr<const Tensor> tensor);
  ValueId add_value(std::string value_name);
  /// One-output node; the output value is named `output_name`.
  ValueId add_node(std::string op, std::string node_name, std::vector<ValueId> node_inputs, std::string output_name,
                   std::map<std::string, Attribute, std::less<>> attributes = {});

  const Tensor* constant(ValueId id) const { return id < 0 ? nullptr : values.at(id).constant.get(); }
  ValueId find_value(std::string_view value_name) const;  // kNoValue where there is none
  /// Of a QuantizeLinear or DequantizeLinear with one constant scale (and zero point): its grid; else none.
  Grid grid_of(const Node& node) const;

  /// Sorts the nodes topologically and checks: ids in range, one producer a value, no cycle, every operator known,
  /// every output produced. Errors name the node: kMalformed (cycle: names a node on it), kUnsupported (operator).
  Status validate();

  /// Elements of the constants that are parameters, floats or behind a DequantizeLinear: what Conv, ConvTranspose, Gemm
  /// and MatMul read, scale and bias of normalizations (no running statistics), slopes of PRelu, more than one element
  /// in Add, Sub, Mul or Div.
  std::int64_t parameter_count() const;
};

/// What is known of a value once the inputs' shapes are.
struct ValueInfo {
  DType type = DType::kFloat32;
  Shape shape;                             // no -1 left, but where it is open
  std::shared_ptr<const Tensor> constant;  // where the value is one, or follows from constants and shapes alone
  bool open = false;                       // known once the network has run: type and shape are what the file says
};

/// Shapes of all values, for these input shapes (in Graph::inputs order). Small values that follow from constants and
/// shapes alone (Shape, Gather, Concat, ... in front of a Reshape) are computed on the way. What hangs on how many
/// things a picture shows (NonZero, NonMaxSuppression, and what reads them) is open. Errors: kMalformed, naming
/// the node and both shapes; kTooLarge where a product overflows or passes 2^31 elements. Needs a validated graph.
Result<std::vector<ValueInfo>> infer_shapes(const Graph& graph, std::span<const Shape> input_shapes);

/// Multiply-adds of Conv, ConvTranspose, Gemm, MatMul for these shapes (a stride-2 deconvolution's true products); none
/// of what is open.
std::int64_t multiply_adds(const Graph& graph, const std::vector<ValueInfo>& infos);
/// The same of one node.
std::int64_t multiply_adds(const Node& node, const std::vector<ValueInfo>& infos);

}  // namespace poise
