#pragma once
// The networks we can build, by name: the families, one line each in zoo.cc, and the published networks of each.

#include <span>
#include <string_view>
#include <vector>

#include "poise/models/family.h"

namespace poise {

/// All of them, in the order to show them in. The lists are constant, the functions are pure: thread-safe.
std::span<const NetworkFamily* const> network_families();
/// Errors: kNotFound, listing the names.
Result<const NetworkFamily*> find_family(std::string_view name);

/// The published networks of all families, in the same order.
const std::vector<ZooEntry>& zoo();
/// Errors: kNotFound, listing the names.
Result<ZooEntry> find_in_zoo(std::string_view name);

/// A published network, or a family with its defaults. Errors: kNotFound, listing both.
Result<ModelOptions> find_network(std::string_view name);

/// The network with its initial weights. Errors: kNotFound (the family), kInvalidArgument (a parameter that the family
/// does not know, or a value that makes no sense there).
Result<Graph> build_model(const ModelOptions& options);

}  // namespace poise
