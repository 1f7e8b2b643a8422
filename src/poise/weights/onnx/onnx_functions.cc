#include "poise/weights/onnx/onnx_functions.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "poise/base/printable.h"
#include "poise/weights/onnx/onnx_cost.h"

namespace poise {
namespace {

using onnx_proto::AttributeProto;
using onnx_proto::FunctionProto;
using onnx_proto::NodeProto;
using Names = std::unordered_map<std::string, std::string>;  // of the function's values, in the graph

constexpr int kDeepest = 64;  // calls within calls

std::string key_of(const std::string& domain, const std::string& name, const std::string& overload) {
  return domain + "\n" + name + "\n" + overload;
}

/// What the function's nodes were written for; `fallback` where it does not say.
std::int64_t opset_of(const FunctionProto& function, std::int64_t fallback) {
  for (const auto& opset : function.opset_import()) {
    if (opset.domain().empty() || opset.domain() == "ai.onnx") return opset.version();
  }
  return fallback;
}

class Inliner {
 public:
  Inliner(OnnxParts& parts, const NetworkLimits& limits, ReadingBudget& budget)
      : parts_(parts), limits_(limits), budget_(budget) {}

  Status run() {
    for (const FunctionProto& function : parts_.functions) {
      const std::string key = key_of(function.domain(), function.name(), function.overload());
      if (!functions_.emplace(key, &function).second) {
        return malformed("the function " + printable(function.name()) + " is defined twice");
      }
    }
    collect_names();
    std::vector<NodeProto> nodes = std::move(parts_.nodes);
    parts_.nodes.clear();
    for (NodeProto& node : nodes) POISE_RETURN_IF_ERROR(add(std::move(node), 0, 0));
    parts_.functions.clear();
    return {};
  }

 private:
  void collect_names() {
    for (const auto& info : parts_.inputs) names_.insert(info.name());
    for (const auto& [name, tensor] : parts_.initializers) names_.insert(name);
    for (const NodeProto& node : parts_.nodes) names_.insert(node.output().begin(), node.output().end());
  }

  Status add(NodeProto node, std::int64_t opset, int depth) {
    const auto found = functions_.find(key_of(node.domain(), node.op_type(), node.overload()));
    if (found != functions_.end()) return call(node, *found->second, opset, depth + 1);
    if (parts_.nodes.size() >= static_cast<std::size_t>(limits_.max_nodes)) {
      return too_large("the graph has more than " + std::to_string(limits_.max_nodes) + " nodes");
    }
    parts_.nodes.push_back(std::move(node));
    parts_.node_opsets.push_back(opset);
    return {};
  }

  Status call(const NodeProto& node, const FunctionProto& function, std::int64_t outer_opset, int depth) {
    if (depth > kDeepest) return malformed("the function " + printable(function.name()) + " calls itself");
    if (node.input_size() > function.input_size() || node.output_size() > function.output_size()) {
      return malformed("the call of the function " + printable(function.name()) + " has too many inputs or outputs");
    }
    const std::int64_t opset = opset_of(function, outer_opset);
    const std::string prefix = prefix_of(node);
    Names names;
    for (int i = 0; i < function.input_size(); ++i) {
      names[function.input(i)] = i < node.input_size() ? node.input(i) : std::string();
    }
    std::vector<NodeProto> copies;  // of what is handed out under another name
    for (int i = 0; i < node.output_size(); ++i) {
      if (node.output(i).empty() || names.emplace(function.output(i), node.output(i)).second) continue;
      NodeProto copy;
      copy.set_op_type("Identity");
      copy.add_input(function.output(i));
      copy.add_output(node.output(i));
      copies.push_back(std::move(copy));
    }
    for (const NodeProto& inner : function.node()) {
      POISE_RETURN_IF_ERROR(budget_.take(parsed_bytes(inner.SerializeAsString(), OnnxMessage::kNode)));
      NodeProto copy = inner;
      copy.set_name(prefix + inner.name());
      for (std::string& name : *copy.mutable_output()) name = renamed(name, prefix, names);
      for (std::string& name : *copy.mutable_input()) name = renamed(name, prefix, names);
      fill_attributes(node, function, copy);
      POISE_RETURN_IF_ERROR(add(std::move(copy), opset, depth));
    }
    for (NodeProto& copy : copies) {
      copy.set_input(0, renamed(copy.input(0), prefix, names));
      copy.set_name(copy.output(0));
      POISE_RETURN_IF_ERROR(add(std::move(copy), opset, depth));
    }
    return {};
  }

  /// In front of a call's names: its own, unless nested calls have made that long.
  std::string prefix_of(const NodeProto& node) {
    constexpr std::size_t kLongest = 200;
    std::string name = node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
    if (name.size() > kLongest) name = "call_" + std::to_string(++calls_);
    return name + "/";
  }

  std::string renamed(const std::string& name, const std::string& prefix, Names& names) {
    if (name.empty()) return name;
    const auto found = names.find(name);
    if (found != names.end()) return found->second;
    std::string fresh = prefix + name;
    while (!names_.insert(fresh).second) fresh = prefix + name + "_" + std::to_string(++calls_);
    names.emplace(name, fresh);
    return fresh;
  }

  /// Attributes that stand for the call's take its value, or the function's default; without either they go.
  static void fill_attributes(const NodeProto& call, const FunctionProto& function, NodeProto& inner) {
    const auto find = [](const auto& attributes, const std::string& name) -> const AttributeProto* {
      const auto found = std::find_if(attributes.begin(), attributes.end(),
                                      [&name](const AttributeProto& one) { return one.name() == name; });
      return found == attributes.end() ? nullptr : &*found;
    };
    google::protobuf::RepeatedPtrField<AttributeProto> filled;
    for (AttributeProto& attribute : *inner.mutable_attribute()) {
      if (attribute.ref_attr_name().empty()) {
        *filled.Add() = std::move(attribute);
        continue;
      }
      const AttributeProto* given = find(call.attribute(), attribute.ref_attr_name());
      if (given == nullptr) given = find(function.attribute_proto(), attribute.ref_attr_name());
      if (given == nullptr) continue;
      AttributeProto& copy = *filled.Add();
      copy = *given;
      copy.set_name(attribute.name());
    }
    inner.mutable_attribute()->Swap(&filled);
  }

  OnnxParts& parts_;
  const NetworkLimits& limits_;
  ReadingBudget& budget_;
  std::unordered_map<std::string, const FunctionProto*> functions_;
  std::unordered_set<std::string> names_;
  int calls_ = 0;  // for names that are taken: numbered, since a longer one each time takes time without end
};

}  // namespace

Status inline_functions(OnnxParts& parts, const NetworkLimits& limits, ReadingBudget& budget) {
  if (parts.functions.empty()) return {};
  return Inliner(parts, limits, budget).run();
}

}  // namespace poise
