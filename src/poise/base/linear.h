#pragma once
// Small dense systems of equations. Pure.

#include <vector>

namespace poise {

/// Solves A x = b for a symmetric positive definite A of n x n, row-major, n the size of b, by Cholesky's factors; x
/// takes b's place. false where A is not positive definite: then both are spoiled.
bool solve_positive(std::vector<double>& a, std::vector<double>& b);

}  // namespace poise
