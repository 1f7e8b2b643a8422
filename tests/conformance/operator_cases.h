#pragma once
// What every backend must compute as the reference does: one line a case in operator_cases.cc, tolerance included.

#include <string>
#include <vector>

#include "poise/graph/graph.h"

namespace poise::conformance {

struct OperatorCase {
  std::string op;
  std::string what;                            // "3x3, stride 2": unique within the operator
  float tolerance = 0;                         // of the largest output; 0: the same bits
  Graph graph;                                 // of this operator alone, validated
  std::vector<Shape> shapes;                   // of the graph's inputs
  std::vector<std::pair<float, float>> range;  // of each input's random values
};

/// At least one for each of operators(); a test holds it to that.
std::vector<OperatorCase> operator_cases();

/// The operator's tolerance on its hardest case.
float tolerance_of(const std::vector<OperatorCase>& cases, const std::string& op);

}  // namespace poise::conformance
