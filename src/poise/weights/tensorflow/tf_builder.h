#pragma once
// Puts a graph together while it keeps track of each value's layout and shape. Internal to weights/tensorflow.

#include <initializer_list>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "poise/graph/known.h"
#include "poise/weights/tensorflow/tf_network.h"

namespace poise {

/// A value of the graph, and how it lies: as the file has it, or as (N, C, H, W) where the file has (N, H, W, C).
struct Laid {
  ValueId id = kNoValue;
  bool planar = false;
};
using LaidResult = Result<Laid>;

/// Where an axis of a (N, H, W, C) is in a (N, C, H, W).
inline constexpr std::int64_t kPlanarAxis[4] = {0, 2, 3, 1};
/// The file's axes in the order of a (N, C, H, W).
inline constexpr std::int64_t kFileAxis[4] = {0, 3, 1, 2};

class TfBuilder {
 public:
  TfBuilder(TfNetwork& network, ReadingBudget& budget);

  Status add_inputs();
  /// The file's value lies in the graph so; what it is rounded to, by its grid, is added.
  Status set(int value, Laid laid);
  Result<Graph> finish();

  // The file's values.
  const TfValue& value(int index) const { return network_.values[static_cast<std::size_t>(index)]; }
  /// Its numbers where it is a constant: of a grid, those that it stands for. Else nullptr.
  Result<std::shared_ptr<const Tensor>> numbers(int index);
  /// The integers of a constant, or of what follows from constants. Errors: kUnsupported.
  Result<std::vector<std::int64_t>> integers(const TfNode& node, std::size_t input);
  Result<std::int64_t> integer(const TfNode& node, std::size_t input);
  /// With extents that are not what the file's are where the network leaves them open: good for the rank, and for those
  /// that are_fixed().
  Result<Shape> shape(int index);
  Result<std::size_t> rank(int index);
  Result<DType> type(int index);
  /// No extent of the network is open.
  bool are_fixed() const { return fixed_; }
  /// It is in the graph as (N, C, H, W), and no constant.
  bool is_planar(int index) const;
  bool is_constant(int index) const { return value(index).constant != nullptr; }

  // Values of the graph.
  Result<ValueId> plain(int index);
  /// A constant of fewer extents has ones before them.
  Result<ValueId> planar(int index);
  Result<ValueId> as(int index, bool planar_wanted) { return planar_wanted ? planar(index) : plain(index); }
  const ValueInfo& info(ValueId id) const { return infos_[static_cast<std::size_t>(id)]; }
  Result<ValueId> constant(Tensor tensor, const std::string& name);
  Result<ValueId> constant(const std::vector<std::int64_t>& list, const std::string& name);
  ValueId number(float value);
  /// A node of one output, named after what is being translated.
  Result<ValueId> add(const char* op, std::vector<ValueId> inputs, TfAttributes attributes = {});
  Result<std::vector<ValueId>> add(const char* op, std::vector<ValueId> inputs, std::size_t outputs,
                                   TfAttributes attributes = {});
  /// How the file's value was made, for rewrites that look back: nullptr for inputs and constants.
  const TfNode* producer(int index) const;

  /// The weight of a layer, turned once: its axes in this order, then seen as `wanted`. Eight-bit integers stay, behind
  /// a DequantizeLinear: `channel` is the file's axis that may have a scale for each index, `axis` that of `wanted`.
  Result<ValueId> weight(int index, const std::vector<int>& axes, Shape wanted, int channel, std::int64_t axis);

  /// What names are made of from now on.
  void begin(const TfNode& node) { node_ = &node; }
  /// The file's value is another of its own, a constant: no node.
  void alias(int index, int of);
  Status place(int index, Laid laid);

 private:
  struct Form {
    ValueId plain = kNoValue, planar = kNoValue;
  };
  Result<std::vector<ValueId>> append(Node node);
  /// A constant that nobody else reads goes, once it is in the graph in another form.
  void release(int index);
  std::string unique(std::unordered_set<std::string>& taken, std::string name);
  ValueId keep(std::shared_ptr<const Tensor> tensor, const std::string& name);
  Result<ValueId> round(const TfValue& value, ValueId id);
  /// Seen as a shape of as many elements, then its axes in this order.
  Result<std::shared_ptr<Tensor>> turned(const Tensor& tensor, const std::vector<int>& axes, const Shape& seen);
  Result<ValueId> dequantized(const TfValue& stored, ValueId integers, std::int64_t axis);
  Form& form(int index) { return forms_[static_cast<std::size_t>(index)]; }
  const Form& form(int index) const { return forms_[static_cast<std::size_t>(index)]; }

  TfNetwork& network_;
  ReadingBudget& budget_;
  Graph graph_;
  bool fixed_ = true;
  const TfNode* node_ = nullptr;
  std::vector<Form> forms_;
  std::vector<int> producers_;  // index of a node
  std::vector<int> readers_;
  std::vector<ValueInfo> infos_;
  KnownValues known_;
  std::vector<std::shared_ptr<const Tensor>> numbers_;
  std::unordered_map<std::string, ValueId> weights_;
  std::unordered_map<std::uint32_t, ValueId> scalars_;
  std::unordered_set<std::string> node_names_, value_names_;
};

}  // namespace poise
