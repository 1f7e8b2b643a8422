#pragma once
// The loop of a custom runtime of AWS Lambda: asks for the next event, answers it, again. Thread-safe.
// Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api, version 2018-06-01.

#include <functional>
#include <stop_token>
#include <string>

#include "poise/base/result.h"
#include "poise/serve/pose_service.h"

namespace poise {

struct LambdaOptions {
  std::string api;            // HOST:PORT, of $AWS_LAMBDA_RUNTIME_API; a name must be localhost or in /etc/hosts
  int loops = 1;              // events at the same time: more than one on managed instances
  std::stop_token stop = {};  // asked to end: events that have come are answered, no more are asked for
  std::function<void(const std::string& json_line)> log = {};
};

/// Opens the service, tells the runtime where that fails, and answers events until it is asked to stop. Errors: those
/// of PoseService::open; kInvalidArgument (an api that is no address); kIo, the runtime cannot be spoken to or says
/// that the container is broken.
Status run_lambda(const PoseServiceOptions& service, const LambdaOptions& options);

}  // namespace poise
