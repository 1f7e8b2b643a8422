// `poise serve`: pictures in and poses out, over HTTP.

#include <cstdio>
#include <memory>
#include <mutex>

#include "commands/command.h"
#include "console.h"
#include "figures.h"
#include "flags/service_flags.h"
#include "http.h"
#include "poise/base/counted.h"
#include "poise/base/file.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  ServiceFlags finder;
  std::string token_file;
  ServeJob job;
  int deadline_seconds = 30, linger_seconds = 0;
  bool quiet = false;
};

constexpr const char* kExamples =
    "Answers POST /v1/poses, GET /v1/models, /healthz, /readyz, /metrics and /openapi.json, the Open Inference "
    "Protocol\n"
    "below /v2, and a WebSocket at /v1/stream; shows a page at / (docs/serving.md). SIGTERM and Ctrl-C: what has come "
    "is\n"
    "answered, then it ends.\n\n"
    "Examples:\n"
    "  poise serve                                            # then open http://localhost:8080\n"
    "  curl -F image=@team.jpg localhost:8080/v1/poses\n"
    "  curl --data-binary @team.jpg 'localhost:8080/v1/poses?draw=1' --output drawn.jpg\n"
    "  poise serve --host 0.0.0.0 --certificate cert.pem --key key.pem --token-file token.txt --workers 4";

Result<std::string> read_token(const std::string& file) {
  if (file.empty()) return std::string();
  constexpr std::uint64_t kMost = 4096;
  auto bytes = read_file(file, kMost);
  if (!bytes.ok()) return bytes.error().prefixed(file);
  std::string token(bytes->begin(), bytes->end());
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.empty()) return invalid_argument(file + ": holds no token");
  return token;
}

Status serve(Options& o) {
  POISE_RETURN_IF_ERROR(o.finder.put(o.job.service.finder));
  POISE_TRY(o.job.server.token, read_token(o.token_file));
  o.job.service.deadline = std::chrono::seconds(o.deadline_seconds);
  o.job.linger = std::chrono::seconds(o.linger_seconds);
  Console console(o.quiet);
  o.job.note = [&](const std::string& what) { console.note(what); };
  o.job.listens = [&](const std::string& address, int workers) {
    console.note("poise listens at " + address + ", " + counted(static_cast<std::size_t>(workers), "worker") +
                 "; Ctrl-C ends it");
  };
  if (!o.quiet) {
    o.job.server.log = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  }
  return serve_http(o.job);
}

void add_server_flags(CLI::App& command, Options& o) {
  const std::string group = "Address and limits";
  ServerOptions& server = o.job.server;
  command.add_option("--host", server.address, "the address to listen at; 0.0.0.0: all of this machine's")
      ->capture_default_str()
      ->group(group);
  command.add_option("--port", server.port, "0: any that is free")->capture_default_str()->group(group);
  command
      .add_option("--workers", o.job.service.workers,
                  "pictures looked at at the same time, a thread each; 0: --threads")
      ->check(CLI::Range(0, 1024))
      ->group(group);
  command.add_option("--queue", o.job.service.queue, "requests that wait for a worker; those beyond get 503")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str()
      ->group(group);
  command.add_option("--deadline", o.deadline_seconds, "seconds after which a request that waits gets 503")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str()
      ->group(group);
  command.add_option("--max-body", server.max_body, "bytes of a request, as in 16M")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str()
      ->type_name("SIZE")
      ->group(group);
  add_max_pixels_flag(command, o.job.service, group);
  command.add_option("--max-connections", server.max_connections, "at the same time")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str()
      ->group(group);
  command.add_option("--certificate", server.certificate, "TLS: the chain of certificates, PEM")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--key", server.key, "TLS: its key, PEM")->type_name("FILE")->group(group);
  command.add_option("--token-file", o.token_file, "requests must bear what is in it: Authorization: Bearer TOKEN")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--linger", o.linger_seconds, "seconds that it still listens after SIGTERM, not ready any more")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str()
      ->group(group);
}

}  // namespace

Action make_serve(CLI::App& command) {
  auto o = std::make_shared<Options>();
  add_server_flags(command, *o);
  o->finder.add_to(command, o->job.service);
  command.add_flag("-q,--quiet", o->quiet, "no line a request");
  command.footer(kExamples);
  return [o] {
    const Status status = serve(*o);
    if (status.ok()) return 0;
    Console(o->quiet).error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
