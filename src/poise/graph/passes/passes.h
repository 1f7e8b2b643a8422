#pragma once
// Rewrites an engine applies to its own copy of a graph. Each keeps the outputs' values; tests hold them to it.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/memory.h"
#include "poise/graph/graph.h"

namespace poise {

/// Constant, Identity and (maskless) Dropout nodes vanish, but for an Identity from a graph input, a constant or
/// another output to an output (outputs keep their names). An output may be a constant afterwards. One thread a graph.
void remove_identities(Graph& graph);
/// Nodes all of whose inputs are constants become constants (through the reference implementation). Errors: those of
/// infer_shapes; kTooLarge where all constants together would take more than `max_bytes`, before they are made.
Status fold_constants(Graph& graph, std::uint64_t max_bytes = default_memory_limit());
/// Bytes that fold_constants() would add, without making them; what follows from large values may be left out.
std::uint64_t folded_bytes(const Graph& graph);
/// Bytes of the graph's constants.
std::uint64_t constant_bytes(const Graph& graph);
/// Values that are known for these input shapes (infer_shapes of this graph) become constants. Ids stay as they are.
void fold_known(Graph& graph, const std::vector<ValueInfo>& infos);
/// BatchNormalization (and Mul/Add by a per-channel constant) behind a Conv or ConvTranspose that nothing else reads is
/// folded into its weight and bias, in double precision. Layers that share a weight part then; where that would take
/// all constants over `max_bytes`, these stay as they are.
void fold_batch_norm(Graph& graph, std::uint64_t max_bytes = default_memory_limit());
/// What exporters write as several operators becomes the one that it is: x * Sigmoid(x) is Swish, x * HardSigmoid(x)
/// HardSwish, x * Tanh(Softplus(x)) Mish, x * (1 + Erf(x / sqrt 2)) / 2 Gelu, and a layer normalization by its parts.
void recognise_operators(Graph& graph);
/// Relu, Clip, Sigmoid, Swish, Gelu and the like, and Add of two computed values of the same shape, go into the Conv or
/// ConvTranspose before them (Node::fusion). An Add is fused into the later of its two producers, so that the other is
/// ready. `infos`: of this graph, by infer_shapes; the result holds for these input shapes (a broadcasting Add stays).
void fuse_activations_and_residuals(Graph& graph, const std::vector<ValueInfo>& infos);
/// Lower and upper bound of a Clip where both are constant; what is left out does not bound.
std::optional<std::pair<float, float>> clip_bounds(const Graph& graph, const Node& node);
/// Nodes and values that no output needs vanish; ids are renumbered.
void remove_dead(Graph& graph);

/// By node: the computed values that nothing reads after it.
std::vector<std::vector<ValueId>> find_last_uses(const Graph& graph);

/// Notes the steps of weights that come through a DequantizeLinear of int8 constants without a zero point, before
/// fold_constants() makes floats of them (fold_batch_norm keeps them right): Node::weight_scales.
void note_weight_scales(Graph& graph);
/// Whether any layer has such weights and reads an input that comes from a DequantizeLinear.
bool has_integer_layers(const Graph& graph);
/// value -> QuantizeLinear -> DequantizeLinear, named after `name`; returns what comes out.
ValueId add_rounding(Graph& graph, ValueId value, const Grid& grid, const std::string& name);
/// Before fuse_activations_and_residuals(): a layer with int8 weights whose integers only an Add reads gives the Add
/// its sum as it is; one rounding less. Not where the integers' range cuts negative values off; what a range cuts off
/// at its other end comes through. Where the earlier of two layers is the one that is not rounded, it moves behind the
/// other: it takes in a sum of integers.
void drop_roundings_before_sums(Graph& graph);
/// After it: QuantizeLinear goes into the layer with int8 weights before it (Fusion::grid), whose output it becomes.
void fuse_roundings(Graph& graph);

/// For a file a quarter the size, not for an engine: weights of Conv, ConvTranspose (of one group) and Gemm that one
/// node reads become int8 with a scale for each output channel (the one that errs least in the mean square) and a
/// DequantizeLinear under the weight's own name. Rounds: outputs change a little. Small weights and all else stay.
void store_weights_as_int8(Graph& graph);
/// The axis of a layer's weight that counts its outputs; -1: not a layer that is stored so.
int output_axis(const Node& node, const Tensor& weight);
struct Int8Weight {
  Tensor values;  // int8, -127 to 127
  Tensor scales;  // float32, one an index of the axis
};
Int8Weight to_int8(const Tensor& weight, int axis);
/// Each constant, given with its axis, becomes the output of a DequantizeLinear of its to_int8(), which this adds.
void put_int8_weights(Graph& graph, std::span<const std::pair<ValueId, int>> weights);

}  // namespace poise
