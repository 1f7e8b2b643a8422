#pragma once
// What an Einsum's equation says for inputs of these shapes. Pure functions of values: thread-safe.

#include <string>
#include <vector>

#include "poise/graph/graph.h"

namespace poise {

/// Every index of an equation is one axis of a walk: those of the output come first, in its order, then those that are
/// summed over. Axes under an ellipsis are indices of their own.
struct EinsumPlan {
  Shape extents;             // by index
  std::size_t outputs = 0;   // how many of them are the output's
  std::vector<Shape> steps;  // of each input, by index: elements to step by, 0 where it has no such axis
  Shape output() const { return {extents.begin(), extents.begin() + static_cast<std::ptrdiff_t>(outputs)}; }
};

/// Errors: kMalformed (the equation, or shapes that do not fit it).
Result<EinsumPlan> plan_einsum(const std::string& equation, const std::vector<Shape>& shapes);

}  // namespace poise
