#include "poise/weights/parameters.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "poise/base/counted.h"
#include "poise/base/printable.h"
#include "poise/weights/resnets.h"

namespace poise {
namespace {

using Has = std::function<bool(const std::string&)>;

// Constants of other operators (the scales of a Resize, the bounds of a Clip) are no parameters.
constexpr std::array<std::string_view, 6> kLearnt{
    "BatchNormalization", "Conv", "ConvTranspose", "Gemm", "MatMul", "PRelu"};
constexpr std::array<std::string_view, 4> kSuffixes{".weight", ".bias", ".running_mean", ".running_var"};

std::vector<ValueId> parameters_of(const Graph& graph) {
  std::vector<ValueId> found;
  std::set<ValueId> seen;
  for (const Node& node : graph.nodes) {
    if (std::find(kLearnt.begin(), kLearnt.end(), node.op) == kLearnt.end()) continue;
    for (const ValueId id : node.inputs) {
      const Tensor* tensor = graph.constant(id);
      if (tensor != nullptr && tensor->type() == DType::kFloat32 && seen.insert(id).second) found.push_back(id);
    }
  }
  return found;
}

int count_while(const Has& has, const std::string& before, const std::string& after) {
  int count = 0;
  while (has(std::string(before).append(std::to_string(count)).append(after))) ++count;
  return count;
}

// By the number of blocks a stage. 0: no ResNet of the literature.
int resnet_depth(const Has& has) {
  std::array<int, 4> blocks{};
  for (int stage = 0; stage < 4; ++stage) {
    blocks.at(stage) = count_while(has, "layer" + std::to_string(stage + 1) + ".", ".conv1.weight");
  }
  const bool bottleneck = has("layer1.0.conv3.weight");
  for (const ResNet& trunk : kResNets) {
    if (trunk.blocks == blocks && trunk.bottleneck == bottleneck) return trunk.depth;
  }
  return 0;
}

std::string family(const Has& has) {
  if (has("stage2.0.branches.0.0.conv1.weight")) return "an HRNet";
  if (has("hg.0.hg.0.0.0.conv1.weight")) return "an Hourglass";
  if (has("final_layer.weight") && has("layer4.0.conv1.weight")) return "a PoseResNet";
  if (has("layer4.0.conv1.weight")) return "a ResNet without a pose head";
  return {};
}

/// What most likely sets the file and the graph apart, as the end of a message; only shapes and names are known here.
class Cause {
 public:
  Cause(const Graph& graph, const StateDict& file)
      : in_graph_([&graph](const std::string& name) { return graph.constant(graph.find_value(name)) != nullptr; }),
        in_file_([&file](const std::string& name) { return file.tensors.contains(name); }) {}

  std::string of_names() const {
    const std::string theirs = family(in_file_);
    if (!theirs.empty() && theirs != family(in_graph_)) return ": it looks like " + theirs;
    const int depth = resnet_depth(in_file_);
    if (depth != 0 && depth != resnet_depth(in_graph_)) return ": trained with depth " + std::to_string(depth) + "?";
    const int stacks = count_while(in_file_, "score.", ".weight");
    if (stacks != 0 && stacks != count_while(in_graph_, "score.", ".weight")) {
      return ": trained with " + counted(stacks, "stack") + "?";
    }
    return {};
  }

  std::string of_shapes(const std::string& name, const Shape& had, const Shape& wanted) const {
    std::string names = of_names();
    if (!names.empty()) return names;
    if (had.size() != wanted.size()) return ": is it another network's?";
    const auto differs = [&](std::size_t axis) { return axis < had.size() && had[axis] != wanted[axis]; };
    const auto trained = [&](const std::string& with, std::size_t axis) {
      return ": trained with " + with + " " + std::to_string(had[axis]) + "?";
    };
    if (name.starts_with("deconv_layers.") && differs(2)) return trained("deconvolution kernel", 2);
    if (name.starts_with("deconv_layers.") && differs(1)) return trained("deconvolution filters", 1);
    if (name.starts_with("final_layer.") && differs(2)) return trained("final kernel", 2);
    if ((name.starts_with("final_layer.") || name.starts_with("score.")) && differs(0) && !differs(1)) {
      return ": trained for " + counted(had[0], "joint") + "?";
    }
    if (name == "transition1.0.0.weight" && differs(0)) return trained("width", 0);
    return ": trained with another width?";
  }

 private:
  Has in_graph_;
  Has in_file_;
};

bool looks_like_parameter(const std::string& name, const Tensor& tensor) {
  return tensor.type() == DType::kFloat32 &&
         std::any_of(kSuffixes.begin(), kSuffixes.end(), [&](std::string_view end) { return name.ends_with(end); });
}

Error nothing_in_common(const StateDict& file) {
  std::string names;
  int listed = 0;
  for (const auto& [name, tensor] : file.tensors) {
    if (++listed > 3) break;
    names += (listed > 1 ? ", " : "") + printable(name);
  }
  if (names.empty()) return malformed("the file holds no tensors: is it a checkpoint?");
  return malformed("the file has none of the graph's parameters; its first tensors are " + names +
                   ": are they another code's names?");
}

}  // namespace

Result<ParameterReport> load_parameters(Graph& graph, const StateDict& parameters) {
  const std::vector<ValueId> wanted = parameters_of(graph);
  const Cause cause(graph, parameters);
  std::set<std::string_view> names;
  for (const ValueId id : wanted) names.insert(graph.values.at(id).name);
  const auto is_wanted = [&](const auto& entry) { return names.contains(entry.first); };
  if (!wanted.empty() && std::none_of(parameters.tensors.begin(), parameters.tensors.end(), is_wanted)) {
    return nothing_in_common(parameters);
  }

  std::vector<std::pair<ValueId, std::shared_ptr<const Tensor>>> found;
  for (const ValueId id : wanted) {
    const Value& value = graph.values.at(id);
    const auto entry = parameters.tensors.find(value.name);
    if (entry == parameters.tensors.end()) {
      const std::string why = cause.of_names();
      return malformed(value.name + " is not in the file, the graph wants " + to_string(value.constant->shape()) +
                       (why.empty() ? ": is it another network's?" : why));
    }
    const Tensor& tensor = *entry->second;
    if (tensor.shape() != value.constant->shape()) {
      return malformed(value.name + " is " + to_string(tensor.shape()) + ", the graph wants " +
                       to_string(value.constant->shape()) +
                       cause.of_shapes(value.name, tensor.shape(), value.constant->shape()));
    }
    if (tensor.type() != DType::kFloat32) {
      return malformed(value.name + " is " + name_of(tensor.type()) + ", the graph wants float32: is it quantised?");
    }
    found.emplace_back(id, entry->second);
  }

  ParameterReport report;
  std::vector<std::string> homeless;
  for (const auto& [name, tensor] : parameters.tensors) {
    if (names.contains(name)) continue;
    (looks_like_parameter(name, *tensor) ? homeless : report.ignored).push_back(name);
  }
  if (!homeless.empty()) {
    const std::string others = homeless.size() == 1 ? "" : ", nor have " + counted(homeless.size() - 1, "other");
    const std::string why = cause.of_names();
    return malformed(printable(homeless.front()) + " (" + to_string(parameters.tensors.at(homeless.front())->shape()) +
                     ") has no place in the graph" + others + (why.empty() ? ": is it another network's?" : why));
  }
  for (auto& [id, tensor] : found) graph.values.at(id).constant = std::move(tensor);
  report.loaded = static_cast<int>(found.size());
  return report;
}

}  // namespace poise
