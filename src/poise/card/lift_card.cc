#include "poise/card/lift_card.h"

namespace poise {

bool is_lift_card(const Json& card) { return card.find("lifts") != nullptr; }

Result<LiftCard> lift_card_from_json(const Json& json) {
  LiftCard card;
  const Json* lifts = json.find("lifts");
  if (lifts == nullptr) return invalid_argument("card member \"lifts\" is missing: the skeleton of the poses");
  auto skeleton = lifts->is_string() ? find_skeleton(lifts->as_string()) : skeleton_from_json(*lifts);
  if (!skeleton.ok()) return invalid_argument("card member \"lifts\": " + skeleton.error().message);
  card.skeleton = std::move(*skeleton);
  if (!card.skeleton.index_of("left_hip") || !card.skeleton.index_of("right_hip")) {
    return invalid_argument("card member \"lifts\": the skeleton " + card.skeleton.name +
                            " has no left_hip and right_hip, whose middle poses are told from");
  }
  for (const auto& [name, member] : {std::pair{"name", &LiftCard::name},
                                     {"source", &LiftCard::source},
                                     {"licence", &LiftCard::licence},
                                     {"training_data", &LiftCard::training_data},
                                     {"accuracy", &LiftCard::accuracy}}) {
    const Json* text = json.find(name);
    if (text == nullptr) continue;
    if (!text->is_string()) return invalid_argument("card member \"" + std::string(name) + "\" must be a text");
    card.*member = text->as_string();
  }
  return card;
}

}  // namespace poise
