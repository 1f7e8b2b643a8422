#pragma once
// The members that all cards have, read and written. Internal to card.

#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/card/card_common.h"
#include "poise/codec/card_members.h"
#include "poise/crop/letterbox.h"
#include "poise/skeleton/skeleton.h"

namespace poise::card {

/// All of CardCommon. "input" is held against the graph's fixed size (0x0 where it is free); its sides are 16 to 4096.
Status read_common(const Json& json, Size graph_input, CardCommon& card);

/// "colour" to "input", as they stand in a card behind what the network is.
void put_input(const CardCommon& card, Json& json);
/// "precision", where it is not the default.
void put_precision(const CardCommon& card, Json& json);
/// The texts but for the name, which stands first in a card.
void put_texts(const CardCommon& card, Json& json);

/// "fit", "pad_side", "pad_colour", "half_pixel".
Status read_letterbox(const Json& json, LetterboxOptions& letterbox);
void put_letterbox(const LetterboxOptions& letterbox, Json& json);

/// "skeleton", which must be there, and "output_skeleton".
Status read_skeletons(const Json& json, Skeleton& skeleton, Skeleton& reported);
/// A built-in's name, or the whole of another.
Json skeleton_member(const Skeleton& skeleton);

inline constexpr std::int64_t kMostClasses = 100'000;
/// "classes": a list of names.
Status read_class_names(const Json& json, std::vector<std::string>& classes);
Json class_names_member(const std::vector<std::string>& classes);
/// In any case of letters.
bool is_called_person(const std::string& name);

Json triple(const std::array<float, 3>& values);
const char* word_of(Resample resample);

}  // namespace poise::card
