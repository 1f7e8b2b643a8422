#include "poise/graph_torch/torch_session.h"

#include <utility>

#include "poise/graph/passes/passes.h"
#include "poise/graph_torch/torch_graph.h"

namespace poise {
namespace {

class TorchRunner : public Runner {
 public:
  TorchRunner(TorchSession session, const std::string& device)
      : session_(std::move(session)), name_("libtorch " + device) {}
  std::string name() const override { return name_; }
  Status run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs) override {
    return session_.run(inputs, outputs);
  }

 private:
  TorchSession session_;
  std::string name_;
};

}  // namespace

struct TorchSession::State {
  TorchGraph graph;
};

TorchSession::TorchSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
TorchSession::TorchSession(TorchSession&&) noexcept = default;
TorchSession& TorchSession::operator=(TorchSession&&) noexcept = default;
TorchSession::~TorchSession() = default;

Result<TorchSession> TorchSession::create(Graph graph, const TorchSessionOptions& options) {
  POISE_TRY(const at::Device device, torch_device(options.device));
  set_torch_threads(options.threads);
  POISE_RETURN_IF_ERROR(graph.validate());
  remove_identities(graph);
  POISE_RETURN_IF_ERROR(fold_constants(graph));  // weights stored as integers
  remove_dead(graph);
  POISE_TRY(TorchGraph torch,
            TorchGraph::create(std::move(graph), {.device = device,
                                                  .bfloat16 = options.bfloat16,
                                                  .channels_last = device.is_cuda() || options.bfloat16}));
  return TorchSession(std::make_unique<State>(State{std::move(torch)}));
}

Status TorchSession::run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs) {
  std::vector<Shape> shapes;
  for (const TensorView& view : inputs) shapes.push_back(view.shape);
  POISE_TRY(const auto infos, infer_shapes(state_->graph.graph(), shapes));  // what does not fit is named here
  return guarded([&]() -> Status {
    const at::NoGradGuard no_gradients;
    std::vector<at::Tensor> tensors;
    for (const TensorView& view : inputs) {
      tensors.push_back(at::from_blob(const_cast<float*>(view.data), view.shape, at::kFloat));  // read only
    }
    const std::vector<at::Tensor> results = state_->graph.forward(tensors, false);
    outputs.clear();
    for (const at::Tensor& result : results) outputs.push_back(from_torch(result));
    return {};
  });
}

MakeRunner torch_runner(const TorchSessionOptions& options) {
  return [options](Graph graph) -> Result<std::unique_ptr<Runner>> {
    POISE_TRY(TorchSession session, TorchSession::create(std::move(graph), options));
    return std::unique_ptr<Runner>(std::make_unique<TorchRunner>(std::move(session), options.device));
  };
}

}  // namespace poise
