#include "device.h"
#include "poise/graph_torch/torch_session.h"

namespace poise::app {

Status set_device(const std::string& device, RunnerOptions& options) {
  options.make = torch_runner({.device = device, .threads = options.threads});
  return {};
}

}  // namespace poise::app
