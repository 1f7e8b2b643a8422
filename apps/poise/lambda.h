#pragma once
// The loop of a runtime of AWS Lambda, where this build has it: two files of this name's kind.

#include <functional>
#include <string>

#include "poise/serve/pose_service.h"

namespace poise::app {

struct LambdaJob {
  PoseServiceOptions service = {};
  std::string api;  // HOST:PORT
  int loops = 1;
  std::function<void(const std::string& json_line)> log = {};
};

/// run_lambda(), until SIGTERM or Ctrl-C. Errors also: kUnsupported (a build without it).
Status serve_lambda(const LambdaJob& job);

}  // namespace poise::app
