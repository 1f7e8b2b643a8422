#pragma once
// The members that all cards have, read and written. Internal to card.

#include "poise/base/json.h"
#include "poise/card/card_common.h"
#include "poise/codec/card_members.h"

namespace poise::card {

/// All of CardCommon. "input" is held against the graph's fixed size (0x0 where it is free); its sides are 16 to 4096.
Status read_common(const Json& json, Size graph_input, CardCommon& card);

/// "colour" to "input", as they stand in a card behind what the network is.
void put_input(const CardCommon& card, Json& json);
/// "precision", where it is not the default.
void put_precision(const CardCommon& card, Json& json);
/// The texts but for the name, which stands first in a card.
void put_texts(const CardCommon& card, Json& json);

Json triple(const std::array<float, 3>& values);
const char* word_of(Resample resample);

}  // namespace poise::card
