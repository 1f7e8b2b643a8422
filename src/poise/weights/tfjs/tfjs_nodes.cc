#include "poise/weights/tfjs/tfjs_nodes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>

#include "poise/base/printable.h"

namespace poise {
namespace {

using Ints = std::vector<std::int64_t>;

/// An attribute as protobuf's JSON has it: {"i": "1"}, {"s": "U0FNRQ=="}, {"list": {"i": [...]}}; integers are texts or
/// numbers, bytes are base64.
class JsonAttributes {
 public:
  explicit JsonAttributes(const Json* attributes) : attributes_(attributes) {}

  std::optional<std::int64_t> integer(std::string_view name) const {
    const Json* const value = member(name, "i");
    return value == nullptr ? std::nullopt : integer_of(*value);
  }
  bool flag(std::string_view name) const {
    const Json* const value = member(name, "b");
    return value != nullptr && value->is_bool() && value->as_bool();
  }
  std::optional<double> real(std::string_view name) const {
    const Json* const value = member(name, "f");
    return value != nullptr && value->is_number() ? std::optional(value->as_number()) : std::nullopt;
  }
  std::string text(std::string_view name) const {
    const Json* const value = member(name, "s");
    return value != nullptr && value->is_string() ? from_base64(value->as_string()) : std::string();
  }
  std::string type(std::string_view name) const {
    const Json* const value = member(name, "type");
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  }
  Ints integers(std::string_view name) const {
    Ints list;
    each(name, "i", [&list](const Json& item) { list.push_back(integer_of(item).value_or(0)); });
    return list;
  }
  std::vector<std::string> texts(std::string_view name) const {
    std::vector<std::string> list;
    each(name, "s", [&list](const Json& item) {
      if (item.is_string()) list.push_back(from_base64(item.as_string()));
    });
    return list;
  }
  const Json* shape(std::string_view name) const { return member(name, "shape"); }

  static std::optional<std::int64_t> integer_of(const Json& value) {
    if (value.is_integer()) return value.as_integer();
    if (!value.is_string()) return std::nullopt;
    const std::string& text = value.as_string();
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() ? std::optional(number) : std::nullopt;
  }

 private:
  static constexpr std::size_t kMostItems = 64;

  const Json* member(std::string_view name, std::string_view kind) const {
    const Json* const attribute = attributes_ == nullptr ? nullptr : attributes_->find(name);
    return attribute == nullptr ? nullptr : attribute->find(kind);
  }
  template <typename F>
  void each(std::string_view name, std::string_view kind, F f) const {
    const Json* const list = member(name, "list");
    const Json* const items = list == nullptr ? nullptr : list->find(kind);
    if (items == nullptr || !items->is_array()) return;
    for (std::size_t i = 0; i < std::min(items->as_array().size(), kMostItems); ++i) f(items->as_array()[i]);
  }
  /// What is no base64 stays as it is: older converters wrote plain text.
  static std::string from_base64(const std::string& text) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : std::string_view(text).substr(0, std::min(text.find('='), text.size()))) {
      const std::size_t digit = kDigits.find(c);
      if (digit == std::string_view::npos) return text;
      bits = (bits << 6U | static_cast<std::uint32_t>(digit)) & 0xffffffU;
      count += 6;
      if (count >= 8) {
        count -= 8;
        bytes += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU);
      }
    }
    return bytes;
  }

  const Json* attributes_;
};

/// Height and width of a list of (N, H, W, C).
Status put_sides(TfAttributes& to, const char* name, const JsonAttributes& from, const char* theirs) {
  const Ints list = from.integers(theirs);
  if (list.empty()) return {};
  if (list.size() != 4 || list[0] != 1 || list[3] != 1)
    return unsupported(std::string(theirs) + " is not of height and width");
  to[name] = Ints{list[1], list[2]};
  return {};
}

Status put_window(TfAttributes& to, const JsonAttributes& from) {
  if (const std::string format = from.text("data_format"); !format.empty() && format != "NHWC") {
    return unsupported("its data_format is " + printable(format) + ", only NHWC is supported");
  }
  POISE_RETURN_IF_ERROR(put_sides(to, "strides", from, "strides"));
  POISE_RETURN_IF_ERROR(put_sides(to, "dilations", from, "dilations"));
  POISE_RETURN_IF_ERROR(put_sides(to, "kernel", from, "ksize"));
  if (std::string padding = from.text("padding"); !padding.empty()) to["padding"] = std::move(padding);
  return {};
}

