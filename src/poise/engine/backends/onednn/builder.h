#pragma once
// Turns a fused graph and its shapes into steps over one arena. Lowering of each operator family: lower_*.cc.

#include <array>
#include <climits>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "poise/engine/backends/onednn/arena.h"
#include "poise/engine/backends/onednn/forms.h"
#include "poise/engine/backends/onednn/weight_store.h"
#include "poise/engine/backends/onednn/winograd.h"
#include "poise/engine/session.h"
#include "poise/graph/graph.h"
#include "poise/graph/ops/conv.h"

namespace poise::onednn {

using Desc = dnnl::memory::desc;
using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

struct Step {
  int node = 0;  // of the graph that was built; as many as it has for what comes after them
  std::string name;
  std::string kernel;
  std::int64_t multiply_adds = 0;
  std::function<void(dnnl::stream&)> run;
};

/// A memory whose address is known later: of an arena buffer, of a network input or of a network output.
struct Binding {
  enum class Kind { kArena, kInput, kOutput } kind = Kind::kArena;
  int index = 0;
  dnnl::memory memory;
};

class Builder {
 public:
  struct Source {
    const Graph& program;  // before it was specialised for these shapes; only its constants go into the shared weights
    const Graph& graph;
    const std::vector<ValueInfo>& infos;  // of the graph's values
  };
  Builder(const Source& source, WeightStore& weights, WeightStore plan_weights, Precision precision, Forms forms);
  /// Lowers all nodes, writes the outputs, places the buffers.
  Status build();

  std::vector<Step> steps;
  std::vector<Binding> bindings;
  Arena arena;
  std::size_t scratch_bytes = 0;   // the largest
  std::uint64_t staged_bytes = 0;  // what steps take beside the arena once they run
  // Of constants that follow from the shapes: their forms, and themselves.
  WeightStore plan_weights;
  std::vector<std::shared_ptr<const Tensor>> plan_constants;

  // For the lowerings.
  Desc blocked(const Shape& shape, Type type = Type::f32) const;  // nChw16c or nChw8c for four dimensions, else plain
  static Desc plain(const Shape& shape, Type type = Type::f32);
  static Desc pixels(const Shape& shape,
                     Type type);  // a pixel's channels together: what integer kernels read and write
  /// Row-major, of the value's own type: what the plain implementations take.
  Desc row_major(ValueId id) const;
  DType type(ValueId id) const { return infos_[static_cast<std::size_t>(id)].type; }
  const ValueInfo& info(ValueId id) const { return infos_[static_cast<std::size_t>(id)]; }
  const Shape& shape(ValueId id) const { return infos_[static_cast<std::size_t>(id)].shape; }
  /// The layout the value has now; of one that is held as integers, the blocked one of its floats.
  Desc desc(ValueId id) const;
  /// The integers that stand for this float value, or that this value is; none: it has only ever been floats.
  const Grid& grid(ValueId id) const { return grids_[static_cast<std::size_t>(id)]; }
  /// The value is on its grid in memory, not only to be rounded when it is read so.
  bool held_as_integers(ValueId id) const;
  /// The value is on this grid from now on.
  void set_grid(ValueId id, const Grid& grid) { grids_[static_cast<std::size_t>(id)] = grid; }
  /// `id` is the memory of `source` under another name.
  void alias(ValueId id, ValueId source);
  /// The value in layout `wanted`, through a reorder step where it has another; between integers and floats by its
  /// grid.
  dnnl::memory read(ValueId id, const Desc& wanted);
  /// The value's memory to be written in this layout by the step that follows.
  dnnl::memory write(ValueId id, const Desc& layout);
  /// The value's memory, already holding `source` (a residual to be summed into): in place where nobody needs it later.
  /// `held`: the layout of the source, of as many bytes; its type may be another.
  dnnl::memory write_over(ValueId id, ValueId source, const Desc& held, const Desc& layout);
  dnnl::memory temporary(const Desc& layout);
  /// The memory that read(), write() or temporary() gave last or before, described otherwise.
  dnnl::memory view(const dnnl::memory& memory, const Desc& layout);
  /// A primitive with its scratchpad; `arguments` without it.
  template <typename PrimitiveDesc>
  void add_primitive(const Node& node, const std::string& what, const PrimitiveDesc& planned,
                     std::unordered_map<int, dnnl::memory> arguments, std::int64_t multiply_adds) {
    add_kernel(node, what, {dnnl::primitive(planned.get()), planned.scratchpad_desc(), planned.impl_info_str()},
               std::move(arguments), multiply_adds);
  }
  /// Copies from one layout into another; `grid`: between integers and the floats they stand for.
  void add_reorder(const Node& node, const dnnl::memory& from, const dnnl::memory& to, const Grid& grid = {});
  void add_step(const Node& node, const std::string& kernel, std::int64_t multiply_adds,
                std::function<void(dnnl::stream&)> run);
  /// The bias of a layer that computes in floats: its third input.
  dnnl::memory float_bias(const Node& node);
  bool is_output(ValueId id) const { return last_use_[static_cast<std::size_t>(id)] == INT_MAX; }
  /// Whether the layer is to run in this form: as was measured, else by the rule.
  bool takes(const Node& node, Form form, bool rule) const {
    const auto measured = forms_.find(node.label());
    return measured == forms_.end() ? rule : measured->second == form;
  }
  std::int64_t work(const Node& node) const { return multiply_adds(node, infos_); }

  const Graph& graph;
  const dnnl::engine engine;
  /// Where the forms of this constant are kept.
  WeightStore& weights(ValueId id) { return program_.constant(id) != nullptr ? shared_weights_ : plan_weights; }
  const int block;
  const Precision precision;

