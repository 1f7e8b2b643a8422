#pragma once
// A network as TensorFlow's file formats hold it, TensorFlow Lite's and TensorFlow.js's alike, before it is brought
// into our layout: pictures are (N, H, W, C), operators have TensorFlow's names. Internal to weights.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/memory.h"
#include "poise/graph/graph.h"

namespace poise {

/// Integers q of a tensor stand for scale * (q - zero): one of each, or one for each index of `axis`.
struct TfGrid {
  std::vector<float> scales;  // empty: the tensor holds the numbers themselves
  std::vector<std::int64_t> zeros;
  int axis = 0;
  bool any() const { return !scales.empty(); }
  bool operator==(const TfGrid&) const = default;
};

struct TfValue {
  std::string name;
  DType type = DType::kFloat32;  // as it is stored; float16 and float64 are float32
  Shape shape = {};              // of inputs; -1 is a free extent
  std::shared_ptr<const Tensor> constant = nullptr;
  TfGrid grid = {};
};

using TfAttributes = std::map<std::string, Attribute, std::less<>>;

/// Inputs and outputs are indices of TfNetwork::values; kNoValue where one is left out. Attributes that several
/// operators share: "activation" (Relu, Relu6, Relu_N1_TO_1, Tanh, Elu, LeakyRelu: comes last), "strides" and
/// "dilations" (height, width), "padding" (SAME, VALID), "filter" (the order of a weight's axes: HWIO, OHWI; of a
/// depthwise one: HWCM, 1HWC).
using TfNode = Node;

struct TfNetwork {
  std::string name;
  std::vector<TfValue> values;
  std::vector<TfNode> nodes;  // each behind what it reads
  std::vector<int> inputs, outputs;
};

/// Whether graph_of() knows all operators. Errors: kUnsupported, naming every one that it does not.
Status check_tf_operators(const TfNetwork& network);

/// The network in our layout: pictures inside are (N, C, H, W), and weights as ONNX has them, turned here, once. Inputs
/// and outputs keep the file's names and their shapes, (N, H, W, C); inputs are float32, of bytes and integers their
/// values, of tensors with a grid the numbers that it stands for. Integers inside are int64. What a grid says becomes
/// QuantizeLinear and DequantizeLinear. Takes the network apart; memory for constants is taken from the budget. Errors:
/// kUnsupported (names every operator that is not known), kMalformed (shapes that do not fit), kTooLarge.
Result<Graph> graph_of(TfNetwork network, ReadingBudget& budget);

}  // namespace poise
