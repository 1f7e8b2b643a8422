#include "poise/serve/http/server_metrics.h"

#include <prometheus/text_serializer.h>

namespace poise {

namespace {

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

ServerMetrics::ServerMetrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      answers_(prometheus::BuildCounter()
                   .Name("poise_requests_total")
                   .Help("Requests that were answered, by status.")
                   .Register(*registry_)),
      people_(counter(*registry_, "poise_people_total", "People found.")),
      waiting_(gauge(*registry_, "poise_queue_length", "Requests that wait for a worker.")),
      connections_(gauge(*registry_, "poise_connections", "Open connections.")),
      streams_(gauge(*registry_, "poise_streams", "Open WebSocket streams.")) {
  auto& stages = prometheus::BuildHistogram()
                     .Name("poise_stage_seconds")
                     .Help("How long a stage of a request took: waiting, decoding, finding, writing, all of it.")
                     .Register(*registry_);
  const prometheus::Histogram::BucketBoundaries bounds{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
  const std::map<Stage, const char*> names{{Stage::kQueue, "queue"},
                                           {Stage::kDecode, "decode"},
                                           {Stage::kFind, "find"},
                                           {Stage::kWrite, "write"},
                                           {Stage::kAll, "all"}};
  for (const auto& [stage, name] : names) stages_[stage] = &stages.Add({{"stage", name}}, bounds);
  auto& refusals = prometheus::BuildCounter()
                       .Name("poise_refused_total")
                       .Help("Requests that no worker looked at, by reason.")
                       .Register(*registry_);
  const std::map<Refusal, const char*> reasons{
      {Refusal::kQueueFull, "queue_full"}, {Refusal::kDeadline, "deadline"}, {Refusal::kClosed, "closed"}};
  for (const auto& [why, name] : reasons) refusals_[why] = &refusals.Add({{"reason", name}});
}

void ServerMetrics::took(Stage stage, double seconds) { stages_.at(stage)->Observe(seconds); }
void ServerMetrics::refused(Refusal why) { refusals_.at(why)->Increment(); }
void ServerMetrics::people(std::size_t count) { people_.Increment(static_cast<double>(count)); }
void ServerMetrics::waiting(std::size_t requests) { waiting_.Set(static_cast<double>(requests)); }
void ServerMetrics::answered(int status) { answers_.Add({{"status", std::to_string(status)}}).Increment(); }
void ServerMetrics::connections(std::size_t count) { connections_.Set(static_cast<double>(count)); }
void ServerMetrics::streams(std::size_t count) { streams_.Set(static_cast<double>(count)); }
std::string ServerMetrics::text() const { return prometheus::TextSerializer().Serialize(registry_->Collect()); }

std::shared_ptr<ServerMetrics> make_server_metrics() { return std::make_shared<ServerMetrics>(); }
std::shared_ptr<ServiceMetrics> service_metrics(const std::shared_ptr<ServerMetrics>& metrics) { return metrics; }

}  // namespace poise
