#pragma once
// A family's options, filled from parameters by name. Internal to models.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "poise/geometry/point.h"
#include "poise/models/family.h"

namespace poise {

/// Errors: kInvalidArgument, "parameter "depth" must be a whole number, it is 1.5".
Status read_parameter(std::string_view name, const Json& json, int& value);
Status read_parameter(std::string_view name, const Json& json, std::uint64_t& value);
Status read_parameter(std::string_view name, const Json& json, float& value);
Status read_parameter(std::string_view name, const Json& json, bool& value);
Status read_parameter(std::string_view name, const Json& json, Size& value);
Error wrong_parameter(std::string_view name, const std::string& must, const Json& found);
/// "parameter "stacks" has no meaning for pose_resnet, which takes depth, style ...: leave it out".
Error no_meaning(std::string_view name, std::string_view family, const std::vector<NetworkParameter>& known);

/// One parameter of a family whose options are `Options`: the member it fills, or what reads it.
template <typename Options>
struct Parameter {
  std::string_view name, help;
  std::variant<int Options::*, std::uint64_t Options::*, float Options::*, bool Options::*, Size Options::*,
               Status (*)(const Json&, Options&)>
      member;

  Status read(const Json& json, Options& options) const {
    return std::visit(
        [&](auto at) -> Status {
          if constexpr (std::is_member_pointer_v<decltype(at)>) {
            return read_parameter(name, json, options.*at);
          } else {
            return at(json, options);
          }
        },
        member);
  }
};

template <typename Options, std::size_t N>
std::vector<NetworkParameter> names_of(const std::array<Parameter<Options>, N>& parameters) {
  std::vector<NetworkParameter> names;
  for (const auto& parameter : parameters) names.push_back({parameter.name, parameter.help});
  return names;
}

/// The family's defaults with `values` laid over them. Errors: kInvalidArgument (a name that is none of the family's; a
/// value of another kind). Whether numbers make sense is for the function that builds the network.
template <typename Options, std::size_t N>
Result<Options> options_from(const Json& values, std::string_view family,
                             const std::array<Parameter<Options>, N>& parameters) {
  Options options;
  for (const auto& [name, value] : values.as_object()) {
    const Parameter<Options>* known = nullptr;
    for (const auto& parameter : parameters) {
      if (parameter.name == name) known = &parameter;
    }
    if (known == nullptr) return no_meaning(name, family, names_of(parameters));
    POISE_RETURN_IF_ERROR(known->read(value, options));
  }
  return options;
}

}  // namespace poise
