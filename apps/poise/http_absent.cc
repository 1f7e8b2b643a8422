#include "http.h"

namespace poise::app {

namespace {

Error absent() {
  return unsupported(
      "this build has no server: install Boost, OpenSSL and prometheus-cpp (scripts/setup --serve), build again");
}

}  // namespace

Status serve_http(ServeJob /*job*/) { return absent(); }
Status serve_lambda(const LambdaJob& /*job*/) { return absent(); }

}  // namespace poise::app
