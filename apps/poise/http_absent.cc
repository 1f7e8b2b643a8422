#include "http.h"

namespace poise::app {

Status serve_http(ServeJob /*job*/) {
  return unsupported(
      "this build has no server: install Boost, OpenSSL and prometheus-cpp (scripts/setup --serve), build again");
}

}  // namespace poise::app
