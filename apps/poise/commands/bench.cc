#include "poise/engine/bench.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "flags/card_flags.h"
#include "flags/estimator_flags.h"
#include "flags/json_flag.h"
#include "model_store.h"
#include "poise/base/json.h"
#include "poise/base/version.h"
#include "poise/infer/signature.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::string model, input, compare, backend = "onednn";
  std::uint64_t max_memory = 0;
  std::vector<int> threads{0};
  std::vector<int> batches{1};
  std::vector<int> streams{1};
  std::vector<std::string> precisions{"fp32"};
  int runs = 20;
  double seconds = 2.0;
  std::string json;
  bool layers = false, signature = false, tune = false;
};

void print(const BenchLayer& layer) {
  std::printf("    %8.3f ms %5.1f %% %7.1f GMAC/s ", layer.time.milliseconds, 100 * layer.share,
              layer.multiply_adds_second * 1e-9);
  if (layer.of_peak && layer.multiply_adds_second > 0) {
    std::printf("%4.0f %% of peak  ", 100 * *layer.of_peak);
  } else {
    std::printf("%16s", "");
  }
  std::printf("%-60s %s\n", shown(layer.time.name).c_str(), layer.time.kernel.c_str());
}

void print(const BenchResult& row) {
  std::printf("%-9s %7d %6d %7d %10.2f %10.2f %12.2f %10.1f %9.1f\n", name_of(row.precision), row.threads, row.batch,
              row.streams, row.median(), row.milliseconds.front(), row.milliseconds_a_person(), row.persons_a_second(),
              static_cast<double>(row.plan.arena_bytes) * 1e-6);
  if (row.tuned) {
    for (const LayerChoice& layer : *row.tuned) {
      std::printf("    %-60s %-9s", shown(layer.name).c_str(), layer.form.c_str());
      for (const auto& [form, milliseconds] : layer.milliseconds)
        std::printf("  %s %.3f ms", form.c_str(), milliseconds);
      std::printf("\n");
    }
  }
  if (!row.layers) return;
  if (const auto of_peak = row.of_peak()) {
    std::printf("    %.0f %% of the measured peak, %.1f GMAC/s (registers alone)\n", 100 * *of_peak, row.peak * 1e-9);
  }
  for (const BenchLayer& layer : *row.layers) print(layer);
  const auto plain = std::count_if(row.layers->begin(), row.layers->end(),
                                   [](const BenchLayer& layer) { return layer.time.kernel == "reference"; });
  std::printf("    %d of %zu layers on the plain reference\n", static_cast<int>(plain), row.layers->size());
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
  const auto bytes = read_file(path, std::uint64_t{1} << 24);
  if (!bytes.ok()) return bytes.error().prefixed(path);
  const auto report = parse_json(*bytes);
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
  std::printf("\n%s, %s, %.0f threads:\n", shown(text(*report, "model")).c_str(),
              shown(text(*report, "machine")).c_str(), number(*report, "threads"));
  std::printf("%-14s%-14s%-10s%6s%13s\n", "engine", "version", "precision", "batch", "ms a person");
  for (const Json& row : results->as_array()) {
    std::printf("%-14s%-14s%-10s%6.0f%13.2f\n", shown(text(row, "engine")).c_str(), shown(text(row, "version")).c_str(),
                text(row, "precision").c_str(), number(row, "batch"), number(row, "ms_per_person"));
  }
  return {};
}

/// One row for each of all combinations.
Result<std::vector<BenchOptions>> rows_of(const Options& o) {
  BenchOptions row;
  row.session.backend = o.backend;
  row.session.plans = plans_folder();
  row.session.max_memory = o.max_memory;
  row.runs = o.runs;
  row.seconds = o.seconds;
  row.tune = o.tune;
  row.layers = o.layers;
  if (!o.input.empty()) {
    POISE_TRY(const auto sides, parse_sides("--input", o.input));
    row.input = {sides.first, sides.second};
  }
  std::vector<BenchOptions> rows;
  POISE_TRY(const std::vector<Precision> wanted, precisions(o));
  for (const Precision precision : wanted) {
    for (const int threads : o.threads) {
      for (const int batch : o.batches) {
        for (const int streams : o.streams) {
          row.session.precision = precision;
          row.session.threads = threads;
          row.batch = batch;
          row.streams = streams;
          rows.push_back(row);
        }
      }
    }
  }
  return rows;
}

Status run_bench(const Options& o) {
  if (o.signature) {
    POISE_TRY(const std::string signature, result_signature());
    std::printf("%s\n", signature.c_str());
    return {};
  }
  if (o.model.empty()) return usage_error("name a model: poise bench MODEL");
  if (!o.json.empty() && !o.compare.empty()) return usage_error("--compare prints a table: leave out --json");
  POISE_TRY(const std::vector<BenchOptions> wanted, rows_of(o));
  std::string hash;
  Json rows = Json::array();
  const bool table = o.json != "-";
  if (table) std::printf("precision threads  batch streams  median ms     min ms  ms a person  persons/s  arena MB\n");
  for (const BenchOptions& options : wanted) {
    POISE_TRY(OpenModel model, open_model(o.model));
    hash = model.onnx.hash;
    const auto row = bench(std::move(model.onnx.graph), options);
    if (!row.ok()) return row.error().prefixed(o.model);
    if (table) print(*row);
    rows.push(to_json(*row));
  }
  if (o.json.empty()) return o.compare.empty() ? Status{} : print_peers(o.compare);
  Json json = Json::object();
  json.set("poise", kVersion);
  json.set("model", o.model);
  json.set("sha256", hash);
  json.set("backend", o.backend);
  json.set("rows", std::move(rows));
  return put_json(json, o.json);
}

}  // namespace

Action make_bench(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("model", o->model, "an ONNX file, or a model's name")->type_name("FILE");
  add_memory_flag(command, o->max_memory);
  command.add_option("--threads", o->threads, "list of thread counts, 0: all")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_option("--batch", o->batches, "list of batch sizes")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--streams", o->streams, "list: so many sessions side by side over one model, of --threads each")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      .add_option("--precision", o->precisions,
                  "list of fp32, bf16, int8; all: those this processor has and the network is made for")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(one_of(precision_names_and("all")))
      ->capture_default_str();
  command.add_option("--runs", o->runs, "runs at least")->check(CLI::Range(1, 1000000))->capture_default_str();
  command.add_option("--seconds", o->seconds, "time at least, a row")
      ->check(within(0.0, 3600.0))
      ->capture_default_str();
  command.add_option("--backend", o->backend, "onednn or reference")
      ->check(one_of(backend_names()))
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
  add_json_option(command, o->json);
  command.footer(
      "Examples:\n"
      "  poise bench pose.onnx --threads 1,2 --batch 1,8\n"
      "  poise bench poise-small --precision all\n"
      "  poise bench poise-small --threads 1 --streams 1,2\n"
      "  poise bench pose.onnx --layers\n"
      "  poise bench pose.onnx --precision all --tune");
  return [o] {
    const Status status = run_bench(*o);
    if (!status.ok()) Console(false).error(status.error().message);
    return status.ok() ? 0 : 1;
  };
}

}  // namespace poise::app
