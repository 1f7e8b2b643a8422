#pragma once
// The assignment problem: who belongs to whom at the least cost.

#include <span>
#include <vector>

namespace poise {

/// The column of each row, or -1, so that as many rows as can be have one and the costs of the pairs add up to the
/// least. `cost` is (rows, columns) row-major, rectangular; +infinity forbids a pair. Exact: shortest augmenting paths
/// with potentials (Jonker and Volgenant, 1987), rows^2 * columns steps. Needs cost.size() == rows * columns and no NaN
/// and no -infinity. Pure.
std::vector<int> assign(std::span<const double> cost, int rows, int columns);

}  // namespace poise
