#include "poise/graph/known.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "poise/graph/ops/rules.h"

namespace poise {

std::uint64_t bytes_of(const ValueInfo& info) {
  if (info.open) return 0;
  return static_cast<std::uint64_t>(element_count(info.shape).value()) * size_of(info.type);
}

void KnownValues::compute(const Node& node, const Operator& op, std::span<const ValueInfo> inputs,
                          std::vector<ValueInfo>& outputs) {
  constexpr std::int64_t kMostElements = 4096;
  constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20U;
  const auto is_known = [](const ValueInfo& info) { return info.constant != nullptr; };
  if (std::all_of(outputs.begin(), outputs.end(), is_known) || node.fusion.any()) return;
  std::vector<const Tensor*> tensors;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (node.inputs[i] != kNoValue && !is_known(inputs[i])) return;
    tensors.push_back(inputs[i].constant.get());
    if (tensors.back() != nullptr && tensors.back()->count() > kMostElements) return;
  }
  std::uint64_t wanted = bytes_;
  for (const ValueInfo& output : outputs) {
    if (bounded_count(output.shape).value() > kMostElements) return;
    wanted += bytes_of(output);
  }
  if (wanted > kMostBytes) return;
  bytes_ = wanted;
  std::vector<Tensor> computed;
  computed.reserve(outputs.size());
  for (const ValueInfo& output : outputs) computed.emplace_back(output.shape, output.type);
  op.run(node, tensors, computed);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].constant = std::make_shared<const Tensor>(std::move(computed[i]));
  }
}

}  // namespace poise
