#include <memory>

#include "commands/command.h"
#include "console.h"
#include "flags/estimator_flags.h"
#include "model_store.h"
#include "poise/engine/session.h"
#include "poise/tensor/npy.h"
#include "poise/weights/network_file.h"
#include "words.h"

namespace poise::app {
namespace {

struct Options {
  std::string model, input, output, name;
  SessionOptions session;
};

/// The output to write. Errors: kNotFound, listing their names.
Result<std::size_t> find_output(const Graph& graph, const std::string& name) {
  std::string names;
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const std::string& known = graph.values.at(graph.outputs[i]).name;
    if (name.empty() || known == name) return i;
    names += " " + known;
  }
  return not_found("no output is named \"" + name + "\"; there are" + names);
}

Status run(const Options& o) {
  POISE_TRY(OpenModel opened, open_model(o.model));
  NetworkFile& model = opened.onnx;
  if (model.graph.inputs.size() != 1 || model.graph.outputs.empty()) {
    return unsupported(o.model + ": run takes networks with one input and at least one output");
  }
  const auto output = find_output(model.graph, o.name);
  if (!output.ok()) return output.error().prefixed(o.model);
  POISE_TRY(const Tensor input, read_npy(o.input));
  if (input.type() != DType::kFloat32) {
    return invalid_argument(o.input + ": is " + name_of(input.type()) + "; save it as float32");
  }
  auto session = Session::create(std::move(model.graph), o.session);
  if (!session.ok()) return session.error().prefixed(o.model);
  std::vector<Tensor> outputs;
  const TensorView view(input);
  const Status status = session->run(std::span(&view, 1), outputs);
  if (!status.ok()) return status.error().prefixed(o.model);
  return write_npy(o.output, outputs.at(*output));
}

}  // namespace

Action make_run(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command
      .add_option("model", o->model,
                  "a network's file (.onnx, .tflite, model.json, .weights), or a stored model's name")
      ->required()
      ->type_name("FILE");
  command.add_option("--input", o->input, "the tensor: float32 .npy")->required()->type_name("FILE");
  command.add_option("--output", o->output, "where the output goes: .npy")->required()->type_name("FILE");
  command.add_option("--name", o->name, "the output's name, where there are several; otherwise the first")
      ->type_name("NAME");
  command.add_option("--backend", o->session.backend, "onednn or reference")
      ->check(one_of(backend_names()))
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--precision", [o](const std::string& given) { o->session.precision = find_precision(given).value(); },
          "fp32, bf16; int8, of networks made for it")
      ->check(one_of(precision_names()))
      ->default_str("fp32");
  command.add_option("--threads", o->session.threads, "compute threads, 0: all")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  add_memory_flag(command, o->session.max_memory);
  command.footer(
      "Examples:\n"
      "  poise run pose.onnx --input x.npy --output y.npy\n"
      "  poise run pose.onnx --input x.npy --output y.npy --backend reference");
  return [o] {
    const Status status = run(*o);
    if (!status.ok()) Console(false).error(status.error().message);
    return status.ok() ? 0 : 1;
  };
}

}  // namespace poise::app