/// What grappler has fused into a convolution or product: a bias, then one activation.
Status put_fused(TfNode& node, const JsonAttributes& from) {
  for (const std::string& step : from.texts("fused_ops")) {
    if (step == "BiasAdd") continue;
    if (node.attributes.contains("activation") || step == "FusedBatchNorm" || step == "Add") {
      return unsupported("it has " + printable(step) + " fused into it, which is not supported");
    }
    node.attributes["activation"] = step;
    if (step == "LeakyRelu") node.attributes["alpha"] = static_cast<float>(from.real("leakyrelu_alpha").value_or(0.2));
  }
  return {};
}

/// ONNX's number of a type: 1 float, 7 integers, 9 bool.
std::int64_t type_number(const std::string& type) {
  if (type == "DT_BOOL") return 9;
  const bool is_float = type == "DT_FLOAT" || type == "DT_HALF" || type == "DT_DOUBLE" || type == "DT_BFLOAT16";
  return is_float ? 1 : 7;
}

Status put_attributes(TfNode& node, const JsonAttributes& from) {
  const bool depthwise = node.op == "DepthwiseConv2dNative" || node.op == "FusedDepthwiseConv2dNative";
  const bool transposed = node.op == "Conv2DBackpropInput";
  if (depthwise || transposed || node.op == "Conv2D" || node.op == "_FusedConv2D") {
    POISE_RETURN_IF_ERROR(put_window(node.attributes, from));
    node.attributes["filter"] = std::string(depthwise ? "HWCM" : transposed ? "HWOI" : "HWIO");
  }
  if (node.op == "MaxPool" || node.op == "AvgPool") POISE_RETURN_IF_ERROR(put_window(node.attributes, from));
  POISE_RETURN_IF_ERROR(put_fused(node, from));
  if (node.op == "Cast") node.attributes["to"] = type_number(from.type("DstT"));
  if (node.op == "MirrorPad") node.attributes["mode"] = from.text("mode");
  if (node.op == "LeakyRelu") node.attributes["alpha"] = static_cast<float>(from.real("alpha").value_or(0.2));
  if (node.op == "FusedBatchNormV3" || node.op == "FusedBatchNorm") {
    if (from.flag("is_training")) return unsupported("it is in training mode: convert the model for inference");
    node.attributes["epsilon"] = static_cast<float>(from.real("epsilon").value_or(1e-4));
  }
  for (const char* name : {"align_corners", "half_pixel_centers", "keep_dims", "transpose_a", "transpose_b"}) {
    if (from.flag(name)) node.attributes[name] = std::int64_t{1};
  }
  // BatchMatMul says it otherwise.
  if (from.flag("adj_x")) node.attributes["transpose_a"] = std::int64_t{1};
  if (from.flag("adj_y")) node.attributes["transpose_b"] = std::int64_t{1};
  for (const char* name :
       {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask", "block_size", "batch_dims"}) {
    if (const auto value = from.integer(name)) node.attributes[name] = *value;
  }
  if (node.op == "Pack" || node.op == "Unpack") node.attributes["axis"] = from.integer("axis").value_or(0);
  if (node.op == "Squeeze") node.attributes["squeeze_dims"] = from.integers("squeeze_dims");
  return {};
}

/// How many outputs a node has, where more than one may be read.
std::size_t output_count(const std::string& op, const JsonAttributes& attributes) {
  constexpr std::int64_t kMost = 4096;
  if (op == "TopKV2") return 2;
  const char* const name = op == "Unpack" ? "num" : op == "Split" || op == "SplitV" ? "num_split" : nullptr;
  if (name == nullptr) return 1;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(attributes.integer(name).value_or(1), 1, kMost));
}

Result<Shape> input_shape(const Json* shape) {
  const Json* const dims = shape == nullptr ? nullptr : shape->find("dim");
  if (dims == nullptr || !dims->is_array() || dims->as_array().size() > 8)
    return unsupported("it has no shape of up to 8 axes");
  Shape extents;
  for (const Json& dim : dims->as_array()) {
    const Json* const size = dim.find("size");
    const auto extent = size == nullptr ? std::nullopt : JsonAttributes::integer_of(*size);
    if (!extent || *extent < -1) return malformed("its shape holds what is no extent");
    extents.push_back(*extent > 0 ? *extent : -1);
  }
  return extents;
}

