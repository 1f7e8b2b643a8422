#pragma once
// Fields of a CSV file, as RFC 4180 has them. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"

namespace poise {

/// Quoted where it must be (section 2, rules 6 and 7).
std::string csv_field(std::string_view field);

/// The shortest digits that give the same float; an empty field where it is not finite.
std::string csv_number(float value);

/// The fields of the record that begins at `at`, which moves past its end; `line` counts lines. Errors: kMalformed: a
/// quoted field that does not end, more than 64 fields, line ends of CR alone.
Result<std::vector<std::string>> csv_record(std::string_view text, std::size_t& at, std::size_t& line);

}  // namespace poise
