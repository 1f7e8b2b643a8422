#include <cstdio>
#include <memory>
#include <utility>

#include "commands/command.h"
#include "console.h"
#include "flags/card_flags.h"
#include "flags/estimator_flags.h"
#include "flags/json_flag.h"
#include "model_store.h"
#include "poise/models/network_facts.h"

namespace poise::app {
namespace {

struct Options {
  std::string model, input;
  std::uint64_t max_memory = 0;
  std::string json;
};

Result<NetworkFacts> facts_of(const Options& o) {
  FactsOptions options;
  options.max_memory = o.max_memory;
  if (!o.input.empty()) {
    POISE_TRY(const auto sides, parse_sides("--input", o.input));
    options.input = {sides.first, sides.second};
  }
  POISE_TRY(OpenModel opened, open_model(o.model));
  return network_facts(std::move(opened), options);
}

void print(const NetworkFacts& facts) {
  std::printf("%s\n  sha256      %s\n  producer    %s, opset %d\n", shown(facts.file).c_str(), facts.hash.c_str(),
              facts.producer.c_str(), facts.opset);
  for (const auto& [kind, values] : {std::pair("inputs", &facts.inputs), std::pair("outputs", &facts.outputs)}) {
    for (const NetworkFacts::Value& value : *values) {
      std::printf("  %-11s %s %s\n", kind, shown(value.name).c_str(), to_string(value.shape).c_str());
    }
  }
  std::printf("  operators  ");
  for (const auto& [op, count] : facts.operators) std::printf(" %s:%d", op.c_str(), count);
  std::printf("\n  parameters  %lld\n", static_cast<long long>(facts.parameters));
  std::printf("  work        %.3f G multiply-adds a picture\n", static_cast<double>(facts.multiply_adds) * 1e-9);
  const auto megabytes = [](std::int64_t bytes) { return static_cast<double>(bytes) / 1e6; };
  std::printf("  memory      %.1f MB weights, %.1f MB arena (%.1f MB at least)\n", megabytes(facts.weight_bytes),
              megabytes(facts.arena_bytes), megabytes(facts.arena_ideal));
  if (facts.card.as_object().empty()) {
    std::printf("  card        none: give --preset or a card beside the file (docs/model-cards.md)\n");
  } else {
    std::printf("  card        %s\n", facts.card.dump(1).c_str());
  }
}

}  // namespace

Action make_info(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command
      .add_option("model", o->model,
                  "a network's file (.onnx, .tflite, model.json, .weights), or a stored model's name")
      ->required()
      ->type_name("FILE");
  command.add_option("--input", o->input, "input size where the network leaves it open")->type_name("WxH");
  add_memory_flag(command, o->max_memory);
  add_json_option(command, o->json);
  command.footer("Examples:\n  poise info pose.onnx\n  poise info pose.onnx --json");
  return [o] {
    const Result<NetworkFacts> facts = facts_of(*o);
    if (!facts.ok()) {
      Console(false).error(facts.error().message);
      return 1;
    }
    if (o->json != "-") print(*facts);
    const Status put = put_json(to_json(*facts), o->json);
    if (!put.ok()) Console(false).error(put.error().message);
    return put.ok() ? 0 : 1;
  };
}

}  // namespace poise::app
