#pragma once
// How to feed a pose network and read what it says: colour order, mean, padding, codec. Nothing of this is ever
// guessed. A card is JSON, in the ONNX file (metadata_props key "poise.card") or beside it (model.onnx:
// model.card.json). Precedence is by member: flag, sidecar, embedded card, named preset. Members that may be left out,
// with what then holds: input (the graph's), scale (1/255), resample (linear), precision (fp32), the codec's own (its
// header says), output_skeleton (as the network) and the texts (empty). What cannot be left out: skeleton colour mean
// std padding codec. Pure functions of values: thread-safe.

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/card/card_common.h"
#include "poise/codec/pose_codec.h"
#include "poise/crop/crop.h"
#include "poise/skeleton/skeleton.h"

namespace poise {

struct ModelCard : CardCommon {
  Skeleton skeleton;      // of the network's outputs
  Skeleton reported;      // of the poses handed out: "output_skeleton", derived from it ("ailia19"); else the same
  float padding = 1.25F;  // a person's box is grown by it
  PoseCodecPtr codec;     // "codec" and its parameters; never nullptr in a card that was read
  CropOptions crop() const {
    return {.size = input.size, .padding = padding, .edges = codec != nullptr && codec->wants_edges()};
  }
};

/// simple-baselines (BGR), gluon (RGB), mmpose (RGB), ailia (BGR, no padding, area). Errors: kNotFound, listing them.
Result<Json> card_preset(const std::string& name);
std::vector<std::string> card_preset_names();

/// Members of `upper` over those of `lower`.
Json overlay(const Json& upper, const Json& lower);

/// Layers, highest first, already overlaid. `input` is the graph's fixed input size (0x0 where it is free) and must
/// agree with the card's; `codecs`: those that a card may name. Errors: kInvalidArgument, naming what is missing or
/// wrong and, where the card lacks the essentials, listing the presets.
Result<ModelCard> card_from_json(const Json& json, Size input,
                                 std::span<const PoseCodecFamily> codecs = pose_codec_families());
Json to_json(const ModelCard& card);

struct CardSources {
  Json flags = Json::object();
  std::string preset;  // empty: none
};
/// Flags over MODEL.card.json over metadata over preset.
Result<Json> gather_card(const std::filesystem::path& model, const std::map<std::string, std::string>& metadata,
                         const CardSources& sources);

}  // namespace poise
