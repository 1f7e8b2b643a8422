#include "poise/graph/precision.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "poise/base/check.h"

namespace poise {
namespace {
constexpr std::pair<Precision, const char*> kNames[] = {
    {Precision::kFloat32, "fp32"}, {Precision::kBfloat16, "bf16"}, {Precision::kInt8, "int8"}};
}  // namespace

const char* name_of(Precision precision) {
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                   [precision](const auto& entry) { return entry.first == precision; });
  POISE_CHECK(found != std::end(kNames));
  return found->second;
}

std::optional<Precision> find_precision(std::string_view name) {
  for (const auto& [precision, known] : kNames) {
    if (name == known) return precision;
  }
  return std::nullopt;
}

std::vector<std::string> precision_names() {
  std::vector<std::string> names;
  for (const auto& [precision, known] : kNames) names.emplace_back(known);
  return names;
}

}  // namespace poise
