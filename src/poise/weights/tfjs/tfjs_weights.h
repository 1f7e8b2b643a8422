#pragma once
// The weights of a TensorFlow.js model as its manifest lists them. Internal to weights/tfjs.

#include <map>
#include <string>

#include "poise/base/json.h"
#include "poise/base/memory.h"
#include "poise/tensor/tensor.h"

namespace poise {

using TfjsWeights = std::map<std::string, std::shared_ptr<const Tensor>, std::less<>>;

/// By name. `bytes`: the weights of all groups one behind another, all of which must be used up. Quantised ones become
/// float32 (value * scale + min, or float16), integers int64. Memory is taken from the budget before it is allocated.
/// Errors, naming the weight: kMalformed, kUnsupported, kTooLarge.
Result<TfjsWeights> tfjs_weights(const Json& manifest, BytesView bytes, ReadingBudget& budget, int most);

}  // namespace poise
