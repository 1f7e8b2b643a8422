// Small networks, read and run by both backends: each refuses or runs; where both run, outputs have the same shapes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "poise/engine/session.h"
#include "poise/weights/network_file.h"

namespace {

constexpr std::int64_t kMostElements = 1 << 14;  // of an input
constexpr std::int64_t kMostWork = 1 << 24;      // multiply-adds
constexpr std::uint64_t kMemory = 64U << 20U;

/// Nothing where the backend refuses.
std::optional<std::vector<poise::Tensor>> outputs_of(const poise::Graph& graph, const std::string& backend,
                                                     const std::vector<poise::Tensor>& inputs) {
  auto session = poise::Session::create(graph, {.backend = backend, .threads = 1, .max_memory = kMemory});
  if (!session) return std::nullopt;
  std::vector<poise::TensorView> views;
  for (const poise::Tensor& input : inputs) views.emplace_back(input);
  std::vector<poise::Tensor> outputs;
  const poise::Status status = session->run(views, outputs);
  if (!status.ok()) {
    if (status.error().message.empty()) std::abort();
    return std::nullopt;
  }
  return outputs;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const poise::NetworkLimits limits{.max_bytes = 1U << 20U, .max_nodes = 200, .max_tensors = 400};
  auto model = poise::parse_onnx({data, size}, {}, limits);
  if (!model) return 0;
  std::vector<poise::Shape> shapes;
  std::vector<poise::Tensor> inputs;
  for (const poise::ValueId id : model->graph.inputs) {
    const poise::Value& value = model->graph.values.at(static_cast<std::size_t>(id));
    poise::Shape shape = value.shape;
    for (std::int64_t& extent : shape)
      if (extent < 0) extent = 1;
    const auto count = poise::element_count(shape);
    if (!count || *count > kMostElements || value.type != poise::DType::kFloat32) return 0;
    poise::Tensor& input = inputs.emplace_back(shape);
    for (std::int64_t i = 0; i < *count; ++i) input.floats()[i] = static_cast<float>(i % 7) / 7.0F - 0.4F;
    shapes.push_back(std::move(shape));
  }
  const auto infos = poise::infer_shapes(model->graph, shapes);
  if (!infos || poise::multiply_adds(model->graph, *infos) > kMostWork) return 0;
  std::int64_t elements = 0;
  for (const poise::ValueInfo& info : *infos) {
    if (info.open) return 0;  // nobody knows how much there is to do
    elements += poise::element_count(info.shape).value();
  }
  if (elements > kMostWork) return 0;
  const auto plain = outputs_of(model->graph, "reference", inputs);
  const auto fast = outputs_of(model->graph, "onednn", inputs);
  if (!plain || !fast) return 0;
  if (plain->size() != fast->size()) std::abort();
  for (std::size_t i = 0; i < plain->size(); ++i)
    if ((*plain)[i].shape() != (*fast)[i].shape()) std::abort();
  return 0;
}
