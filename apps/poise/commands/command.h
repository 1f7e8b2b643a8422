#pragma once
// A subcommand: one file, one line in main.cc's table. CLI11 stays inside the programs.

#include <CLI/CLI.hpp>
#include <functional>

namespace poise::app {

/// What a subcommand says and asks: everything to people goes to standard error, results to standard output.
using Action = std::function<int()>;  // the exit code: 0 done, 1 something failed

/// Each adds its options to `command` and returns what to do once they are parsed.
Action make_predict(CLI::App& command);
Action make_detect(CLI::App& command);
Action make_track(CLI::App& command);
Action make_gesture(CLI::App& command);
Action make_info(CLI::App& command);
Action make_run(CLI::App& command);
Action make_compare(CLI::App& command);
Action make_bench(CLI::App& command);
Action make_metrics(CLI::App& command);
Action make_eval(CLI::App& command);
Action make_convert_results(CLI::App& command);
Action make_convert(CLI::App& command);
Action make_models(CLI::App& command);
Action make_data(CLI::App& command);
Action make_label(CLI::App& command);
Action make_lambda(CLI::App& command);
Action make_lift(CLI::App& command);
Action make_serve(CLI::App& command);
Action make_train(CLI::App& command);
Action make_triangulate(CLI::App& command);
Action make_export(CLI::App& command);
Action make_quantize(CLI::App& command);

}  // namespace poise::app
