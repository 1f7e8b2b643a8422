#include "poise/weights/tensorflow/tf_builder.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "poise/base/printable.h"
#include "poise/graph/ops/rules.h"
#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

constexpr std::int64_t kProbe = 256;  // stands for an open extent of a picture while shapes are worked out
constexpr std::size_t kLongestName = 1024;
constexpr std::uint64_t kNodeBytes = 1024;  // about what a node with its values takes
/// A half goes away from zero in TensorFlow Lite (lite/kernels/internal/common.h, MultiplyByQuantizedMultiplier) and to
/// the even neighbour in ONNX: a scale that is smaller by so little moves halves alone.
constexpr float kHalvesAway = 1.0F - 1.0F / (1U << 20U);

/// real = scale * (stored - zero), along the grid's axis.
Result<Tensor> real_numbers(const TfValue& value) {
  const Tensor& stored = *value.constant;
  const TfGrid& grid = value.grid;
  Parts parts{.outer = 1, .extent = 1, .inner = stored.count()};
  if (grid.scales.size() > 1) {
    const auto axis = static_cast<std::size_t>(grid.axis);
    if (grid.axis < 0 || axis >= stored.rank() || stored.dim(axis) != static_cast<std::int64_t>(grid.scales.size())) {
      return malformed("tensor " + printable(value.name) + " has " + std::to_string(grid.scales.size()) +
                       " scales, which do not fit its shape " + to_string(stored.shape()));
    }
    parts = split_at(stored.shape(), axis);
  }
  Tensor real(stored.shape());
  const auto convert = [&](auto from) {
    for (std::int64_t i = 0; i < stored.count(); ++i) {
      const auto k = static_cast<std::size_t>(i / parts.inner % parts.extent);
      real.floats()[i] =
          static_cast<float>((static_cast<double>(from[i]) - static_cast<double>(grid.zeros[k])) * grid.scales[k]);
    }
  };
  switch (stored.type()) {
    case DType::kInt8:
      convert(stored.as<std::int8_t>());
      break;
    case DType::kUint8:
      convert(stored.as<std::uint8_t>());
      break;
    case DType::kInt64:
      convert(stored.as<std::int64_t>());
      break;
    default:
      return unsupported("tensor " + printable(value.name) + " has a scale, and is " + name_of(stored.type()));
  }
  return real;
}

}  // namespace

TfBuilder::TfBuilder(TfNetwork& network, ReadingBudget& budget)
    : network_(network),
      budget_(budget),
      forms_(network.values.size()),
      producers_(network.values.size(), kNoValue),
      numbers_(network.values.size()) {
  graph_.name = network.name;
  readers_.resize(network.values.size());
  for (const TfNode& node : network.nodes) {
    for (const int input : node.inputs) {
      if (input != kNoValue) ++readers_[static_cast<std::size_t>(input)];
    }
  }
  for (const int output : network.outputs) ++readers_[static_cast<std::size_t>(output)];
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    for (const int output : network.nodes[n].outputs) {
      if (output != kNoValue) producers_[static_cast<std::size_t>(output)] = static_cast<int>(n);
    }
  }
}

std::string TfBuilder::unique(std::unordered_set<std::string>& taken, std::string name) {
  if (name.empty()) name = "value";
  if (name.size() > kLongestName - 24) name.resize(kLongestName - 24);
  std::ranges::replace_if(name, is_control, '?');
  if (taken.insert(name).second) return name;
  std::size_t number = taken.size();
  while (!taken.insert(name + "." + std::to_string(number)).second) ++number;
  return name + "." + std::to_string(number);
}

Status TfBuilder::add_inputs() {
  for (const int index : network_.inputs) {
    const TfValue& input = value(index);
    Shape probe = input.shape;
    for (std::size_t axis = 0; axis < probe.size(); ++axis) {
      if (probe[axis] > 0) continue;
      fixed_ = false;
      probe[axis] = axis == 0 ? 1 : kProbe;
    }
    if (const auto count = bounded_count(probe); !count.ok()) {
      return count.error().prefixed("input " + printable(input.name));
    }
    const ValueId id = graph_.add_input(unique(value_names_, input.name), input.shape);
    infos_.resize(static_cast<std::size_t>(id) + 1);
    infos_.back() = {.type = DType::kFloat32, .shape = probe, .constant = nullptr};
    form(index).plain = id;
    if (input.grid.any()) {
      POISE_TRY(form(index).plain, round(input, id));
    }
  }
  // Outputs keep their names: nothing before them takes those.
  for (const int index : network_.outputs) value_names_.insert(value(index).name);
  for (const int index : network_.inputs) {
    if (info(form(index).plain).shape.size() == 4) POISE_RETURN_IF_ERROR(planar(index));
  }
  return {};
}

