#include "poise/engine/backends/onednn/builder.h"

#include <algorithm>

namespace poise::onednn {
namespace {

/// Channels a block: what the widest vector unit holds.
int channel_block() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core:
    case dnnl::cpu_isa::avx512_core_vnni:
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
      return 16;
    default:
      return 8;
  }
}

}  // namespace

Builder::Builder(const Source& source, WeightStore& weights_in, WeightStore plan_weights_in, Precision precision_in,
                 Forms forms)
    : plan_weights(std::move(plan_weights_in)),
      graph(source.graph),
      engine(weights_in.engine()),
      block(channel_block()),
      precision(precision_in),
      program_(source.program),
      shared_weights_(weights_in),
      infos_(source.infos),
      slots_(source.graph.values.size()),
      last_use_(source.graph.values.size(), -1),
      grids_(source.graph.values.size()),
      forms_(std::move(forms)) {
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
    const Node& node = graph.nodes[i];
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) last_use_[id] = i;
    }
    if (node.fusion.residual != kNoValue) last_use_[node.fusion.residual] = i;
  }
  for (const ValueId id : graph.outputs) last_use_[id] = INT_MAX;
  for (int i = 0; i < static_cast<int>(graph.inputs.size()); ++i) {
    const ValueId id = graph.inputs[i];
    slots_[id].push_back({Binding::Kind::kInput, i, plain(shape(id)), true});
  }
  find_grids();
  joints_ = Joints(graph, infos_, block);
}

/// Integers that are only turned back into floats are ours to lay out; what else reads them takes them row-major.
void Builder::find_grids() {
  for (const Node& node : graph.nodes) {
    if (node.fusion.grid.any()) grids_[node.outputs[0]] = node.fusion.grid;
    if (node.op == "QuantizeLinear" && graph.constant(node.inputs[0]) == nullptr) {
      grids_[node.outputs[0]] = graph.grid_of(node);
    }
  }
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.inputs) {
      if (id == kNoValue || !grids_[id].any()) continue;
      if (node.op != "DequantizeLinear" || graph.grid_of(node) != grids_[id]) grids_[id] = {};
    }
  }
  for (const ValueId id : graph.outputs) grids_[id] = {};
  for (const Node& node : graph.nodes) {
    if (node.op == "DequantizeLinear") grids_[node.outputs[0]] = grids_[node.inputs[0]];
  }
}

Desc Builder::plain(const Shape& shape, Type type) {
  if (shape.empty()) return Desc({1}, type, Tag::a);
  return Desc(shape, type, row_steps(shape));
}

Shape Builder::row_steps(const Shape& shape) {
  Shape steps(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) steps[i - 1] = steps[i] * shape[i];
  return steps;
}

Desc Builder::row_major(ValueId id) const {
  if (type(id) == DType::kFloat32) return plain(shape(id));
  const auto bytes = element_count(shape(id)).value() * static_cast<std::int64_t>(size_of(type(id)));
  return Desc({bytes}, dnnl::memory::data_type::u8, Tag::a);  // oneDNN knows no int64: moved as bytes
}

Desc Builder::blocked(const Shape& shape, Type type) const {
  if (shape.size() != 4) return plain(shape, type);
  return Desc(shape, type, block == 16 ? Tag::nChw16c : Tag::nChw8c);
}

Desc Builder::pixels(const Shape& shape, Type type) {
  return shape.size() == 4 ? Desc(shape, type, Tag::nhwc) : plain(shape, type);
}

Desc Builder::desc(ValueId id) const {
  const auto& forms = slots_[id];
  if (held_as_integers(id)) return blocked(shape(id));
  return forms.empty() ? row_major(id) : forms.front().layout;
}

bool Builder::held_as_integers(ValueId id) const {
  return grid(id).any() && !slots_[id].empty() && is_integer(type_of(slots_[id].front().layout));
}

void Builder::alias(ValueId id, ValueId source) {
  const std::vector<Slot> slots = slots_[source];
  slots_[id].clear();
  for (const Slot& slot : slots) add_slot(id, slot);
}