class NodesReader {
 public:
  NodesReader(const Json& model, TfjsWeights weights, ReadingBudget& budget)
      : model_(model), weights_(std::move(weights)), budget_(budget) {}

  Result<TfNetwork> read(int most_nodes) {
    const Json* const topology = model_.find("modelTopology");
    const Json* const nodes = topology == nullptr ? nullptr : topology->find("node");
    if (nodes == nullptr || !nodes->is_array()) {
      return unsupported(
          "its modelTopology has no list of nodes: a layers model (of Keras) is not read, convert it to a " +
          std::string("graph model"));
    }
    if (nodes->as_array().size() > static_cast<std::size_t>(most_nodes))
      return too_large("it has more nodes than are read");
    network_.name = "main";
    for (const Json& node : nodes->as_array()) POISE_RETURN_IF_ERROR(declare(node));
    POISE_RETURN_IF_ERROR(check_tf_operators(network_));
    for (const auto& [node, json] : declared_) POISE_RETURN_IF_ERROR(connect(node, *json));
    POISE_RETURN_IF_ERROR(sort());
    POISE_RETURN_IF_ERROR(find_outputs());
    return std::move(network_);
  }

 private:
  /// A node's values get their places; what reads them comes later.
  Status declare(const Json& json) {
    const auto name = json.string("name");
    const auto op = json.string("op");
    if (!name.ok() || !op.ok()) return malformed("a node has no name or no op");
    const JsonAttributes attributes(json.find("attr"));
    const std::size_t outputs = output_count(*op, attributes);
    POISE_RETURN_IF_ERROR(
        budget_.take((sizeof(TfNode) + name->size() + 512) + outputs * (sizeof(TfValue) + name->size())));
    const auto first = static_cast<int>(network_.values.size());
    if (!first_value_.emplace(*name, std::pair(first, outputs)).second) {
      return malformed("two nodes have the name " + printable(*name));
    }
    for (std::size_t i = 0; i < outputs; ++i) {
      network_.values.push_back({.name = i == 0 ? *name : *name + ":" + std::to_string(i)});
    }
    if (*op == "Const") return add_constant(first, *name);
    if (*op == "Placeholder" || *op == "PlaceholderWithDefault") return add_input(first, *name, attributes);
    TfNode& node = network_.nodes.emplace_back();
    node.op = *op;
    node.name = *name;
    for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(first + static_cast<int>(i));
    if (const Status status = put_attributes(node, attributes); !status.ok()) {
      return status.error().prefixed(printable(*op) + " " + printable(*name));
    }
    declared_.emplace_back(network_.nodes.size() - 1, &json);
    return {};
  }

  Status add_constant(int value, const std::string& name) {
    const auto found = weights_.find(name);
    if (found == weights_.end()) return malformed("the weights have none for the constant " + printable(name));
    TfValue& constant = network_.values[static_cast<std::size_t>(value)];
    constant.type = found->second->type();
    constant.constant = std::move(found->second);
    weights_.erase(found);
    return {};
  }

  Status add_input(int value, const std::string& name, const JsonAttributes& attributes) {
    auto shape = input_shape(attributes.shape("shape"));
    if (!shape.ok()) shape = input_shape(shape_in_signature(name));
    if (!shape.ok()) return shape.error().prefixed("input " + printable(name));
    network_.values[static_cast<std::size_t>(value)].shape = std::move(*shape);
    network_.inputs.push_back(value);
    return {};
  }

  const Json* signature(const char* member) const {
    const Json* found = model_.find("signature");
    if (found == nullptr) {
      const Json* const defined = model_.find("userDefinedMetadata");
      found = defined == nullptr ? nullptr : defined->find("signature");
    }
    return found == nullptr ? nullptr : found->find(member);
  }

  const Json* shape_in_signature(const std::string& name) const {
    const Json* const inputs = signature("inputs");
    if (inputs == nullptr || !inputs->is_object()) return nullptr;
    for (const auto& [key, input] : inputs->as_object()) {
      const auto tensor = input.string("name");
      if (tensor.ok() && (*tensor == name || *tensor == name + ":0")) return input.find("tensorShape");
    }
    return nullptr;
  }