Result<std::shared_ptr<const Tensor>> TfBuilder::numbers(int index) {
  const TfValue& constant = value(index);
  if (constant.constant == nullptr || !constant.grid.any()) return constant.constant;
  auto& known = numbers_[static_cast<std::size_t>(index)];
  if (known == nullptr) {
    POISE_RETURN_IF_ERROR(budget_.take(static_cast<std::uint64_t>(constant.constant->count()) * sizeof(float)));
    POISE_TRY(Tensor real, real_numbers(constant));
    known = std::make_shared<const Tensor>(std::move(real));
  }
  return known;
}

Result<std::vector<std::int64_t>> TfBuilder::integers(const TfNode& node, std::size_t input) {
  const int index = input < node.inputs.size() ? node.inputs[input] : kNoValue;
  if (index == kNoValue) return malformed("input " + std::to_string(input) + " is left out");
  std::shared_ptr<const Tensor> list = value(index).constant;
  if (list == nullptr && fixed_) {
    POISE_TRY(const ValueId id, plain(index));
    list = info(id).constant;
  }
  if (list == nullptr) {
    return unsupported("input " + std::to_string(input) +
                       " is worked out when the network runs: it must be a constant");
  }
  if (list->type() != DType::kInt64) {
    return malformed("input " + std::to_string(input) + " is " + name_of(list->type()) + ", it must be integers");
  }
  return std::vector<std::int64_t>(list->ints().begin(), list->ints().end());
}

Result<std::int64_t> TfBuilder::integer(const TfNode& node, std::size_t input) {
  POISE_TRY(const std::vector<std::int64_t> list, integers(node, input));
  if (list.size() != 1) return malformed("input " + std::to_string(input) + " must be one integer");
  return list[0];
}

Result<Shape> TfBuilder::shape(int index) {
  const TfValue& given = value(index);
  if (given.constant != nullptr) return given.constant->shape();
  const Form& at = form(index);
  if (at.plain != kNoValue) return info(at.plain).shape;
  if (at.planar == kNoValue) return malformed("it reads " + printable(given.name) + ", which nothing produces");
  const Shape& planar = info(at.planar).shape;
  return Shape{planar[0], planar[2], planar[3], planar[1]};
}

Result<std::size_t> TfBuilder::rank(int index) {
  POISE_TRY(const Shape extents, shape(index));
  return extents.size();
}

Result<DType> TfBuilder::type(int index) {
  const TfValue& given = value(index);
  if (given.constant != nullptr) return given.grid.any() ? DType::kFloat32 : given.constant->type();
  const Form& at = form(index);
  if (at.plain == kNoValue && at.planar == kNoValue)
    return malformed("it reads " + printable(given.name) + ", which nothing produces");
  return info(at.plain != kNoValue ? at.plain : at.planar).type;
}

bool TfBuilder::is_planar(int index) const {
  return index != kNoValue && !is_constant(index) && form(index).planar != kNoValue;
}

Result<ValueId> TfBuilder::plain(int index) {
  if (index == kNoValue) return malformed("an input is left out");
  Form& at = form(index);
  if (at.plain != kNoValue) return at.plain;
  if (is_constant(index)) {
    POISE_TRY(const auto tensor, numbers(index));
    at.plain = keep(tensor, value(index).name);
    return at.plain;
  }
  if (at.planar == kNoValue) return malformed("it reads " + printable(value(index).name) + ", which nothing produces");
  POISE_TRY(const ValueId id, add("Transpose", {at.planar}, {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}}));
  form(index).plain = id;
  return id;
}

Result<ValueId> TfBuilder::planar(int index) {
  if (index == kNoValue) return malformed("an input is left out");
  if (form(index).planar != kNoValue) return form(index).planar;
  POISE_TRY(Shape extents, shape(index));
  if (is_constant(index) && extents.size() < 4) extents.insert(extents.begin(), 4 - extents.size(), 1);
  if (extents.size() != 4) {
    return malformed(printable(value(index).name) + " is " + to_string(extents) + ", it must be (N, H, W, C)");
  }
  if (is_constant(index)) {
    POISE_TRY(const auto tensor, numbers(index));
    POISE_TRY(auto planes, turned(*tensor, {0, 3, 1, 2}, extents));
    form(index).planar = keep(std::move(planes), value(index).name);
    return form(index).planar;
  }
  POISE_TRY(const ValueId from, plain(index));
  POISE_TRY(const ValueId id, add("Transpose", {from}, {{"perm", std::vector<std::int64_t>{0, 3, 1, 2}}}));
  form(index).planar = id;
  return id;
}

ValueId TfBuilder::keep(std::shared_ptr<const Tensor> tensor, const std::string& name) {
  infos_.push_back({.type = tensor->type(), .shape = tensor->shape(), .constant = tensor});
  return graph_.add_constant(unique(value_names_, name), std::move(tensor));
}

