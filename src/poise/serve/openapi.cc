#include "poise/serve/openapi.h"

#include "poise/base/embed.h"

POISE_EMBED(poise_embedded_openapi, POISE_OPENAPI);

namespace poise {

std::string_view openapi_text() {
  return {reinterpret_cast<const char*>(poise_embedded_openapi),
          static_cast<std::size_t>(poise_embedded_openapi_end - poise_embedded_openapi)};
}

}  // namespace poise
