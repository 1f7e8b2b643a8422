#pragma once
// The service's description for machines, OpenAPI 3.0. Pure: thread-safe.

#include <string_view>

namespace poise {

std::string_view openapi_text();

}  // namespace poise