  /// "name", "name:1" -> a value.
  Result<int> find(const std::string& reference) const {
    std::string name = reference;
    std::size_t output = 0;
    if (const std::size_t colon = reference.rfind(':');
        colon != std::string::npos && !first_value_.contains(reference)) {
      const auto number = JsonAttributes::integer_of(Json(reference.substr(colon + 1)));
      if (number && *number >= 0) {
        name = reference.substr(0, colon);
        output = static_cast<std::size_t>(*number);
      }
    }
    const auto found = first_value_.find(name);
    if (found == first_value_.end()) return malformed("there is no node " + printable(name));
    if (output >= found->second.second) return malformed(printable(name) + " has no output " + std::to_string(output));
    return found->second.first + static_cast<int>(output);
  }

  Status connect(std::size_t index, const Json& json) {
    TfNode& node = network_.nodes[index];
    const Json* const inputs = json.find("input");
    if (inputs == nullptr) return {};
    if (!inputs->is_array() || inputs->as_array().size() > 4096)
      return malformed(printable(node.name) + ": too many inputs");
    POISE_RETURN_IF_ERROR(budget_.take(16 * inputs->as_array().size()));
    for (const Json& input : inputs->as_array()) {
      if (!input.is_string()) return malformed(printable(node.name) + ": an input is no text");
      if (input.as_string().starts_with('^')) continue;  // "after", and nothing to read
      const auto value = find(input.as_string());
      if (!value.ok()) return value.error().prefixed(printable(node.name));
      node.inputs.push_back(*value);
    }
    return {};
  }

  Status find_outputs() {
    const Json* const listed = signature("outputs");
    if (listed != nullptr && listed->is_object() && !listed->as_object().empty()) {
      for (const auto& [key, output] : listed->as_object()) {
        POISE_TRY(const std::string tensor, output.string("name"));
        const auto value = find(tensor);
        if (!value.ok()) return value.error().prefixed("output " + printable(key));
        network_.outputs.push_back(*value);
      }
      return {};
    }
    std::vector<char> read(network_.values.size(), 0);
    for (const TfNode& node : network_.nodes) {
      for (const int input : node.inputs) read[static_cast<std::size_t>(input)] = 1;
    }
    for (const TfNode& node : network_.nodes) {
      if (std::ranges::none_of(node.outputs, [&](int output) { return read[static_cast<std::size_t>(output)] != 0; })) {
        network_.outputs.push_back(node.outputs[0]);
      }
    }
    return network_.outputs.empty() ? Status(malformed("it has no outputs")) : Status();
  }

  /// Kahn's sort; of those that are ready the one that stands first goes first.
  Status sort() {
    std::vector<int> producer(network_.values.size(), -1);
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
      for (const int output : network_.nodes[n].outputs)
        producer[static_cast<std::size_t>(output)] = static_cast<int>(n);
    }
    std::vector<std::vector<int>> readers(network_.nodes.size());
    std::vector<int> waiting(network_.nodes.size(), 0);
    std::priority_queue<int, std::vector<int>, std::greater<>> ready;
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
      for (const int input : network_.nodes[n].inputs) {
        const int before = producer[static_cast<std::size_t>(input)];
        if (before < 0) continue;
        readers[static_cast<std::size_t>(before)].push_back(static_cast<int>(n));
        ++waiting[n];
      }
      if (waiting[n] == 0) ready.push(static_cast<int>(n));
    }
    std::vector<TfNode> sorted;
    while (!ready.empty()) {
      const auto n = static_cast<std::size_t>(ready.top());
      ready.pop();
      sorted.push_back(std::move(network_.nodes[n]));
      for (const int reader : readers[n]) {
        if (--waiting[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
      }
    }
    if (sorted.size() != network_.nodes.size()) return malformed("its nodes form a cycle: loops are not supported");
    network_.nodes = std::move(sorted);
    return {};
  }

  const Json& model_;
  TfjsWeights weights_;
  ReadingBudget& budget_;
  TfNetwork network_;
  std::unordered_map<std::string, std::pair<int, std::size_t>> first_value_;
  std::vector<std::pair<std::size_t, const Json*>> declared_;
};

}  // namespace

Result<TfNetwork> tfjs_network(const Json& model, TfjsWeights weights, ReadingBudget& budget, int most_nodes) {
  return NodesReader(model, std::move(weights), budget).read(most_nodes);
}

}  // namespace poise
