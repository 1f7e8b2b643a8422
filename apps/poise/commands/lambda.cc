// `poise lambda`: events of AWS Lambda in and poses out.

#include "lambda.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <thread>

#include "commands/command.h"
#include "console.h"
#include "flags/service_flags.h"

namespace poise::app {
namespace {

struct Flags {
  ServiceFlags finder;
  LambdaJob job;
  bool quiet = false;
};

/// Lambda shows two processors to small functions, too, and grants a share of them: one for each 1,769 MB (its manual,
/// "Configure Lambda function memory"). More threads than that take turns.
int granted_threads() {
  constexpr double kMegabytesEach = 1769;
  const int processors = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const char* const given = std::getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
  const std::string_view text = given == nullptr ? "" : given;
  int megabytes = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), megabytes).ec != std::errc()) return processors;
  return std::clamp(static_cast<int>(std::lround(megabytes / kMegabytesEach)), 1, processors);
}

Status answer_events(Flags& flags) {
  PoseServiceOptions& service = flags.job.service;
  POISE_RETURN_IF_ERROR(flags.finder.put(service.finder));
  const int wanted = service.finder.estimate.run.threads;
  service.threads = std::max(1, (wanted > 0 ? wanted : granted_threads()) / flags.job.loops);
  if (!flags.quiet) flags.job.log = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  return serve_lambda(flags.job);
}

}  // namespace

Action make_lambda(CLI::App& command) {
  auto o = std::make_shared<Flags>();
  command.add_option("--api", o->job.api, "the runtime's HOST:PORT; Lambda says it in AWS_LAMBDA_RUNTIME_API")
      ->envname("AWS_LAMBDA_RUNTIME_API")
      ->required()
      ->type_name("HOST:PORT");
  command.add_option("--loops", o->job.loops, "events answered at the same time: more than one on managed instances")
      ->envname("AWS_LAMBDA_MAX_CONCURRENCY")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  add_max_pixels_flag(command, o->job.service, "");
  o->finder.add_to(command, o->job.service);
  command.get_option("--threads")->description("compute threads; 0: as many as the function's memory is granted");
  command.add_flag("-q,--quiet", o->quiet, "no line an event");
  command.footer(
      "Answers events of API Gateway (1.0, 2.0) and function URLs as `poise serve` answers requests, and direct calls "
      "of\n"
      "{\"image\": base64}. SIGTERM and Ctrl-C: what has come is answered, then it ends. scripts/lambda-zip makes a "
      "zip\n"
      "of it, the program bootstrap, which takes the same options from the variable POISE_OPTIONS; in a container "
      "image\n"
      "it is the command.");
  return [o] {
    const Status status = answer_events(*o);
    if (status.ok()) return 0;
    Console(o->quiet).error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
