#pragma once
// A pose network's card, gathered: what the user says, what lies beside the file or in it, a preset, and what the file
// tells without a card. Pure functions of values and files: thread-safe.

#include <filesystem>
#include <map>
#include <string>

#include "poise/card/model_card.h"
#include "poise/card/one_stage_card.h"
#include "poise/graph/graph.h"

namespace poise {

/// Flags over MODEL.card.json over metadata over what the file's own exporter says over the preset, which, where none
/// is named, is that of the one kind of network that the file can be (card/recognise.h). The graph's input is planes
/// (card/picture_input.h). Errors: those of gather_card and recognise_pose_network; kInvalidArgument where the file can
/// be of several kinds or of none and nothing says which, naming its outputs. Messages name the file.
Result<Json> gather_pose_card(const std::filesystem::path& model, const std::map<std::string, std::string>& metadata,
                              const Graph& graph, const CardSources& sources);

/// What the network gives for pictures of this size; a batch of one where that is open. Errors: those of infer_shapes.
Result<std::vector<NetworkOutput>> outputs_of(const Graph& graph, Size input);

}  // namespace poise
