#include "lambda.h"

namespace poise::app {

Status serve_lambda(const LambdaJob& /*job*/) {
  return unsupported("this build has no runtime of Lambda: install Boost (scripts/setup --serve), build again");
}

}  // namespace poise::app
