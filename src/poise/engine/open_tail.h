#pragma once
// Runs what follows once a network has counted what it sees: node by node, by the plain implementations, each shape
// found when its turn comes. Immutable: any threads.

#include <cstdint>
#include <span>
#include <vector>

#include "poise/engine/session.h"

namespace poise {

class OpenTail {
 public:
  /// Needs a validated graph: OpenCut::tail. `max_memory`: bytes that the values of a run may take together.
  OpenTail(Graph graph, std::uint64_t max_memory);

  /// `given`: one tensor an input of the graph. Fills `outputs`, whose shapes are what the picture makes them; an
  /// extent may be 0. Errors: kMalformed, kUnsupported (an operator refuses what comes, a node is named), kTooLarge.
  Status run(std::span<const Tensor> given, std::vector<Tensor>& outputs, std::vector<LayerTime>* times) const;

 private:
  Graph graph_;
  std::uint64_t max_memory_;
  std::vector<std::vector<ValueId>> last_uses_;  // by node: what nothing reads after it
};

}  // namespace poise