 private:
  struct Slot {
    Binding::Kind kind = Binding::Kind::kArena;
    int index = -1;
    Desc layout;
    bool ready = false;
  };
  struct Kernel {
    dnnl::primitive primitive;
    Desc scratchpad;
    std::string name;
  };
  void add_kernel(const Node& node, const std::string& what, const Kernel& kernel,
                  std::unordered_map<int, dnnl::memory> arguments, std::int64_t multiply_adds);
  Status lower(const Node& node);
  void find_grids();
  /// A value in it is read by the node at hand, while that writes, or later.
  bool buffer_needed(int index);
  /// The value stands in this slot, alone or in another layout too.
  void add_slot(ValueId id, const Slot& slot);
  dnnl::memory bind(Binding::Kind kind, int index, const Desc& layout);
  int now() const { return static_cast<int>(steps.size()); }

  const Graph& program_;
  WeightStore& shared_weights_;
  const std::vector<ValueInfo>& infos_;
  std::vector<std::vector<Slot>> slots_;  // a value may stand in several layouts; the first is the producer's
  std::unordered_map<int, std::vector<ValueId>> holders_;  // by buffer: values that have stood in it
  std::vector<int> last_use_;                              // node index; INT_MAX for network outputs
  std::vector<Grid> grids_;
  Forms forms_;
  std::vector<int> held_;  // buffers bound for the node at hand: alive until its last step
  int node_index_ = 0;
};

constexpr auto kInference = dnnl::prop_kind::forward_inference;

/// The elements' type in a layout.
inline Type type_of(const Desc& layout) { return static_cast<Type>(layout.data.data_type); }
inline bool is_integer(Type type) { return type == Type::u8 || type == Type::s8; }
inline Type type_of(const Grid& grid) { return grid.type == DType::kInt8 ? Type::s8 : Type::u8; }

/// Attributes with a user-kept scratchpad, and with these post-ops.
dnnl::primitive_attr user_scratchpad();
dnnl::primitive_attr make_attributes(const Fusion& fusion, bool sum);
/// The fused operators, appended to what `after` holds; the values are in units of `unit`.
void append_activation(dnnl::post_ops& after, const Fusion& fusion, float unit);

/// False where there is no implementation, or only oneDNN's reference, which ours beats.
template <typename PrimitiveDesc>
bool is_fast(const PrimitiveDesc& planned) {
  return planned && std::string(planned.impl_info_str()).find("ref") == std::string::npos;
}

// True where the operator was lowered; false: not in this form, take the reference implementation.
Result<bool> lower_conv(Builder& builder, const Node& node);
Result<bool> lower_conv_transpose(Builder& builder, const Node& node);
Result<bool> lower_other(Builder& builder, const Node& node);
/// The layer by tiles; empty where it has not the geometry.
std::optional<Winograd> winograd_form(const Builder& builder, const Node& node, const ConvAttributes& attributes);
/// Where it was faster than the layer as it is, on PoseResNets of many widths (bench/README.md).
bool pays(const Winograd& winograd);
/// False: the engine has no matrix product for it.
bool lower_winograd(Builder& builder, const Node& node, Winograd winograd, const Tensor& weight, bool bias);
bool lower_binary(Builder& builder, const Node& node);
bool lower_eltwise(Builder& builder, const Node& node);
bool lower_rounding(Builder& builder, const Node& node);
Result<bool> lower_movement(Builder& builder, const Node& node);
Result<bool> lower_resize(Builder& builder, const Node& node);
Status lower_reference(Builder& builder, const Node& node);
/// act(value + residual) for an operator that cannot fuse it: one or two steps from `source` into the node's output.
void lower_fusion_apart(Builder& builder, const Node& node, const dnnl::memory& source);

/// A forward convolution of this geometry; tries the fastest form first. Empty where none can be had.
struct ConvGeometry {
  Shape source, weight, destination;  // weight (out, in, kh, kw), or (g, out/g, in/g, kh, kw)
  std::array<std::int64_t, 2> strides{1, 1}, dilations{1, 1}, pads_begin{0, 0}, pads_end{0, 0};
  bool bias = false;
  bool float_result = false;  // whatever the precision
  bool winograd = false;      // oneDNN's, in float32, where it has it
};
std::optional<dnnl::convolution_forward::primitive_desc> plan_convolution(const Builder& builder,
                                                                          const ConvGeometry& geometry,
                                                                          const dnnl::primitive_attr& attributes);
/// The same geometry in these types and this algorithm; empty where oneDNN has none.
std::optional<dnnl::convolution_forward::primitive_desc> try_convolution(const Builder& builder,
                                                                         const ConvGeometry& geometry,
                                                                         dnnl::algorithm algorithm, const Desc& source,
                                                                         const Desc& destination,
                                                                         const dnnl::primitive_attr& attributes);

/// How a layer with int8 weights computes: source and weights are integers, the sum is scaled and rounded on its way
/// out.
struct IntegerForm {
  Type source = Type::u8;
  Type destination = Type::f32;  // integers where the output has a grid that the kernel can write
  dnnl::primitive_attr attributes;
  std::vector<float> steps;  // of the integer sums, one an output channel
};
/// Empty where the layer is to compute in floats.
std::optional<IntegerForm> integer_form(const Builder& builder, const Node& node);
/// Float weights (out, in / group, kh, kw) back to the integers that they came from.
Tensor integer_weights(const Tensor& weight, const Tensor& scales);
/// The bias in units of the integer sums.
dnnl::memory integer_bias(Builder& builder, const Node& node, const IntegerForm& form);

}  // namespace poise::onednn