Result<ValueId> TfBuilder::constant(Tensor tensor, const std::string& name) {
  POISE_RETURN_IF_ERROR(budget_.take(kNodeBytes + tensor.bytes()));
  return keep(std::make_shared<const Tensor>(std::move(tensor)), name);
}

Result<ValueId> TfBuilder::constant(const std::vector<std::int64_t>& list, const std::string& name) {
  return constant(Tensor::from({static_cast<std::int64_t>(list.size())}, list), name);
}

ValueId TfBuilder::number(float value) {
  const auto [found, is_new] = scalars_.try_emplace(std::bit_cast<std::uint32_t>(value), kNoValue);
  if (is_new)
    found->second = keep(std::make_shared<const Tensor>(Tensor::from({}, std::vector<float>{value})), "number");
  return found->second;
}

Result<ValueId> TfBuilder::add(const char* op, std::vector<ValueId> inputs, TfAttributes attributes) {
  POISE_TRY(const std::vector<ValueId> made, add(op, std::move(inputs), 1, std::move(attributes)));
  return made[0];
}

Result<std::vector<ValueId>> TfBuilder::add(const char* op, std::vector<ValueId> inputs, std::size_t outputs,
                                            TfAttributes attributes) {
  Node node;
  node.op = op;
  node.name = unique(node_names_, node_ != nullptr ? node_->name : op);
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  for (std::size_t i = 0; i < outputs; ++i) {
    node.outputs.push_back(graph_.add_value(unique(value_names_, node_ != nullptr ? node_->name : op)));
  }
  return append(std::move(node));
}

Result<std::vector<ValueId>> TfBuilder::append(Node node) {
  POISE_RETURN_IF_ERROR(budget_.take(kNodeBytes * (1 + node.outputs.size())));
  const Operator* op = find_operator(node.op);
  if (op == nullptr) return unsupported("it wants the operator " + node.op + ", which is not supported");
  std::vector<ValueInfo> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? ValueInfo{} : info(id));
  POISE_TRY(std::vector<ValueInfo> outputs, op->infer(node, inputs));
  POISE_CHECK(outputs.size() == node.outputs.size());
  for (const ValueInfo& output : outputs) POISE_RETURN_IF_ERROR(check_output(output));
  known_.compute(node, *op, inputs, outputs);
  infos_.resize(graph_.values.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    infos_[static_cast<std::size_t>(node.outputs[i])] = std::move(outputs[i]);
  }
  std::vector<ValueId> ids = node.outputs;
  graph_.nodes.push_back(std::move(node));
  return ids;
}

const TfNode* TfBuilder::producer(int index) const {
  if (index == kNoValue) return nullptr;
  const int at = producers_[static_cast<std::size_t>(index)];
  return at == kNoValue ? nullptr : &network_.nodes[static_cast<std::size_t>(at)];
}

Result<std::shared_ptr<Tensor>> TfBuilder::turned(const Tensor& tensor, const std::vector<int>& axes,
                                                  const Shape& seen) {
  POISE_RETURN_IF_ERROR(budget_.take(tensor.bytes()));
  Node node;
  node.op = "Transpose";
  node.attributes["perm"] = std::vector<std::int64_t>(axes.begin(), axes.end());
  node.inputs = {0};
  node.outputs = {1};
  const Operator* op = find_operator(node.op);
  const ValueInfo from{.type = tensor.type(), .shape = seen, .constant = nullptr};
  POISE_TRY(const std::vector<ValueInfo> to, op->infer(node, {&from, 1}));
  std::vector<Tensor> made;
  made.emplace_back(to[0].shape, to[0].type);
  Tensor copy = tensor.clone();
  copy.reshape(seen);
  const Tensor* const input = &copy;
  op->run(node, {&input, 1}, made);
  return std::make_shared<Tensor>(std::move(made[0]));
}

Result<ValueId> TfBuilder::dequantized(const TfValue& stored, ValueId integers, std::int64_t axis) {
  POISE_TRY([[maybe_unused]] const Tensor fits, real_numbers(stored));
  const auto scales = static_cast<std::int64_t>(stored.grid.scales.size());
  Tensor zeros(scales > 1 ? Shape{scales} : Shape{}, DType::kInt8);
  std::ranges::transform(stored.grid.zeros, zeros.as<std::int8_t>().begin(),
                         [](std::int64_t zero) { return static_cast<std::int8_t>(zero); });
  POISE_TRY(const ValueId scale, constant(Tensor::from(zeros.shape(), stored.grid.scales), stored.name + ".scale"));
  POISE_TRY(const ValueId zero, constant(std::move(zeros), stored.name + ".zero"));
  return add("DequantizeLinear", {integers, scale, zero}, {{"axis", axis}});
}

