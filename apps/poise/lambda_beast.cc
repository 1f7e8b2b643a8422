#include <stop_token>
#include <thread>

#include "lambda.h"
#include "poise/serve/lambda/runtime_loop.h"
#include "signals.h"

namespace poise::app {

Status serve_lambda(const LambdaJob& job) {
  const Signals signals;
  std::stop_source stop;
  Status ended;
  std::thread answering([&, waiting = ::pthread_self()] {
    ended = run_lambda(job.service, {.api = job.api, .loops = job.loops, .stop = stop.get_token(), .log = job.log});
    Signals::wake(waiting);
  });
  signals.wait();
  stop.request_stop();
  answering.join();
  return ended;
}

}  // namespace poise::app
