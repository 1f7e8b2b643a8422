#include "poise/quantize/quantize_model.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "poise/card/picture_input.h"
#include "poise/infer/runner.h"

namespace poise {
namespace {

constexpr std::size_t kBatch = 4;  // of crops run together, where the network leaves it open

/// Milliseconds of one run.
Result<double> time_run(Session& session, const TensorView& input, std::vector<Tensor>& outputs) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  POISE_RETURN_IF_ERROR(session.run({&input, 1}, outputs));
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

/// `batch`: one person alone is timed where the network does not insist on so many.
Result<PrecisionRace> race(const Graph& floats, const Graph& integers, const Tensor& batch, int threads) {
  POISE_TRY(Session slow, Session::create(Graph(floats), {"onednn", threads, Precision::kFloat32}));
  POISE_TRY(Session quick, Session::create(Graph(integers), {"onednn", threads, Precision::kInt8}));
  Shape shape = batch.shape();
  if (floats.values.at(floats.inputs[0]).shape[0] < 0) shape[0] = 1;
  const TensorView view(batch.floats().data(), shape);
  std::vector<Tensor> outputs;
  PrecisionRace best{1e9, 1e9};
  constexpr int kRounds = 15;
  for (int i = 0; i < kRounds; ++i) {
    POISE_TRY(const double slow_time, time_run(slow, view, outputs));
    POISE_TRY(const double quick_time, time_run(quick, view, outputs));
    best.floats = std::min(best.floats, slow_time);
    best.integers = std::min(best.integers, quick_time);
  }
  best.floats /= static_cast<double>(shape[0]);
  best.integers /= static_cast<double>(shape[0]);
  return best;
}

}  // namespace

Json to_json(const QuantizedModel& model) {
  Json layers = Json::array();
  for (const QuantizedLayer& layer : model.network.layers) {
    Json entry = Json::object();
    entry.set("name", layer.name);
    entry.set("multiply_adds", layer.multiply_adds);
    entry.set("damage", layer.damage);
    entry.set("integers", layer.integers);
    layers.push(std::move(entry));
  }
  Json json = Json::object();
  json.set("ranges", std::string(name_of(model.network.rule)));
  json.set("biases_corrected", model.network.biases_corrected);
  json.set("damage", model.network.damage);
  json.set("ms_fp32", model.race.floats);
  json.set("ms_int8", model.race.integers);
  json.set("times_as_fast", model.race.times_as_fast());
  if (model.float_accuracy) json.set("accuracy_fp32", *model.float_accuracy);
  if (model.integer_accuracy) json.set("accuracy_int8", *model.integer_accuracy);
  json.set("layers", std::move(layers));
  return json;
}

Result<QuantizedModel> quantize_model(const NetworkFile& model, const std::string& name,
                                      const std::filesystem::path& file, const QuantizeModelOptions& options) {
  if (holds_integers(model.graph)) return invalid_argument(name + " computes in integers already");
  QuantizedModel result;
  POISE_TRY(result.card, gather_card(file, model.metadata, options.card));
  const auto fixed = picture_input(model.graph, "a top-down pose network");
  if (!fixed.ok()) return fixed.error().prefixed(name);
  const auto card = card_from_json(result.card, *fixed);
  if (!card.ok()) return card.error().prefixed(name);
  const std::int64_t fixed_batch = model.graph.values.at(model.graph.inputs[0]).shape[0];
  const std::size_t batch = fixed_batch > 0 ? static_cast<std::size_t>(fixed_batch) : kBatch;

  POISE_TRY(const std::vector<Tensor> batches,
            read_calibration_crops(options.calibration, *card, batch, options.layers.progress));
  if (options.accuracy) {
    POISE_TRY(result.float_accuracy, options.accuracy(model, Precision::kFloat32));
  }
  POISE_TRY(result.network, quantize(model.graph, batches, options.layers));
  POISE_TRY(result.race, race(model.graph, result.network.graph, batches.front(), options.layers.threads));
  result.worthwhile = result.race.times_as_fast() >= options.worthwhile;
  if (options.accuracy && result.worthwhile) {
    NetworkFile rounded = model;
    rounded.graph = result.network.graph;
    POISE_TRY(result.integer_accuracy, options.accuracy(std::move(rounded), Precision::kInt8));
  }
  result.card.set("precision", std::string(name_of(Precision::kInt8)));
  if (!card->accuracy.empty()) result.card.set("accuracy", "in floats: " + card->accuracy);
  result.metadata = model.metadata;
  result.metadata["poise.quantized_from"] = name + " sha256 " + model.hash;
  return result;
}

Status write_quantized(const std::filesystem::path& path, const QuantizedModel& model) {
  OnnxWriteOptions write;
  write.metadata = model.metadata;
  write.metadata[kCardKey] = model.card.dump();
  return write_onnx(path, model.network.graph, write);
}

}  // namespace poise
