#pragma once
// What is counted, by prometheus-cpp. Internal to serve/http. Thread-safe.

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <string>

#include "poise/serve/http/server.h"

namespace poise {

class ServerMetrics : public ServiceMetrics {
 public:
  ServerMetrics();
  void took(Stage stage, double seconds) override;
  void refused(Refusal why) override;
  void people(std::size_t count) override;
  void waiting(std::size_t requests) override;

  void answered(int status);
  void connections(std::size_t count);
  void streams(std::size_t count);
  std::string text() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& answers_;
  std::map<Stage, prometheus::Histogram*> stages_;
  std::map<Refusal, prometheus::Counter*> refusals_;
  prometheus::Counter& people_;
  prometheus::Gauge& waiting_;
  prometheus::Gauge& connections_;
  prometheus::Gauge& streams_;
};

}  // namespace poise