void Builder::add_slot(ValueId id, const Slot& slot) {
  slots_[id].push_back(slot);
  if (slot.kind == Binding::Kind::kArena) holders_[slot.index].push_back(id);
}

bool Builder::buffer_needed(int index) {
  const std::vector<ValueId>& inputs = graph.nodes[node_index_].inputs;
  std::vector<ValueId>& holders = holders_[index];
  const auto is_needed = [&](ValueId id) {
    const bool read_now = std::find(inputs.begin(), inputs.end(), id) != inputs.end();
    if (!read_now && last_use_[id] <= node_index_) return false;
    return std::any_of(slots_[id].begin(), slots_[id].end(),
                       [index](const Slot& slot) { return slot.kind == Binding::Kind::kArena && slot.index == index; });
  };
  for (; !holders.empty(); holders.pop_back()) {  // what nobody reads any more is forgotten: nodes only come later
    if (is_needed(holders.back())) return true;
  }
  return false;
}

dnnl::memory Builder::bind(Binding::Kind kind, int index, const Desc& layout, std::size_t offset) {
  dnnl::memory memory(layout, engine, DNNL_MEMORY_NONE);
  bindings.push_back({kind, index, memory, offset});
  if (kind == Binding::Kind::kArena) held_.push_back(index);
  return memory;
}

dnnl::memory Builder::temporary(const Desc& layout) {
  return bind(Binding::Kind::kArena, arena.add(layout.get_size(), now()), layout);
}

dnnl::memory Builder::view(const dnnl::memory& memory, const Desc& layout, std::size_t offset) {
  const auto bound =
      std::find_if(bindings.rbegin(), bindings.rend(), [&](const Binding& one) { return one.memory == memory; });
  POISE_CHECK(bound != bindings.rend());
  return bind(bound->kind, bound->index, layout, bound->offset + offset);
}

bool Builder::alias_part(ValueId id, ValueId source, const Desc& held, std::size_t offset, const Desc& layout) {
  const auto& slots = slots_[source];
  const auto found = std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.layout == held; });
  if (found == slots.end()) return false;
  Slot part = *found;
  part.layout = layout;
  part.offset += offset;
  slots_[id].clear();
  add_slot(id, part);
  return true;
}

dnnl::memory Builder::read(ValueId id, const Desc& wanted) {
  if (const Tensor* constant = graph.constant(id); constant != nullptr && slots_[id].empty()) {
    const Desc have = row_major(id);
    if (program_.constant(id) == nullptr) plan_constants.push_back(graph.values[id].constant);
    dnnl::memory fixed(have, engine, const_cast<void*>(constant->data()));  // oneDNN has no const memory; only read
    if (have == wanted) return fixed;
    return weights(id).get({id}, have, wanted, [constant] { return constant->clone(); });
  }
  for (const Slot& slot : slots_[id]) {
    if (slot.layout == wanted) return bind(slot.kind, slot.index, slot.layout, slot.offset);
  }
  POISE_CHECK(!slots_[id].empty());
  const Slot source = slots_[id].front();
  dnnl::memory from = bind(source.kind, source.index, source.layout, source.offset);
  const Slot target{Binding::Kind::kArena, arena.add(wanted.get_size(), now()), wanted, true};
  dnnl::memory to = bind(target.kind, target.index, wanted);
  add_slot(id, target);
  Node reorder;
  reorder.op = "reorder";
  reorder.name = graph.values[id].name;
  add_reorder(reorder, from, to, grid(id));
  return bind(target.kind, target.index, wanted);
}

dnnl::memory Builder::write(ValueId id, const Desc& layout) {
  const std::optional<Slot> place = place_in_joint(id, layout);
  const Slot slot = place ? *place : Slot{Binding::Kind::kArena, arena.add(layout.get_size(), now()), layout, true};
  slots_[id].clear();
  add_slot(id, slot);
  return bind(slot.kind, slot.index, layout, slot.offset);
}

