#pragma once
// Who gets whom: the exact assignment of rows to columns that costs least (Hungarian method).

#include <span>
#include <vector>

namespace poise {

/// Pairs each row with at most one column and each column with at most one row: as many pairs as the allowed ones
/// permit, and of all such sets one whose costs sum to the least. `cost` is rows x columns, row-major, of any sign;
/// +infinity forbids a pair; not NaN, not -infinity. Returns the column of each row, -1 where it has none.
/// Shortest augmenting paths, O(rows^2 columns) where rows <= columns: Crouse, On implementing 2D rectangular
/// assignment algorithms, IEEE Trans. Aerospace and Electronic Systems 52(4), 2016. Where every row or every column
/// gets a partner, equal sums are decided as scipy.optimize.linear_sum_assignment decides them, so that metrics equal
/// those of Python's tools. Pure.
std::vector<int> assign(std::span<const double> cost, int rows, int columns);

}  // namespace poise
