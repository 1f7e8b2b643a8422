#include "poise/engine/bench.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <thread>

#include "poise/base/random.h"
#include "poise/engine/peak.h"

namespace poise {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

Result<Shape> input_shape(const Graph& graph, const BenchOptions& options) {
  if (graph.inputs.size() != 1) {
    return unsupported("networks with one input are timed, this has " + std::to_string(graph.inputs.size()));
  }
  Shape shape = graph.values.at(graph.inputs[0]).shape;
  if (shape.size() != 4)
    return unsupported("networks that read (N, C, H, W) are timed, this reads " + to_string(shape));
  if (shape[0] < 0) shape[0] = options.batch;
  if (shape[0] != options.batch) {
    return invalid_argument("the network insists on batch " + std::to_string(shape[0]) + ": time it with that");
  }
  if (shape[2] < 0 || shape[3] < 0) {
    if (options.input.width < 1 || options.input.height < 1) {
      return invalid_argument("the network leaves its input size open: name an input size, as 192x256");
    }
    shape[2] = options.input.height;
    shape[3] = options.input.width;
  }
  return shape;
}

/// Milliseconds of each run, rising, until there are enough. Each of the sessions runs in a thread of its own.
Result<std::vector<double>> time_runs(std::vector<Session>& sessions, std::span<const TensorView> inputs,
                                      const BenchOptions& options) {
  constexpr int kWarm = 3;  // runs that are not counted
  std::vector<std::vector<double>> times(sessions.size());
  std::vector<Status> failed(sessions.size());
  const auto run = [&](std::size_t i) {
    std::vector<Tensor> outputs;
    for (int warm = 0; warm < kWarm && failed[i].ok(); ++warm) failed[i] = sessions[i].run(inputs, outputs);
    const auto start = Clock::now();
    const auto enough = [&] {
      return static_cast<int>(times[i].size()) >= std::max(options.runs, 1) &&
             std::chrono::duration<double>(Clock::now() - start).count() >= options.seconds;
    };
    while (failed[i].ok() && !enough()) {
      const auto begin = Clock::now();
      failed[i] = sessions[i].run(inputs, outputs);
      times[i].push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    }
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < sessions.size(); ++i) others.emplace_back(run, i);
  run(0);
  for (std::thread& other : others) other.join();
  std::vector<double> all;
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    POISE_RETURN_IF_ERROR(failed[i]);
    all.insert(all.end(), times[i].begin(), times[i].end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<BenchLayer> beside_peak(const std::vector<LayerTime>& times, double peak) {
  double whole = 0;
  for (const LayerTime& time : times) whole += time.milliseconds;
  std::vector<BenchLayer> layers;
  for (const LayerTime& time : times) {
    BenchLayer layer;
    layer.time = time;
    if (time.milliseconds > 0) {
      layer.share = time.milliseconds / whole;
      layer.multiply_adds_second = static_cast<double>(time.multiply_adds) / (time.milliseconds * 1e-3);
      if (peak > 0) layer.of_peak = layer.multiply_adds_second / peak;
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

Json to_json(const LayerChoice& choice) {
  Json times = Json::object();
  for (const auto& [form, milliseconds] : choice.milliseconds) times.set(form, milliseconds);
  Json json = Json::object();
  json.set("name", choice.name);
  json.set("form", choice.form);
  json.set("ms", std::move(times));
  return json;
}

Json to_json(const BenchLayer& layer) {
  Json json = Json::object();
  json.set("name", layer.time.name);
  json.set("kernel", layer.time.kernel);
  json.set("ms", layer.time.milliseconds);
  json.set("share", layer.share);
  json.set("gmac_per_s", layer.multiply_adds_second * 1e-9);
  if (layer.of_peak) json.set("of_peak", *layer.of_peak);
  return json;
}

template <typename Entry>
Json list_of(const std::vector<Entry>& entries) {
  Json list = Json::array();
  for (const Entry& entry : entries) list.push(to_json(entry));
  return list;
}

}  // namespace

std::optional<double> BenchResult::of_peak() const {
  if (!layers || peak <= 0) return std::nullopt;
  std::int64_t products = 0;
  for (const BenchLayer& layer : *layers) products += layer.time.multiply_adds;
  return static_cast<double>(products) / (median() * 1e-3) / peak;
}

Json to_json(const BenchResult& result) {
  Json json = Json::object();
  json.set("precision", std::string(name_of(result.precision)));
  json.set("threads", result.threads);
  json.set("batch", result.batch);
  json.set("streams", result.streams);
  json.set("runs", static_cast<std::int64_t>(result.milliseconds.size()));
  json.set("ms_median", result.median());
  json.set("ms_min", result.milliseconds.front());
  json.set("ms_max", result.milliseconds.back());
  json.set("ms_per_person", result.milliseconds_a_person());
  json.set("persons_per_second", result.persons_a_second());
  json.set("arena_bytes", static_cast<std::int64_t>(result.plan.arena_bytes));
  json.set("arena_ideal_bytes", static_cast<std::int64_t>(result.plan.ideal_bytes));
  json.set("weight_bytes", static_cast<std::int64_t>(result.plan.weight_bytes));
  json.set("peak_bytes", result.peak_bytes);
  if (result.tuned) json.set("tuned", list_of(*result.tuned));
  if (const auto of_peak = result.of_peak()) {
    json.set("peak_gmac_per_s", result.peak * 1e-9);
    json.set("of_peak", *of_peak);
  }
  if (result.layers) json.set("layers", list_of(*result.layers));
  return json;
}

Result<BenchResult> bench(Graph graph, const BenchOptions& options) {
  POISE_TRY(const Shape shape, input_shape(graph, options));
  const std::span<const Shape> shapes(&shape, 1);
  if (const auto fits = infer_shapes(graph, shapes); !fits.ok()) return fits.error();
  std::vector<Session> sessions;
  POISE_TRY(Session first, Session::create(std::move(graph), options.session));
  sessions.push_back(std::move(first));
  BenchResult result;
  result.precision = options.session.precision;
  result.threads = sessions[0].threads();
  result.batch = options.batch;
  result.streams = std::max(options.streams, 1);
  if (options.tune) {
    POISE_TRY(result.tuned, sessions[0].tune(shapes));
  }
  for (int i = 1; i < result.streams; ++i) sessions.push_back(sessions[0].sibling());

  Tensor input(shape);
  Random random(1);
  for (float& v : input.floats()) v = static_cast<float>(random.uniform(-2.0, 2.0));
  const TensorView view(input);
  const std::span<const TensorView> inputs(&view, 1);
  POISE_TRY(result.milliseconds, time_runs(sessions, inputs, options));
  POISE_TRY(result.plan, sessions[0].plan(shapes));
  result.peak_bytes = peak_memory();
  if (options.layers) {
    POISE_TRY(const std::vector<LayerTime> times, sessions[0].profile(inputs));
    result.peak = measured_peak(result.precision, result.threads);
    result.layers = beside_peak(times, result.peak);
  }
  return result;
}

}  // namespace poise
