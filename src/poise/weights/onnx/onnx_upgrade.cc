#include "poise/weights/onnx/onnx_upgrade.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "poise/graph/ops/operator.h"

namespace poise {
namespace {

using Integers = std::vector<std::int64_t>;

class Upgrader {
 public:
  Upgrader(Graph& graph, int opset, std::span<const std::int64_t> node_opsets)
      : graph_(graph), opset_(opset), node_opsets_(node_opsets) {
    target_ = std::max(opset, 13);
    for (const std::int64_t one : node_opsets) target_ = std::max(target_, static_cast<int>(one));
    for (const Value& value : graph.values) names_.insert(value.name);
    read_.assign(graph.values.size(), 0);
    for (const Node& node : graph.nodes) {
      for (const ValueId id : node.inputs) mark_read(id);
    }
    for (const ValueId id : graph.outputs) mark_read(id);
  }

  void run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    const int of_model = opset_;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      Node& node = nodes[i];
      const std::int64_t own = i < node_opsets_.size() ? node_opsets_[i] : 0;
      opset_ = own > 0 ? static_cast<int>(own) : of_model;
      upgrade(node);
      bring_to_target(node);
      if (is_one_dimensional(node)) add_axis(node);
      trim_outputs(node);
      graph_.nodes.push_back(std::move(node));
    }
    graph_.opset = target_;
  }

 private:
  void upgrade(Node& node) {
    if (node.op == "Upsample") return upsample(node);
    if (node.op == "Resize" && opset_ < 11) return resize(node);
    if (opset_ < 10 && node.op == "Slice") {
      for (const auto& [name, position] : {std::pair{"starts", 1}, {"ends", 2}, {"axes", 3}}) {
        integers_to_input(node, name, static_cast<std::size_t>(position));
      }
    } else if (opset_ < 11 && node.op == "Clip") {
      real_to_input(node, "min", 1);
      real_to_input(node, "max", 2);
    } else if (opset_ < 11 && node.op == "Pad") {
      integers_to_input(node, "pads", 1);
      real_to_input(node, "value", 2);
    } else if (opset_ < 12 && node.op == "Dropout") {
      node.attributes.erase("ratio");  // means nothing outside training
    } else if (opset_ < 13 && (node.op == "Squeeze" || node.op == "Unsqueeze" || node.op == "ReduceSum")) {
      integers_to_input(node, "axes", 1);
    } else if (opset_ < 13 && node.op == "Split") {
      integers_to_input(node, "split", 1);
    } else if (opset_ < 13 && (node.op == "Softmax" || node.op == "LogSoftmax")) {
      softmax(node);
    } else if (opset_ < 16 && node.op == "RoiAlign") {
      node.attributes.insert_or_assign("coordinate_transformation_mode", std::string("output_half_pixel"));
    }
  }

  // A function's nodes of an older opset than the model's other ones.
  void bring_to_target(Node& node) {
    if (opset_ < 18 && target_ >= 18) {
      const bool counts = node.op.starts_with("Reduce");
      if (counts) integers_to_input(node, "axes", 1);
      if (node.op == "Split" && node.inputs.size() < 2) {
        node.attributes.insert_or_assign("num_outputs", static_cast<std::int64_t>(node.outputs.size()));
      }
    }
    if (opset_ < 20 && target_ >= 20 && node.op == "GridSample") {
      const std::string mode = node.text("mode", "bilinear");
      node.attributes.insert_or_assign("mode", mode.starts_with("bi") ? mode.substr(2) : mode);
    }
  }

  // Whether it is a layer of one spatial axis, as far as weight or kernel say so.
  bool is_one_dimensional(const Node& node) const {
    const bool convolves = node.op == "Conv" || node.op == "ConvTranspose";
    if (!convolves && node.op != "MaxPool" && node.op != "AveragePool") return false;
    if (node.inputs.empty() || node.outputs.empty()) return false;
    if (node.integers("kernel_shape").size() == 1) return true;
    const auto has_three = [&](std::size_t i) {  // of what is computed the shape is not known yet
      const ValueId id = i < node.inputs.size() ? node.inputs[i] : kNoValue;
      return id != kNoValue && graph_.values[id].shape.size() == 3;
    };
    return has_three(0) || (convolves && has_three(1));
  }

  // (N, C, L) is (N, C, 1, L) for the layer.
  void add_axis(Node& node) {
    for (const char* name : {"kernel_shape", "strides", "dilations", "output_padding", "output_shape", "pads"}) {
      const auto found = node.attributes.find(name);
      if (found == node.attributes.end()) continue;
      const auto* given = std::get_if<Integers>(&found->second);
      if (given == nullptr) continue;
      const bool counts_from_zero = std::string_view(name) == "pads" || std::string_view(name) == "output_padding";
      const std::int64_t none = counts_from_zero ? 0 : 1;
      Integers widened;
      for (const std::int64_t value : *given) widened.insert(widened.end(), {none, value});
      found->second = std::move(widened);
    }
    const ValueId axis = add_constant(node.name + ".axis", Tensor::from(Shape{1}, Integers{2}));
    node.inputs[0] = add_node("Unsqueeze", node.name + ".wide", {node.inputs[0], axis}, {});
    if (node.op.starts_with("Conv") && node.inputs.size() > 1) {
      node.inputs[1] = add_node("Unsqueeze", node.name + ".wide_weight", {node.inputs[1], axis}, {});
    }
    const ValueId result = node.outputs[0];
    node.outputs[0] = add_value(node.name + ".wide_result");
    Node back;
    back.op = "Squeeze";
    back.name = node.name + ".back";
    back.inputs = {node.outputs[0], axis};
    back.outputs = {result};
    graph_.nodes.push_back(std::move(back));
  }

