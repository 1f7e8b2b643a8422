#include "flags/estimator_flags.h"

#include "model_store.h"
#include "poise/engine/session.h"
#include "words.h"

namespace poise::app {

void add_runner_flags(CLI::App& command, RunnerOptions& options, std::string& device) {
  command.add_option("--threads", options.threads, "compute threads, 0: all")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_option("--backend", options.backend, "onednn, or reference: plain and slow")
      ->check(one_of(backend_names()))
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--precision", [&options](const std::string& given) { options.precision = find_precision(given); },
          "auto: what the card vouches for and the processor has; fp32; bf16; int8, of files made for it")
      ->check(one_of(precision_names_and("auto")))
      ->default_str("auto");
  options.plans = plans_folder();
  command.add_flag("--deterministic", options.deterministic,
                   "the same bits whatever --threads, --batch and `poise bench --tune`: each crop alone on one thread");
  add_memory_flag(command, options.max_memory);
  command.add_option("--device", device, "cpu; cuda or cuda:N: a GPU, by LibTorch")
      ->check(device_name())
      ->capture_default_str();
}

void add_estimator_flags(CLI::App& command, EstimatorOptions& options, std::string& device) {
  command.add_flag("--flip-test", options.flip_test, "run mirrored crops too and average: better, half as fast");
  command.add_option("--batch", options.batch, "persons run together at most")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  add_runner_flags(command, options.run, device);
}

void add_memory_flag(CLI::App& command, std::uint64_t& bytes) {
  command.add_option("--max-memory", bytes, "what a network may take, as in 6G; default: 4G, or half of the machine's")
      ->transform(CLI::Validator(
          [](std::string& given) {
            if (given.starts_with('-')) return "\"" + given + "\" is no size, as 6G is";
            return CLI::AsSizeValue(false)(given);
          },
          ""))
      ->type_name("SIZE");
}

std::vector<std::string> precision_names_and(const std::string& other) {
  std::vector<std::string> names = precision_names();
  names.push_back(other);
  return names;
}

}  // namespace poise::app
