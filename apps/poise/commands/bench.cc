#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "commands/command.h"
#include "console.h"
#include "flags/estimator_flags.h"
#include "model_store.h"
#include "poise/base/json.h"
#include "poise/base/random.h"
#include "poise/base/version.h"
#include "poise/engine/peak.h"
#include "poise/engine/session.h"
#include "poise/weights/network_file.h"
#include "signature.h"

namespace poise::app {
namespace {

struct Options {
  std::string model, input, compare, backend = "onednn";
  std::vector<int> threads{0};
  std::vector<int> batches{1};
  std::vector<int> streams{1};
  std::vector<std::string> precisions{"fp32"};
  int runs = 20;
  double seconds = 2.0;
  bool json = false, layers = false, signature = false, tune = false;
};

/// Resident memory at its highest, bytes.
std::int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

Result<Shape> input_shape(const Graph& graph, const Options& o, std::int64_t batch) {
  if (graph.inputs.size() != 1) return unsupported("bench takes networks with one input");
  Shape shape = graph.values.at(graph.inputs[0]).shape;
  if (shape.size() != 4) return unsupported("bench takes networks that read (N, C, H, W)");
  if (shape[0] < 0) shape[0] = batch;
  if (shape[0] != batch) {
    return invalid_argument("the network insists on batch " + std::to_string(shape[0]) + ": bench it with --batch " +
                            std::to_string(shape[0]));
  }
  int width = 0;
  int height = 0;
  if (shape[2] < 0 || shape[3] < 0) {
    if (std::sscanf(o.input.c_str(), "%dx%d", &width, &height) != 2 || width < 1 || height < 1) {
      return invalid_argument("the network leaves its input size open: name one, as in --input 192x256");
    }
    shape[2] = height;
    shape[3] = width;
  }
  return shape;
}

using Clock = std::chrono::steady_clock;

/// Milliseconds of each run, until there are enough. Each of the sessions runs in a thread of its own.
Result<std::vector<double>> time_runs(std::vector<Session>& sessions, const Tensor& input, const Options& o) {
  const TensorView view(input);
  const std::span<const TensorView> inputs(&view, 1);
  std::vector<std::vector<double>> times(sessions.size());
  std::vector<Status> failed(sessions.size());
  const auto run = [&](std::size_t i) {
    std::vector<Tensor> outputs;
    for (int warm = 0; warm < 3 && failed[i].ok(); ++warm) failed[i] = sessions[i].run(inputs, outputs);
    const auto start = Clock::now();
    while (failed[i].ok() && (static_cast<int>(times[i].size()) < o.runs ||
                              std::chrono::duration<double>(Clock::now() - start).count() < o.seconds)) {
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

Json to_json(const std::vector<LayerChoice>& choices) {
  Json list = Json::array();
  for (const LayerChoice& choice : choices) {
    Json entry = Json::object();
    entry.set("name", choice.name);
    entry.set("form", choice.form);
    Json times = Json::object();
    for (const auto& [form, milliseconds] : choice.milliseconds) times.set(form, milliseconds);
    entry.set("ms", std::move(times));
    list.push(std::move(entry));
  }
  return list;
}

/// Takes the graph, so that nothing but the session holds its weights while memory is measured.
Result<Json> measure(Graph graph, const Options& o, Precision precision, int threads, int batch, int streams) {
  POISE_TRY(const Shape shape, input_shape(graph, o, batch));
  if (const auto fits = infer_shapes(graph, std::span(&shape, 1)); !fits.ok()) return fits.error();
  std::vector<Session> sessions;
  POISE_TRY(Session first, Session::create(std::move(graph), {o.backend, threads, precision, plans_folder()}));
  sessions.push_back(std::move(first));
  std::vector<LayerChoice> choices;
  if (o.tune) {
    POISE_TRY(choices, sessions[0].tune(std::span(&shape, 1)));
  }
  for (int i = 1; i < streams; ++i) sessions.push_back(sessions[0].sibling());
  Session& session = sessions[0];
  Tensor input(shape);
  Random random(1);
  for (float& v : input.floats()) v = static_cast<float>(random.uniform(-2.0, 2.0));
  const TensorView view(input);
  const std::span<const TensorView> inputs(&view, 1);
  POISE_TRY(const std::vector<double> times, time_runs(sessions, input, o));
  POISE_TRY(const PlanInfo plan, session.plan(std::span(&shape, 1)));
  Json json = Json::object();
  json.set("precision", std::string(name_of(precision)));
  json.set("threads", session.threads());
  json.set("batch", batch);
  json.set("streams", streams);
  json.set("runs", static_cast<std::int64_t>(times.size()));
  json.set("ms_median", times[times.size() / 2]);
  json.set("ms_min", times.front());
  json.set("ms_max", times.back());
  json.set("ms_per_person", times[times.size() / 2] / batch);
  json.set("persons_per_second", batch * streams * 1e3 / times[times.size() / 2]);
  json.set("arena_bytes", static_cast<std::int64_t>(plan.arena_bytes));
  json.set("arena_ideal_bytes", static_cast<std::int64_t>(plan.ideal_bytes));
  json.set("weight_bytes", static_cast<std::int64_t>(plan.weight_bytes));
  json.set("peak_bytes", peak_memory());
  if (o.tune) json.set("tuned", to_json(choices));
  if (o.layers) {
    POISE_TRY(const std::vector<LayerTime> layers, session.profile(inputs));
    const double peak = measured_peak(precision, session.threads());
    double whole = 0;
    for (const LayerTime& layer : layers) whole += layer.milliseconds;
    std::int64_t products = 0;
    Json list = Json::array();
    for (const LayerTime& layer : layers) {
      Json entry = Json::object();
      entry.set("name", layer.name);
      entry.set("kernel", layer.kernel);
      entry.set("ms", layer.milliseconds);
      entry.set("share", whole > 0 ? layer.milliseconds / whole : 0.0);
      products += layer.multiply_adds;
      entry.set("gmac_per_s",
                layer.milliseconds > 0 ? static_cast<double>(layer.multiply_adds) / layer.milliseconds * 1e-6 : 0.0);
      if (peak > 0 && layer.milliseconds > 0) {
        entry.set("of_peak", static_cast<double>(layer.multiply_adds) / (layer.milliseconds * 1e-3) / peak);
      }
      list.push(std::move(entry));
    }
    if (peak > 0) {
      json.set("peak_gmac_per_s", peak * 1e-9);
      json.set("of_peak", static_cast<double>(products) / (times[times.size() / 2] * 1e-3) / peak);
    }
    json.set("layers", std::move(list));
  }
  return json;
}

void print(const Json& row) {
  const auto number = [](const Json& json, const char* name) { return json.number(name).value(); };
  std::printf("%-9s %7.0f %6.0f %7.0f %10.2f %10.2f %12.2f %10.1f %9.1f\n", row.string("precision").value().c_str(),
              number(row, "threads"), number(row, "batch"), number(row, "streams"), number(row, "ms_median"),
              number(row, "ms_min"), number(row, "ms_per_person"), number(row, "persons_per_second"),
              number(row, "arena_bytes") * 1e-6);
  if (const Json* tuned = row.find("tuned")) {
    for (const Json& layer : tuned->as_array()) {
      std::printf("    %-60s %-9s", layer.string("name").value().c_str(), layer.string("form").value().c_str());
      for (const auto& [form, milliseconds] : layer.find("ms")->as_object()) {
        std::printf("  %s %.3f ms", form.c_str(), milliseconds.as_number());
      }
      std::printf("\n");
    }
  }
  if (const Json* layers = row.find("layers")) {
    if (row.find("of_peak") != nullptr) {
      std::printf("    %.0f %% of the measured peak, %.1f GMAC/s (registers alone)\n", 100 * number(row, "of_peak"),
                  number(row, "peak_gmac_per_s"));
    }
    for (const Json& layer : layers->as_array()) {
      const bool works = layer.find("of_peak") != nullptr && number(layer, "gmac_per_s") > 0;
      std::printf("    %8.3f ms %5.1f %% %7.1f GMAC/s ", number(layer, "ms"), 100 * number(layer, "share"),
                  number(layer, "gmac_per_s"));
      if (works) {
        std::printf("%4.0f %% of peak  ", 100 * number(layer, "of_peak"));
      } else {
        std::printf("%16s", "");
      }
      std::printf("%-60s %s\n", layer.string("name").value().c_str(), layer.string("kernel").value().c_str());
    }
  }
}

/// int8 among "all" only where the network is made for it; the network is let go, so that memory is that of one
/// session.
Result<std::vector<Precision>> precisions(const Options& o) {
  std::vector<Precision> wanted;
  for (const std::string& name : o.precisions) {
    if (name == "all") {
      POISE_TRY(const OpenModel model, open_model(o.model));
      wanted = o.backend == "onednn" ? native_precisions() : std::vector{Precision::kFloat32};
      if (!holds_integers(model.onnx.graph)) std::erase(wanted, Precision::kInt8);
      return wanted;
    }
    wanted.push_back(find_precision(name).value());
  }
  return wanted;
}

/// What bench/peers.py measured, beside ours.
Status print_peers(const std::string& path) {
  POISE_TRY(const Bytes bytes, read_file(path, std::uint64_t{1} << 24));
  const auto report = parse_json(bytes);
  const Json* results = report.ok() ? report->find("results") : nullptr;
  if (results == nullptr || !results->is_array()) {
    return malformed(path + ": is not what bench/peers.py MODEL --json FILE writes");
  }
  const auto text = [](const Json& json, const char* name) {
    const auto value = json.string(name);
    return value.ok() ? *value : std::string("?");
  };
  const auto number = [](const Json& json, const char* name) {
    const auto value = json.number(name);
    return value.ok() ? *value : 0.0;
  };
  std::printf("\n%s, %s, %.0f threads:\n", text(*report, "model").c_str(), text(*report, "machine").c_str(),
              number(*report, "threads"));
  std::printf("%-14s%-14s%-10s%6s%13s\n", "engine", "version", "precision", "batch", "ms a person");
  for (const Json& row : results->as_array()) {
    std::printf("%-14s%-14s%-10s%6.0f%13.2f\n", text(row, "engine").c_str(), text(row, "version").c_str(),
                text(row, "precision").c_str(), number(row, "batch"), number(row, "ms_per_person"));
  }
  return {};
}

Status bench(const Options& o) {
  if (o.signature) {
    POISE_TRY(const std::string signature, result_signature());
    std::printf("%s\n", signature.c_str());
    return {};
  }
  if (o.model.empty()) return invalid_argument("name a model: poise bench MODEL");
  if (o.json && !o.compare.empty()) return invalid_argument("--compare prints a table: leave out --json");
  POISE_TRY(const std::vector<Precision> wanted, precisions(o));
  std::string hash;
  Json rows = Json::array();
  if (!o.json)
    std::printf("precision threads  batch streams  median ms     min ms  ms a person  persons/s  arena MB\n");
  for (const Precision precision : wanted) {
    for (const int threads : o.threads) {
      for (const int batch : o.batches) {
        for (const int streams : o.streams) {
          POISE_TRY(OpenModel model, open_model(o.model));
          hash = model.onnx.hash;
          auto row = measure(std::move(model.onnx.graph), o, precision, threads, batch, streams);
          if (!row.ok()) return row.error().prefixed(o.model);
          if (!o.json) print(*row);
          rows.push(std::move(*row));
        }
      }
    }
  }
  if (!o.json) return o.compare.empty() ? Status{} : print_peers(o.compare);
  Json json = Json::object();
  json.set("poise", kVersion);
  json.set("model", o.model);
  json.set("sha256", hash);
  json.set("backend", o.backend);
  json.set("rows", std::move(rows));
  std::printf("%s\n", json.dump(1).c_str());
  return {};
}

}  // namespace

Action make_bench(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("model", o->model, "an ONNX file, or a model's name")->type_name("FILE");
  command.add_option("--threads", o->threads, "list of thread counts, 0: all")
      ->delimiter(',')
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_option("--batch", o->batches, "list of batch sizes")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--streams", o->streams, "list: so many sessions side by side over one model, of --threads each")
      ->delimiter(',')
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      .add_option("--precision", o->precisions,
                  "list of fp32, bf16, int8; all: those this processor has and the network is made for")
      ->delimiter(',')
      ->check(CLI::IsMember(precision_names_and("all")))
      ->capture_default_str();
  command.add_option("--runs", o->runs, "runs at least")->check(CLI::Range(1, 1000000))->capture_default_str();
  command.add_option("--seconds", o->seconds, "time at least, a row")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command.add_option("--backend", o->backend, "onednn or reference")
      ->check(CLI::IsMember(backend_names()))
      ->capture_default_str();
  command.add_option("--input", o->input, "input size where the network leaves it open")->type_name("WxH");
  command.add_flag("--layers", o->layers,
                   "of each layer too: time, share, speed, how much of what the processor can do");
  command.add_flag("--tune", o->tune,
                   "measure first how each layer that can run in several ways runs fastest here, and keep it for all "
                   "commands: in $POISE_PLANS, else $XDG_CACHE_HOME/poise/plans, else ~/.cache/poise/plans");
  command.add_option("--compare", o->compare, "print what bench/peers.py MODEL --json FILE measured beside it")
      ->type_name("FILE");
  command.add_flag("--signature", o->signature,
                   "nothing is timed: a number that changes only when results change, from the plain backend");
  command.add_flag("--json", o->json, "as JSON");
  command.footer(
      "Examples:\n"
      "  poise bench pose.onnx --threads 1,2 --batch 1,8\n"
      "  poise bench poise-small --precision all\n"
      "  poise bench poise-small --threads 1 --streams 1,2\n"
      "  poise bench pose.onnx --layers\n"
      "  poise bench pose.onnx --precision all --tune");
  return [o] {
    const Status status = bench(*o);
    if (!status.ok()) Console(false).error(status.error().message);
    return status.ok() ? 0 : 1;
  };
}

}  // namespace poise::app
