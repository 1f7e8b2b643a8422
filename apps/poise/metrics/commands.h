#pragma once
// `poise metrics FAMILY`: one file a family, one line in commands/metrics.cc's table.

#include "commands/command.h"

namespace poise::app {

Action make_metrics_angles(CLI::App& command);
Action make_metrics_coco(CLI::App& command);
Action make_metrics_pck(CLI::App& command);
Action make_metrics_pdj(CLI::App& command);
Action make_metrics_pcp(CLI::App& command);
Action make_metrics_pckh(CLI::App& command);
Action make_metrics_mot(CLI::App& command);
Action make_metrics_mpjpe(CLI::App& command);
Action make_metrics_posetrack(CLI::App& command);

}  // namespace poise::app
