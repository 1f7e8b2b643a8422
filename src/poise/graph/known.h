#pragma once
// Values that follow from constants and shapes alone, as they are worked out beside the shapes. Not for users.

#include <cstdint>
#include <span>
#include <vector>

#include "poise/graph/ops/operator.h"

namespace poise {

class KnownValues {
 public:
  /// Gives the outputs their values where all inputs are known and little is to be computed: what exporters write to
  /// work a shape out. Larger values are left to fold_constants(), and so is what comes after 64 MiB of them.
  void compute(const Node& node, const Operator& op, std::span<const ValueInfo> inputs,
               std::vector<ValueInfo>& outputs);

 private:
  std::uint64_t bytes_ = 0;
};

/// Of the value's elements; its shape has passed check_output. 0 where it is open.
std::uint64_t bytes_of(const ValueInfo& info);

}  // namespace poise
