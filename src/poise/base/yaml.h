#pragma once
// Reads YAML, the part of it that configurations use.

#include <string_view>
#include <vector>

#include "poise/base/json.h"

namespace poise {

/// A YAML document as a Json value: mappings keep their order; plain scalars become null, booleans (true false yes no
/// on off, any case), integers or numbers as YAML 1.1 reads them (010 is 8, 1_000 is 1000, .inf; 1e-3 is a number too,
/// base 60 is not), quoted ones texts; keys are texts always. An empty text is null. One document, no anchors, aliases,
/// tags or merge keys. Errors: kMalformed with line and column, kTooLarge (1 MB, depth 64), kUnsupported. Thread-safe.
Result<Json> parse_yaml(std::string_view text);

/// Where a value stands in its text: lines from 1, of a mapping's member that of its key. `inner`: of the items of a
/// list or the members of a mapping, in their order.
struct YamlPlace {
  int line = 1;
  std::vector<YamlPlace> inner;
};
struct PlacedYaml {
  Json value;
  YamlPlace place;
};
/// parse_yaml(), for readers whose own errors name lines.
Result<PlacedYaml> parse_placed_yaml(std::string_view text);

}  // namespace poise
