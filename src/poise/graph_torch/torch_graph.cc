#include "poise/graph_torch/torch_graph.h"

#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <thread>
#include <utility>

#include "poise/graph_torch/torch_operators.h"

namespace poise {
namespace {

constexpr std::size_t kKept = static_cast<std::size_t>(-1);  // an output, or never read

/// What the operators below can only do with constants, or in one way.
Status check_node(const Graph& graph, const Node& node) {
  if (node.fusion.any()) return unsupported(node.label() + " is fused: LibTorch runs the network's own definition");
  const auto must_be_constant = [&](std::size_t first) -> Status {
    for (std::size_t i = first; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != kNoValue && graph.constant(node.inputs[i]) == nullptr) {
        return unsupported(node.label() + ": input " + std::to_string(i) + " must be a constant to run in LibTorch");
      }
    }
    return {};
  };
  if (node.op == "Clip" || node.op == "Resize") return must_be_constant(1);
  if (node.op == "Slice") {
    constexpr std::size_t kAll = 4;  // of five inputs: with axes, without steps
    if (node.inputs.size() != kAll)
      return unsupported(node.label() + " has steps or no axes, LibTorch is told neither");
    return must_be_constant(1);
  }
  const auto pads = node.integers("pads");
  if (node.op == "AveragePool" && node.integer("count_include_pad", 0) == 0) {
    const bool uneven = pads.size() == 4 && (pads[0] != pads[2] || pads[1] != pads[3]);
    if (uneven || node.text("auto_pad", "NOTSET").starts_with("SAME")) {
      return unsupported(node.label() + " has uneven pads, which LibTorch's average does not know");
    }
  }
  return {};
}

}  // namespace

Error torch_error(const std::exception& thrown) {
  std::string text = thrown.what();
  if (const auto* error = dynamic_cast<const c10::Error*>(&thrown)) text = error->what_without_backtrace();
  if (text.find("CUDA out of memory") != std::string::npos) {
    return io_error("the GPU has not memory enough: give a smaller batch, or accumulate over more steps");
  }
  return unsupported("LibTorch: " + text.substr(0, text.find('\n')));
}

