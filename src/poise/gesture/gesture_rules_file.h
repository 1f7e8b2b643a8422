#pragma once
// Gesture rules in YAML; docs/gestures.md is the language. Pure.

#include <string_view>

#include "poise/base/result.h"
#include "poise/gesture/gesture_rules.h"
#include "poise/skeleton/skeleton.h"

namespace poise {

/// `skeleton`: of the poses that the rules are about. Errors: those of parse_yaml; kInvalidArgument with the line, what
/// is wrong there, and the nearest known word for one that is not known; kTooLarge (64 rules, 16 of what is in one).
Result<GestureRules> parse_gesture_rules(std::string_view yaml, const Skeleton& skeleton);

}  // namespace poise
