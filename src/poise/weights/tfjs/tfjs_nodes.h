#pragma once
// The topology of a TensorFlow.js model: a GraphDef of TensorFlow as JSON. Internal to weights/tfjs.

#include "poise/weights/tensorflow/tf_network.h"
#include "poise/weights/tfjs/tfjs_weights.h"

namespace poise {

/// The network of model.json's members modelTopology and signature; without a signature all placeholders are inputs and
/// what nobody reads is an output. Nodes may stand in any order. Takes the weights. Errors: kMalformed (a cycle; a node
/// that is not there), kUnsupported (functions, and what no attribute may say), kTooLarge.
Result<TfNetwork> tfjs_network(const Json& model, TfjsWeights weights, ReadingBudget& budget, int most_nodes);

}  // namespace poise