  // Before opset 13 all axes from `axis` on are normalised together.
  void softmax(Node& node) {
    const std::int64_t axis = node.integer("axis", 1);
    node.attributes.insert_or_assign("axis", std::int64_t{-1});
    if (axis == -1 || node.inputs.empty() || node.outputs.empty()) return;
    const ValueId flat = add_node("Flatten", node.name + ".flat", {node.inputs[0]}, {{"axis", axis}});
    const ValueId shape = add_node("Shape", node.name + ".shape", {node.inputs[0]}, {});
    const ValueId result = node.outputs[0];
    node.inputs[0] = flat;
    node.outputs[0] = add_value(node.name + ".normalised");
    Node back;
    back.op = "Reshape";
    back.name = node.name + ".back";
    back.inputs = {node.outputs[0], shape};
    back.outputs = {result};
    graph_.nodes.push_back(std::move(back));
  }

  void resize(Node& node) {
    node.inputs.resize(2, kNoValue);
    node.inputs.insert(node.inputs.begin() + 1, kNoValue);  // the region of interest
    node.attributes.insert_or_assign("coordinate_transformation_mode", std::string("asymmetric"));
    node.attributes.insert_or_assign("nearest_mode", std::string("floor"));
  }

  void upsample(Node& node) {
    const auto scales = node.attributes.find("scales");
    if (scales != node.attributes.end()) {
      if (const auto* values = std::get_if<std::vector<float>>(&scales->second)) {
        node.inputs.resize(1, kNoValue);
        const Shape shape{static_cast<std::int64_t>(values->size())};
        node.inputs.push_back(add_constant(node.name + ".scales", Tensor::from(shape, *values)));
        node.attributes.erase(scales);
      }
    }
    node.op = "Resize";
    resize(node);
    const auto mode = node.attributes.find("mode");
    const auto* text = mode == node.attributes.end() ? nullptr : std::get_if<std::string>(&mode->second);
    if (text != nullptr && *text == "bilinear") mode->second = std::string("linear");  // Caffe2's word
  }

  void integers_to_input(Node& node, const char* name, std::size_t position) {
    const auto found = node.attributes.find(name);
    if (found == node.attributes.end()) return;
    const auto* values = std::get_if<Integers>(&found->second);
    if (values == nullptr) return;  // of a wrong kind: validate() says so
    const Shape shape{static_cast<std::int64_t>(values->size())};
    set_input(node, position, add_constant(node.name + "." + name, Tensor::from(shape, *values)));
    node.attributes.erase(found);
  }

  void real_to_input(Node& node, const char* name, std::size_t position) {
    const auto found = node.attributes.find(name);
    if (found == node.attributes.end()) return;
    const auto* value = std::get_if<float>(&found->second);
    if (value == nullptr) return;
    set_input(node, position, add_constant(node.name + "." + name, Tensor::from(Shape{}, std::vector<float>{*value})));
    node.attributes.erase(found);
  }

  static void set_input(Node& node, std::size_t position, ValueId id) {
    if (node.inputs.size() <= position) node.inputs.resize(position + 1, kNoValue);
    node.inputs[position] = id;
  }

  void trim_outputs(Node& node) {
    const Operator* op = find_operator(node.op);
    const std::size_t most = op == nullptr ? node.outputs.size() : op->max_outputs;
    while (node.outputs.size() > most && !is_read(node.outputs.back())) node.outputs.pop_back();
    for (ValueId& id : node.outputs) {
      if (id == kNoValue) id = add_value(node.name + ".unread");
    }
  }

  ValueId add_constant(const std::string& name, Tensor tensor) {
    return graph_.add_constant(fresh(name), std::make_shared<const Tensor>(std::move(tensor)));
  }
  ValueId add_value(const std::string& name) { return graph_.add_value(fresh(name)); }
  ValueId add_node(const char* op, const std::string& name, std::vector<ValueId> inputs,
                   std::map<std::string, Attribute, std::less<>> attributes) {
    return graph_.add_node(op, name, std::move(inputs), fresh(name), std::move(attributes));
  }

  /// Numbered where it is taken: a longer one each time takes time without end.
  std::string fresh(const std::string& wanted) {
    std::string name = wanted;
    while (!names_.insert(name).second) name = wanted + "_" + std::to_string(++renamed_);
    return name;
  }

  void mark_read(ValueId id) {
    if (id != kNoValue) read_[static_cast<std::size_t>(id)] = 1;
  }
  bool is_read(ValueId id) const {
    return id != kNoValue && static_cast<std::size_t>(id) < read_.size() && read_[static_cast<std::size_t>(id)] != 0;
  }

  Graph& graph_;
  int opset_;  // of the node at hand
  std::span<const std::int64_t> node_opsets_;
  int target_ = 13;
  std::int64_t renamed_ = 0;
  std::unordered_set<std::string> names_;
  std::vector<char> read_;
};

}  // namespace

bool is_retired_operator(std::string_view op) { return op == "Upsample"; }

void upgrade_nodes(Graph& graph, int opset, std::span<const std::int64_t> node_opsets) {
  Upgrader(graph, opset, node_opsets).run();
}

}  // namespace poise
