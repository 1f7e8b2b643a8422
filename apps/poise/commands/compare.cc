#include "poise/engine/compare.h"

#include <cstdio>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "flags/estimator_flags.h"
#include "flags/json_flag.h"
#include "model_store.h"
#include "poise/base/json.h"
#include "poise/tensor/npy.h"
#include "words.h"

namespace poise::app {
namespace {

constexpr std::uint64_t kSeed = 1;  // of random inputs

struct Options {
  std::string first, second;
  std::vector<std::string> inputs;
  CompareOptions compare;
  std::string json;
};

Result<std::vector<Tensor>> read_inputs(const Options& o) {
  std::vector<Tensor> inputs;
  for (const std::string& path : o.inputs) {
    POISE_TRY(Tensor input, read_npy(path));
    if (input.type() != DType::kFloat32)
      return invalid_argument(path + ": is " + name_of(input.type()) + "; save it as float32");
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::string both_names(const Difference& one) {
  if (one.first == one.second || one.second.empty()) return one.first;
  return one.first + " (in b " + one.second + ")";
}

void print(const Difference& one, const char* what) {
  std::printf("%s %s, %s: apart by %.3g of the maximum %.4g\n", what, shown(both_names(one)).c_str(),
              to_string(one.shape).c_str(), one.apart, one.largest);
}

void print(const Comparison& found, double tolerance) {
  for (const Difference& one : found.outputs) {
    if (one.first.empty() || one.second.empty()) {
      std::printf("output %s%s is in %s alone\n", shown(one.first).c_str(), shown(one.second).c_str(),
                  one.first.empty() ? "b" : "a");
    } else {
      print(one, "output");
    }
  }
  if (found.parting) print(*found.parting, "the networks part at");
  if (!found.cause.empty()) std::printf("  %s\n", shown(found.cause).c_str());
  if (!found.equal && !found.parting) std::puts("no layer that both networks have is apart");
  if (!found.structure.empty()) std::printf("structure: %s\n", shown(found.structure).c_str());
  if (!found.weights.empty()) std::printf("weights: %s (the first that does)\n", shown(found.weights).c_str());
  std::printf("%s within %g of the maximum; %d of %d layers matched\n", found.equal ? "equal" : "different", tolerance,
              found.matched, found.layers);
}

Result<bool> run(const Options& o, Console& console) {
  POISE_TRY(const OpenModel first, open_model(o.first));
  POISE_TRY(const OpenModel second, open_model(o.second));
  const NetworkFile& a = first.onnx;
  const NetworkFile& b = second.onnx;
  if (o.inputs.empty()) {
    console.note("no --input: both get random numbers (seed " + std::to_string(kSeed) + ") of the shape that a wants");
  }
  POISE_TRY(const std::vector<Tensor> inputs, o.inputs.empty() ? random_inputs(a.graph, kSeed) : read_inputs(o));
  const std::vector<TensorView> views(inputs.begin(), inputs.end());
  POISE_TRY(const Comparison found, compare(a.graph, b.graph, views, o.compare));
  if (o.json != "-") print(found, o.compare.tolerance);
  POISE_RETURN_IF_ERROR(put_json(to_json(found, o.compare.tolerance), o.json));
  return found.equal;
}

}  // namespace

Action make_compare(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("a", o->first, "an ONNX file, or a stored model's name")->required()->type_name("FILE");
  command.add_option("b", o->second, "what to compare it with")->required()->type_name("FILE");
  command.add_option("--input", o->inputs, "the tensor: float32 .npy; one for each input (default: random numbers)")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--tolerance", o->compare.tolerance, "how far apart values may be, as a part of the largest")
      ->check(within(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--backend", o->compare.session.backend, "onednn or reference")
      ->check(one_of(backend_names()))
      ->capture_default_str();
  command.add_option("--threads", o->compare.session.threads, "compute threads, 0: all")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  add_memory_flag(command, o->compare.session.max_memory);
  add_json_option(command, o->json);
  command.footer(
      "Ends with 0 where all outputs are equal, else with 1.\n"
      "Examples:\n"
      "  poise compare a.onnx b.onnx --input x.npy --tolerance 1e-4\n"
      "  poise compare converted.onnx exported.onnx --backend reference --json");
  return [o] {
    Console console(false);
    const Result<bool> equal = run(*o, console);
    if (!equal.ok()) console.error(equal.error().message);
    return equal.ok() && *equal ? 0 : 1;
  };
}

}  // namespace poise::app
