#pragma once
// Darknet's layers as a Graph. Internal to weights.

#include <vector>

#include "poise/base/file.h"
#include "poise/base/json.h"
#include "poise/graph/graph.h"
#include "poise/weights/darknet/darknet_cfg.h"

namespace poise {

struct DarknetGraph {
  Graph graph;  // validated
  Json card;    // a detector's
};

/// Errors: those of parse_darknet.
Result<DarknetGraph> darknet_graph(const std::vector<CfgSection>& sections, BytesView weights);

}  // namespace poise