Result<at::Device> torch_device(std::string_view name) {
  if (name == "cpu") return at::Device(at::kCPU);
  const bool numbered = name.size() == 6 && name.starts_with("cuda:") && name[5] >= '0' && name[5] <= '9';
  if (name != "cuda" && !numbered) {
    return invalid_argument("the device is \"" + std::string(name) + "\": give cpu, cuda or cuda:N");
  }
  if (!at::hasCUDA())
    return unsupported("this LibTorch finds no GPU: give option \"device\" cpu, or build with one for CUDA");
  const int index = numbered ? name[5] - '0' : 0;
  if (index >= static_cast<int>(c10::impl::VirtualGuardImpl(at::kCUDA).deviceCount())) {
    return unsupported("there is no GPU " + std::to_string(index));
  }
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

void set_torch_threads(int threads) {
  if (threads <= 0) threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  at::set_num_threads(threads);
}

at::Tensor to_torch(const Tensor& tensor) {
  POISE_CHECK(tensor.type() == DType::kFloat32 || tensor.type() == DType::kInt64);
  at::Tensor copy = at::empty(tensor.shape(), tensor.type() == DType::kFloat32 ? at::kFloat : at::kLong);
  if (tensor.count() > 0) std::memcpy(copy.data_ptr(), tensor.data(), tensor.bytes());
  return copy;
}

Tensor from_torch(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
  POISE_CHECK(plain.scalar_type() == at::kFloat || plain.scalar_type() == at::kLong);
  Tensor copy(plain.sizes().vec(), plain.scalar_type() == at::kFloat ? DType::kFloat32 : DType::kInt64);
  if (copy.count() > 0) std::memcpy(copy.data(), plain.data_ptr(), copy.bytes());
  return copy;
}

bool cpu_has_bfloat16() {
#if defined(__x86_64__) || defined(__i386__)
  // As LibTorch asks (ATen/native/mkldnn/Utils.h, mkldnn_bf16_device_check).
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#else
  return false;
#endif
}

bool is_frozen(std::string_view tensor, const std::vector<std::string>& frozen) {
  return std::ranges::any_of(frozen, [&](const std::string& name) {
    return tensor.starts_with(name) &&
           (name.ends_with('.') || tensor.size() == name.size() || tensor[name.size()] == '.');
  });
}

Result<TorchGraph> TorchGraph::create(Graph graph, const TorchOptions& options) {
  POISE_RETURN_IF_ERROR(graph.validate());
  std::set<std::string> unknown;
  for (const Node& node : graph.nodes) {
    if (find_torch_operator(node.op) == nullptr) unknown.insert(node.op);
  }
  if (!unknown.empty()) {
    std::string names;
    for (const std::string& name : unknown) names += " " + name;
    return unsupported("LibTorch does not run these operators of the network:" + names);
  }
  for (const Node& node : graph.nodes) POISE_RETURN_IF_ERROR(check_node(graph, node));
  if (options.bfloat16 && options.device.is_cpu() && !cpu_has_bfloat16()) {
    return unsupported(
        "LibTorch computes bfloat16 on processors with AVX-512 alone, which this one has not: choose float32");
  }

  return guarded([&]() -> Result<TorchGraph> {
    TorchGraph torch(std::move(graph), options);
    const Graph& own = torch.graph_;
    torch.constants_.resize(own.values.size());
    torch.last_use_.assign(own.values.size(), kKept);
    for (std::size_t id = 0; id < own.values.size(); ++id) {
      const Tensor* constant = own.constant(static_cast<ValueId>(id));
      if (constant == nullptr || (constant->type() != DType::kFloat32 && constant->type() != DType::kInt64)) continue;
      torch.constants_[id] = to_torch(*constant).to(options.device);
      if (options.channels_last && constant->rank() == 4) {
        torch.constants_[id] = torch.constants_[id].contiguous(at::MemoryFormat::ChannelsLast);
      }
    }
    torch.frozen_nodes_.assign(own.nodes.size(), false);
    std::set<ValueId> seen;
    for (std::size_t n = 0; n < own.nodes.size(); ++n) {
      const Node& node = own.nodes[n];
      for (const ValueId id : node.inputs) {
        if (id != kNoValue) torch.last_use_[id] = n;
      }
      const auto collect = [&](std::size_t input, std::vector<NamedTensor>& into, bool learned) {
        const ValueId id = input < node.inputs.size() ? node.inputs[input] : kNoValue;
        if (own.constant(id) == nullptr || !seen.insert(id).second) return;
        if (learned) torch.constants_[id].set_requires_grad(!is_frozen(own.values[id].name, options.frozen));
        into.push_back({own.values[id].name, torch.constants_[id]});
      };
      const auto& learned = find_torch_operator(node.op)->learned;
      for (const std::size_t i : learned) collect(i, torch.parameters_, true);
      torch.frozen_nodes_[n] = !learned.empty() && std::ranges::all_of(learned, [&](std::size_t i) {
        return i >= node.inputs.size() || node.inputs[i] == kNoValue ||
               is_frozen(own.values[node.inputs[i]].name, options.frozen);
      });
      if (node.op == "BatchNormalization") {
        for (const std::size_t i : {std::size_t{3}, std::size_t{4}}) collect(i, torch.statistics_, false);
      }
    }
    for (const ValueId id : own.outputs) torch.last_use_[id] = kKept;
    return torch;
  });
}

std::vector<at::Tensor> TorchGraph::forward(const std::vector<at::Tensor>& inputs, bool training) {
  POISE_CHECK(inputs.size() == graph_.inputs.size());
  std::vector<at::Tensor> values = constants_;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    at::Tensor input = inputs[i].to(options_.device);
    if (options_.channels_last && input.dim() == 4) input = input.contiguous(at::MemoryFormat::ChannelsLast);
    values[graph_.inputs[i]] = input;
  }
  for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
    const Node& node = graph_.nodes[n];
    TorchCall call{node, graph_, {}, training && !frozen_nodes_[n], options_.bfloat16};
    for (const ValueId id : node.inputs) call.inputs.push_back(id == kNoValue ? at::Tensor() : values[id]);
    values[node.outputs[0]] = find_torch_operator(node.op)->run(call);
    for (const ValueId id : node.inputs) {
      if (id != kNoValue && last_use_[id] == n) values[id] = at::Tensor();  // gradients keep what they need
    }
  }
  std::vector<at::Tensor> outputs;
  for (const ValueId id : graph_.outputs) outputs.push_back(values[id].to(at::kFloat));
  return outputs;
}

}  // namespace poise
