#pragma once
// What there is to say about a network file: what it takes and gives, how large it is, how much work and memory it
// costs, and its card. No state of its own: thread-safe.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/geometry/point.h"
#include "poise/models/model_store.h"
#include "poise/tensor/tensor.h"

namespace poise {

struct NetworkFacts {
  struct Value {
    std::string name;
    Shape shape;  // of inputs as the file has it, negative where an extent is free; of outputs for one picture
  };
  std::string file;  // its path, or the name of what comes with Poise
  std::string hash, producer;
  int opset = 0;
  std::vector<Value> inputs, outputs;
  std::map<std::string, int> operators;  // how often each occurs
  std::int64_t parameters = 0;
  std::int64_t multiply_adds = 0;  // of one picture
  Json card;  // in force: the sidecar's over the file's own, else what a pose network's file tells; empty: nothing
  std::int64_t weight_bytes = 0;  // as the engine keeps them
  std::int64_t arena_bytes = 0;   // of activations, as planned; arena_ideal: no plan can be smaller
  std::int64_t arena_ideal = 0;
};

struct FactsOptions {
  Size input = {};               // the size of pictures where the network leaves it open; 0x0: none is given
  std::uint64_t max_memory = 0;  // as SessionOptions::max_memory, of what running it would take
};
/// Plans the network, without running it: memory for activations is not taken, and where constants grow far beyond what
/// the file holds, theirs is added up instead. Errors, which start with the file: kInvalidArgument (a size is wanted),
/// kUnsupported (an input that is open in more than batch and size; an operator), kMalformed (the card), kTooLarge.
Result<NetworkFacts> network_facts(OpenModel model, const FactsOptions& options = {});
Json to_json(const NetworkFacts& facts);

}  // namespace poise
