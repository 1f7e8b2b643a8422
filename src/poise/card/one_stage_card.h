#pragma once
// How to feed a network that finds everyone in a whole picture, joints and all, and read what it says. A card is JSON
// under the same key and beside the same file as other pose networks' (card/model_card.h), told apart by its codec.
// Members that may be left out, with what then holds: input (the graph's), scale (1/255), fit (letterbox), pad_side
// (both), pad_colour ([114, 114, 114]), half_pixel (true), resample (linear), classes (unnamed), person (the class
// named "person", else every class is somebody), threshold (.25), nms (.45), max_detections (300), precision (fp32),
// output_skeleton (as the network), the codec's own and the texts (empty). What cannot be left out: skeleton colour
// mean std codec. Pure functions of values: thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/card/card_common.h"
#include "poise/codec/one_stage_codec.h"
#include "poise/crop/letterbox.h"
#include "poise/skeleton/skeleton.h"

namespace poise {

struct OneStageCard : CardCommon {
  Skeleton skeleton;                 // of the network's joints
  Skeleton reported;                 // of the poses handed out: "output_skeleton", derived from it; else the same
  LetterboxOptions letterbox;        // "fit" stretch|letterbox, "pad_side" end|both, "pad_colour", "half_pixel"
  OneStageCodecPtr codec;            // "codec" and its parameters; never nullptr in a card that was read
  std::vector<std::string> classes;  // in the network's order; empty: not named
  std::optional<int> person = {};    // the class that is looked for; nothing: all are
  float threshold = 0.25F;           // people whose score is not above are left out
  float nms = 0.45F;                 // boxes that overlap a better one by more are dropped; 1: none
  int max_detections = 300;          // people a picture
};

/// Whether the card, as JSON, is of such a network.
bool is_one_stage_card(const Json& card);

/// Layers, highest first, already overlaid. `input` as for card_from_json. Errors: kInvalidArgument, naming what is
/// missing or wrong.
Result<OneStageCard> one_stage_card_from_json(const Json& json, Size input);
Json to_json(const OneStageCard& card);

}  // namespace poise
