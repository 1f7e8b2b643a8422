#pragma once
// What a misspelt name was likely meant to be.

#include <span>
#include <string>
#include <string_view>

namespace poise {

/// The one of `known` with the fewest letters to change, put in or take out (Levenshtein's distance; case does not
/// count), the first of equal ones; empty where even that is over a third of the word's letters, or over two in a short
/// word. Pure.
std::string nearest(std::string_view word, std::span<const std::string> known);

}  // namespace poise
