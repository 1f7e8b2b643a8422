#pragma once
// Cards held against the networks they are of. Pure functions of values: thread-safe.

#include <string>

#include "poise/card/model_card.h"
#include "poise/card/one_stage_card.h"
#include "poise/graph/graph.h"

namespace poise {

/// Which of the graph's outputs are its answer, as the card's codec reads them. For a graph that read_network() gave or
/// models/ built. Errors: those of PoseCodec::check and infer_shapes; kUnsupported (an answer of integers).
Result<PoseAnswer> find_answer(const Graph& graph, const ModelCard& card);
/// The same of a network that finds everyone itself.
Result<OneStageAnswer> find_answer(const Graph& graph, const OneStageCard& card);

/// Holds a card that may be incomplete against its network: members known and in range, the input's size, as many
/// joints as the codec reads from the outputs. A detector's must be complete. Returns what is still missing before the
/// network can be used, as a sentence, or nothing. Errors: kInvalidArgument, kUnsupported.
Result<std::string> check_card(const Json& card, const Graph& graph);

}  // namespace poise