dnnl::memory Builder::write_over(ValueId id, ValueId source, const Desc& held, const Desc& layout) {
  const dnnl::memory from = read(source, held);
  if (graph.constant(source) == nullptr && joints_.place(id).joint == kNoValue) {
    for (const Slot& slot : slots_[source]) {
      if (slot.layout == held && slot.kind == Binding::Kind::kArena && !buffer_needed(slot.index)) {
        Slot taken = slot;
        taken.layout = layout;
        slots_[id].clear();
        add_slot(id, taken);
        return bind(taken.kind, taken.index, layout, taken.offset);
      }
    }
  }
  const dnnl::memory copy = view(write(id, layout), held);
  Node node;
  node.op = "copy";
  node.name = graph.values[source].name;
  add_reorder(node, from, copy);
  const Slot& written = slots_[id].front();
  return bind(written.kind, written.index, layout, written.offset);
}

std::optional<Builder::Slot> Builder::place_in_joint(ValueId id, const Desc& layout) {
  const Joints::Place place = joints_.place(id);
  const ValueId joint = place.joint == kNoValue ? id : place.joint;
  const auto known = joint_buffers_.find(joint);
  if (place.joint == kNoValue && known == joint_buffers_.end()) return std::nullopt;
  const Type type = type_of(layout);
  if ((type != Type::f32 && type != Type::bf16) || layout != blocked(shape(id), type)) return std::nullopt;
  if (known != joint_buffers_.end() && known->second.second != type) return std::nullopt;
  const int index =
      known != joint_buffers_.end() ? known->second.first : arena.add(blocked(shape(joint), type).get_size(), now());
  joint_buffers_.try_emplace(joint, index, type);
  const auto area = static_cast<std::size_t>(shape(id)[2] * shape(id)[3]);
  const std::size_t element = type == Type::f32 ? 4 : 2;
  return Slot{Binding::Kind::kArena, index, layout, true, static_cast<std::size_t>(place.channel) * area * element};
}

std::optional<Type> Builder::joint_type(ValueId id) const {
  const ValueId root = joints_.place(id).joint;
  const auto known = joint_buffers_.find(root == kNoValue ? id : root);
  return known == joint_buffers_.end() ? std::nullopt : std::optional(known->second.second);
}

bool Builder::stands_in(ValueId id, ValueId joint, std::size_t offset, const Desc& layout) const {
  const auto& whole = slots_[joint];
  return std::any_of(slots_[id].begin(), slots_[id].end(), [&](const Slot& slot) {
    return slot.layout == layout && slot.kind == whole.front().kind && slot.index == whole.front().index &&
           slot.offset == whole.front().offset + offset;
  });
}

void Builder::add_kernel(const Node& node, const std::string& what, const Kernel& kernel,
                         std::unordered_map<int, dnnl::memory> arguments, std::int64_t multiply_adds) {
  if (const std::size_t bytes = kernel.scratchpad.get_size(); bytes > 0) {
    scratch_bytes = std::max(scratch_bytes, bytes);
    arguments.emplace(DNNL_ARG_SCRATCHPAD, temporary(kernel.scratchpad));
  }
  Node named = node;
  named.name += what;
  add_step(named, kernel.name, multiply_adds,
           [primitive = kernel.primitive, arguments = std::move(arguments)](dnnl::stream& stream) {
             primitive.execute(stream, arguments);
           });
}

void Builder::add_reorder(const Node& node, const dnnl::memory& from, const dnnl::memory& to, const Grid& grid) {
  const Desc source = from.get_desc();
  const Desc destination = to.get_desc();
  dnnl::primitive_attr attributes = user_scratchpad();
  const bool from_integers = is_integer(type_of(source));
  if (grid.any() && from_integers != is_integer(type_of(destination))) {
    attributes.set_output_scales(0, {from_integers ? grid.scale : 1.0F / grid.scale});
    if (grid.zero != 0) attributes.set_zero_points(from_integers ? DNNL_ARG_FROM : DNNL_ARG_TO, 0, {grid.zero});
  }
  const dnnl::reorder::primitive_desc planned(engine, source, engine, destination, attributes);
  add_primitive(node, "", planned, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}, 0);
}

dnnl::memory Builder::float_bias(const Node& node) {
  const ValueId id = node.inputs[2];
  return weights(id).vector({id}, [&] { return graph.constant(id)->clone(); });
}

