#pragma once
// Fields of a CSV file, as RFC 4180 has them. Pure.

#include <string>
#include <string_view>

namespace poise {

/// Quoted where it must be (section 2, rules 6 and 7).
std::string csv_field(std::string_view field);

/// The shortest digits that give the same float; an empty field where it is not finite.
std::string csv_number(float value);

}  // namespace poise
