#include "device.h"
#include "poise/graph_torch/torch_session.h"

namespace poise::app {
namespace {

class TorchRunner : public Runner {
 public:
  explicit TorchRunner(TorchSession session) : session_(std::move(session)) {}
  Status run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs) override {
    return session_.run(inputs, outputs);
  }

 private:
  TorchSession session_;
};

}  // namespace

Status set_device(const std::string& device, RunnerOptions& options) {
  const TorchSessionOptions torch{.device = device, .threads = options.threads};
  options.make = [torch](Graph graph) -> Result<std::unique_ptr<Runner>> {
    POISE_TRY(TorchSession session, TorchSession::create(std::move(graph), torch));
    return std::unique_ptr<Runner>(std::make_unique<TorchRunner>(std::move(session)));
  };
  return {};
}

}  // namespace poise::app
