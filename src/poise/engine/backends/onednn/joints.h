#pragma once
// Concatenations that need no copies: their inputs are written where they belong in the whole.

#include <cstdint>
#include <vector>

#include "poise/graph/graph.h"

namespace poise::onednn {

/// Of one image, channels of a blocked layout lie one after the other, so a concatenation along them is its inputs'
/// memory joined, where each begins with a block of its own.
class Joints {
 public:
  struct Place {
    ValueId joint = kNoValue;  // the outermost concatenation that the value is a part of
    std::int64_t channel = 0;  // its first one there
  };
  Joints() = default;
  /// `infos`: of the graph's values; `block`: channels a block.
  Joints(const Graph& graph, const std::vector<ValueInfo>& infos, std::int64_t block);
  Place place(ValueId id) const { return places_.empty() ? Place{} : places_[static_cast<std::size_t>(id)]; }

 private:
  std::vector<Place> places_;  // by value
};

}  // namespace poise::onednn
