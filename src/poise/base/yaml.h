#pragma once
// Reads YAML, the part of it that configurations use.

#include <string_view>

#include "poise/base/json.h"

namespace poise {

/// A YAML document as a Json value: mappings keep their order; plain scalars become null, booleans (true false yes no
/// on off, any case), integers or numbers as YAML 1.1 reads them (010 is 8, 1_000 is 1000, .inf; 1e-3 is a number too,
/// base 60 is not), quoted ones texts; keys are texts always. An empty text is null. One document, no anchors, aliases,
/// tags or merge keys. Errors: kMalformed with line and column, kTooLarge (1 MB, depth 64), kUnsupported. Thread-safe.
Result<Json> parse_yaml(std::string_view text);

}  // namespace poise
