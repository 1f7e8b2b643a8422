#include "device.h"
#include "launch.h"

namespace poise::app {

Status set_device(const std::string& device, RunnerOptions& /*options*/) {
  if (device == "cpu") return {};
  return become("poise-torch", own_words()).prefixed("--device " + device);
}

}  // namespace poise::app
