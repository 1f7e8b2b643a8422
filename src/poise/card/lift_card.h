#pragma once
// What a network that lifts poses means. A card is JSON under the same key as other networks' (card/model_card.h), told
// apart by its member "lifts": the skeleton, by name or as JSON, of what it takes and gives. Others, which may be left
// out: name, source, licence, training_data, accuracy. How it is fed, codec/lifting.h says. Pure functions of values:
// thread-safe.

#include <string>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/skeleton/skeleton.h"

namespace poise {

struct LiftCard {
  Skeleton skeleton;
  std::string name, source, licence, training_data, accuracy;
};

/// Whether the card, as JSON, is of such a network.
bool is_lift_card(const Json& card);
/// Errors: kInvalidArgument, naming the member; a skeleton without hips.
Result<LiftCard> lift_card_from_json(const Json& json);

}  // namespace poise
