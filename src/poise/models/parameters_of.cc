#include "poise/models/parameters_of.h"

#include <algorithm>
#include <limits>

namespace poise {
namespace {

Status read_int(std::string_view name, const Json& json, const char* must, int& value) {
  const bool fits = json.is_integer() && json.as_integer() >= std::numeric_limits<int>::min() &&
                    json.as_integer() <= std::numeric_limits<int>::max();
  if (!fits) return wrong_parameter(name, must, json);
  value = static_cast<int>(json.as_integer());
  return {};
}

}  // namespace

Error wrong_parameter(std::string_view name, const std::string& must, const Json& found) {
  constexpr std::size_t kLongest = 60;
  return invalid_argument("parameter \"" + std::string(name) + "\" must be " + must + ", it is " +
                          found.dump().substr(0, kLongest));
}

Error no_meaning(std::string_view name, std::string_view family, const std::vector<NetworkParameter>& known) {
  std::string names;
  for (const NetworkParameter& parameter : known) names += " " + std::string(parameter.name);
  return invalid_argument("parameter \"" + std::string(name) + "\" has no meaning for " + std::string(family) +
                          ", which takes" + names + ": leave it out");
}

Status read_parameter(std::string_view name, const Json& json, int& value) {
  return read_int(name, json, "a whole number", value);
}

Status read_parameter(std::string_view name, const Json& json, std::uint64_t& value) {
  if (!json.is_integer()) return wrong_parameter(name, "a whole number", json);
  value = static_cast<std::uint64_t>(json.as_integer());
  return {};
}

Status read_parameter(std::string_view name, const Json& json, float& value) {
  if (!json.is_number()) return wrong_parameter(name, "a number", json);
  value = static_cast<float>(json.as_number());
  return {};
}

Status read_parameter(std::string_view name, const Json& json, bool& value) {
  if (!json.is_bool()) return wrong_parameter(name, "true or false", json);
  value = json.as_bool();
  return {};
}

Status read_parameter(std::string_view name, const Json& json, Size& value) {
  constexpr const char* kMust = "width and height, as in [192, 256]";
  if (!json.is_array() || json.as_array().size() != 2) return wrong_parameter(name, kMust, json);
  POISE_RETURN_IF_ERROR(read_int(name, json.as_array()[0], kMust, value.width));
  return read_int(name, json.as_array()[1], kMust, value.height);
}

bool NetworkFamily::has(std::string_view parameter) const {
  return std::ranges::any_of(parameters, [&](const NetworkParameter& known) { return known.name == parameter; });
}

}  // namespace poise
