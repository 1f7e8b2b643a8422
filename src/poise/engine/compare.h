#pragma once
// Where two networks that should say the same part: for a conversion, an export or a backend that went wrong.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/engine/session.h"
#include "poise/graph/graph.h"

namespace poise {

struct CompareOptions {
  double tolerance = 1e-4;                          // of the largest magnitude in the value
  SessionOptions session = {};                      // runs both
  std::size_t max_bytes = std::size_t{256} << 20U;  // of one network's intermediate values, kept at one time
};

/// One value of both networks. Two NaNs are the same, and so are two infinities of one sign. Thread-safe.
struct Difference {
  std::string first;   // the layer in a, "Conv \"layer1.0.conv1\""; of an output its name, empty where there is none
  std::string second;  // the same in b
  Shape shape;         // in a
  double largest = 0;  // finite magnitude, in a
  double apart = 0;    // the largest difference by `largest`; infinite where the shapes or non-finite values differ
};

struct Comparison {
  bool equal = false;                 // all outputs, within the tolerance
  std::vector<Difference> outputs;    // in the graphs' order
  std::optional<Difference> parting;  // the first layer that is apart and leads, through such layers, to such an output
  std::string cause;                  // which attribute or constant of that layer differs: one line, or empty
  std::string structure;              // the first layer that the other network lacks: one line, or empty
  std::string weights;                // in layer order, the first constant of one name and other contents, or empty
  int layers = 0;                     // of a; Identity, Constant and what follows from shapes alone are none
  int matched = 0;                    // of these, with a layer of b to compare with
};

/// Runs both on the same inputs; where an output is apart, runs them again layer by layer, unfused. Layers are matched
/// by their value's name, else in the order of those of one operator, and always with one operator and shape.
/// Errors: those of Session; what concerns one network only starts with "a: " or "b: ".
Result<Comparison> compare(const Graph& a, const Graph& b, std::span<const TensorView> inputs,
                           const CompareOptions& options = {});
/// `tolerance`: that it was found with.
Json to_json(const Comparison& found, double tolerance);

/// An input each, standard normal, as a normalised picture roughly is; one picture where the batch is free. Errors:
/// kInvalidArgument (other extents that are free, or more than 2^31 elements).
Result<std::vector<Tensor>> random_inputs(const Graph& graph, std::uint64_t seed);

}  // namespace poise