Result<ValueId> TfBuilder::weight(int index, const std::vector<int>& axes, Shape wanted, int channel,
                                  std::int64_t axis) {
  std::string key = std::to_string(index);
  for (const int from : axes) key += "," + std::to_string(from);
  key += to_string(wanted);
  if (const auto found = weights_.find(key); found != weights_.end()) return found->second;
  const TfValue& stored = value(index);
  if (stored.constant == nullptr) return unsupported("its weight is computed: it must be a constant");
  const bool as_integers = stored.grid.any() && stored.constant->type() == DType::kInt8 &&
                           (stored.grid.scales.size() == 1 || stored.grid.axis == channel);
  const auto tensor = as_integers ? Result(stored.constant) : numbers(index);
  if (!tensor.ok()) return tensor.error();
  POISE_TRY(const std::shared_ptr<Tensor> permuted, turned(**tensor, axes, (*tensor)->shape()));
  POISE_TRY(const std::int64_t count, element_count(wanted));
  if (count != permuted->count()) {
    return malformed("its weight is " + to_string((*tensor)->shape()) + ": that does not fit");
  }
  permuted->reshape(std::move(wanted));
  ValueId id = keep(permuted, stored.name);
  if (as_integers) {
    POISE_TRY(id, dequantized(stored, id, axis));
  }
  release(index);
  weights_.emplace(std::move(key), id);
  return id;
}

void TfBuilder::release(int index) {
  if (readers_[static_cast<std::size_t>(index)] > 1) return;
  std::shared_ptr<const Tensor>& own = network_.values[static_cast<std::size_t>(index)].constant;
  std::shared_ptr<const Tensor>& real = numbers_[static_cast<std::size_t>(index)];
  budget_.give_back(own->bytes() + (real != nullptr && real != own ? real->bytes() : 0));
  own = std::make_shared<const Tensor>();
  real = nullptr;
}

void TfBuilder::alias(int index, int of) {
  form(index) = form(of);
  TfValue& from = network_.values[static_cast<std::size_t>(of)];
  TfValue& to = network_.values[static_cast<std::size_t>(index)];
  to.grid = from.grid;
  to.constant = from.constant;
  if (readers_[static_cast<std::size_t>(of)] == 1) from.constant = nullptr;  // nobody else asks for it
}

Result<ValueId> TfBuilder::round(const TfValue& value, ValueId id) {
  if (value.grid.scales.size() != 1) return unsupported("its output has a scale for each channel");
  const bool is_signed = value.type == DType::kInt8;
  if (!is_signed && value.type != DType::kUint8) {
    return unsupported("its output is rounded to " + std::string(name_of(value.type)) +
                       ": only 8-bit integers are supported");
  }
  Tensor zero(Shape{}, value.type);
  if (is_signed) {
    zero.as<std::int8_t>()[0] = static_cast<std::int8_t>(value.grid.zeros[0]);
  } else {
    zero.as<std::uint8_t>()[0] = static_cast<std::uint8_t>(value.grid.zeros[0]);
  }
  const ValueId scale = number(value.grid.scales[0]);
  const ValueId away = number(value.grid.scales[0] * kHalvesAway);
  POISE_TRY(const ValueId zero_point, constant(std::move(zero), value.name + ".zero"));
  POISE_TRY(const ValueId integers, add("QuantizeLinear", {id, away, zero_point}));
  return add("DequantizeLinear", {integers, scale, zero_point});
}

Status TfBuilder::set(int index, Laid laid) {
  const TfValue& made = value(index);
  if (made.grid.any() && info(laid.id).type == DType::kFloat32) {
    POISE_TRY(laid.id, round(made, laid.id));
  }
  return place(index, laid);
}

Status TfBuilder::place(int index, Laid laid) {
  if (info(laid.id).shape.size() != 4) laid.planar = false;
  (laid.planar ? form(index).planar : form(index).plain) = laid.id;
  return {};
}

Result<Graph> TfBuilder::finish() {
  node_ = nullptr;
  std::vector<std::string> names;
  std::unordered_set<ValueId> taken(graph_.inputs.begin(), graph_.inputs.end());
  for (const int index : network_.outputs) {
    POISE_TRY(ValueId id, plain(index));
    if (graph_.constant(id) != nullptr || !taken.insert(id).second) {
      POISE_TRY(id, add("Identity", {id}));
    }
    taken.insert(id);
    graph_.outputs.push_back(id);
    names.push_back(value(index).name);
  }
  std::unordered_set<std::string> used;
  for (const ValueId id : graph_.inputs) used.insert(graph_.values[static_cast<std::size_t>(id)].name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    graph_.values[static_cast<std::size_t>(graph_.outputs[i])].name = unique(used, names[i]);
  }
  POISE_RETURN_IF_ERROR(graph_.validate());
  remove_dead(graph_);
  return std::move(graph_);
}

}  // namespace poise
