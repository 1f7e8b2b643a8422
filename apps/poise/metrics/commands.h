#pragma once
// `poise metrics FAMILY`: one file a family, one line in the table of commands/metrics.cc.

#include <string>

#include "commands/command.h"
#include "poise/base/json.h"
#include "poise/base/result.h"

namespace poise::app {

Action make_metrics_angles(CLI::App& command);
Action make_metrics_coco(CLI::App& command);
Action make_metrics_pck(CLI::App& command);
Action make_metrics_pdj(CLI::App& command);
Action make_metrics_pcp(CLI::App& command);
Action make_metrics_pckh(CLI::App& command);
Action make_metrics_mot(CLI::App& command);
Action make_metrics_posetrack(CLI::App& command);

/// --json [FILE]: "-" (also where no file is named) is standard output, and the table is not printed there then.
void add_json_option(CLI::App& command, std::string& file);
/// Prints or writes; nothing where `file` is empty.
Status put_json(const Json& json, const std::string& file);

}  // namespace poise::app
