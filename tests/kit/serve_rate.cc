// How often the service's function answers, called by as many threads as it has workers, without sockets: what
// bench/serve.py holds the server against. serve_rate WORKERS SECONDS PICTURE...

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "poise/base/file.h"
#include "poise/base/passive_threads.h"
#include "poise/serve/pose_service.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const poise::PassiveThreads passive;
  const int workers = std::atoi(argv[1]);
  const double seconds = std::atof(argv[2]);
  std::vector<poise::HttpRequest> requests;
  for (int i = 3; i < argc; ++i) {
    const poise::Bytes bytes = poise::read_file(argv[i], 1U << 26U).value();
    poise::HttpRequest request;
    request.method = "POST";
    request.path = "/v1/poses";
    request.body.assign(bytes.begin(), bytes.end());
    requests.push_back(std::move(request));
  }
  poise::PoseServiceOptions options;
  options.workers = workers;
  const auto service = poise::PoseService::open(options).value();
  std::atomic<int> answers = 0;
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  std::vector<std::thread> threads;
  for (int i = 0; i < workers; ++i) {
    threads.emplace_back([&, i] {
      for (std::size_t turn = static_cast<std::size_t>(i); passed() < seconds; ++turn) {
        if (service->answer(requests[turn % requests.size()]).status == 200) ++answers;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("{\"answers\": %d, \"per_second\": %.2f}\n", answers.load(), answers / passed());
  return 0;
}
