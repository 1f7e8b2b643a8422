#pragma once
// One entry an operator. Internal.

#include <ATen/ATen.h>

#include <string_view>
#include <vector>

#include "poise/graph/graph.h"

namespace poise {

struct TorchCall {
  const Node& node;
  const Graph& graph;
  std::vector<at::Tensor> inputs;  // undefined where an optional one is left out
  bool training = false;
  bool bfloat16 = false;  // of the convolutions
};

struct TorchOperator {
  std::string_view name;
  at::Tensor (*run)(const TorchCall& call);
  std::vector<std::size_t> learned;  // inputs that are parameters where they are constants
};

/// nullptr where the operator is not known here.
const TorchOperator* find_torch_operator(std::string_view name);

/// ConvTranspose of kernel 4, stride 2, padding 1 as one convolution to four phases: the same sums, and on a CPU
/// several times as fast. `weight` is (in, out, 4, 4), as the literature has it. Public for tests.
at::Tensor deconvolve_in_phases(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace poise