void Builder::add_step(const Node& node, const std::string& kernel, std::int64_t multiply_adds,
                       std::function<void(dnnl::stream&)> run) {
  for (const int buffer : held_) arena.touch(buffer, now());
  steps.push_back({node_index_, node.label(), kernel, multiply_adds, std::move(run)});
}

Status Builder::lower(const Node& node) {
  Result<bool> done = false;
  const auto computes_other = [this](ValueId id) {
    return id != kNoValue && graph.constant(id) == nullptr && type(id) != DType::kFloat32 && !grid(id).any();
  };
  if (lower_rounding(*this, node)) return {};
  if (std::any_of(node.inputs.begin(), node.inputs.end(), computes_other) ||
      std::any_of(node.outputs.begin(), node.outputs.end(), computes_other)) {
    // Integers and truth values: little to compute, left to the plain implementation.
  } else if (node.op == "Conv") {
    done = lower_conv(*this, node);
  } else if (node.op == "ConvTranspose") {
    done = lower_conv_transpose(*this, node);
  } else {
    done = lower_other(*this, node);
  }
  if (!done.ok()) return done.error();
  return *done ? Status{} : lower_reference(*this, node);
}

Status Builder::build() {
  for (node_index_ = 0; node_index_ < static_cast<int>(graph.nodes.size()); ++node_index_) {
    const Node& node = graph.nodes[node_index_];
    held_.clear();
    try {
      if (const Status status = lower(node); !status.ok()) return status.error().prefixed(node.label());
    } catch (const dnnl::error& error) {
      return unsupported(node.label() + ": oneDNN refuses it (" + error.what() + "); try option \"backend\" reference");
    }
  }
  for (int i = 0; i < static_cast<int>(graph.outputs.size()); ++i) {
    const ValueId id = graph.outputs[i];
    held_.clear();
    const Desc wanted = row_major(id);
    const dnnl::memory from = read(id, desc(id));
    dnnl::memory to = bind(Binding::Kind::kOutput, i, wanted);
    Node node;
    node.op = "output";
    node.name = graph.values[id].name;
    add_reorder(node, from, to);
  }
  arena.place();
  return {};
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

void append_activation(dnnl::post_ops& after, const Fusion& fusion, float unit) {
  switch (fusion.activation) {
    case Activation::kNone:
      break;
    case Activation::kRelu:
      after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
      break;
    case Activation::kClip:
      after.append_eltwise(1.0F, dnnl::algorithm::eltwise_clip, fusion.low / unit, fusion.high / unit);
      break;
    case Activation::kLeakyRelu:
      after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, fusion.low, 0.0F);
      break;
    case Activation::kSigmoid:
      POISE_CHECK(unit == 1.0F);
      after.append_eltwise(1.0F, dnnl::algorithm::eltwise_logistic, 0.0F, 0.0F);
      break;
    case Activation::kHardSwish:
      POISE_CHECK(unit == 1.0F);
      after.append_eltwise(1.0F, dnnl::algorithm::eltwise_hardswish, 0.0F, 0.0F);
      break;
    case Activation::kSwish:
      POISE_CHECK(unit == 1.0F);
      after.append_eltwise(1.0F, dnnl::algorithm::eltwise_swish, fusion.low, 0.0F);
      break;
    case Activation::kGelu:
      POISE_CHECK(unit == 1.0F);
      after.append_eltwise(1.0F, dnnl::algorithm::eltwise_gelu_erf, 0.0F, 0.0F);
      break;
    case Activation::kMish:
      POISE_CHECK(unit == 1.0F);
      after.append_eltwise(1.0F, dnnl::algorithm::eltwise_mish, 0.0F, 0.0F);
      break;
  }
}

dnnl::primitive_attr make_attributes(const Fusion& fusion, bool sum) {
  dnnl::post_ops after;
  if (sum) after.append_sum(1.0F);
  append_activation(after, fusion, 1.0F);
  dnnl::primitive_attr attributes = user_scratchpad();
  attributes.set_post_ops(after);
  return attributes;
}

}  // namespace poise::onednn
