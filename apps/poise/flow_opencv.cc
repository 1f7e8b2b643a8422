#include "poise/track/lucas_kanade.h"
#include "poise/track/opencv/dense_flow.h"
#include "video.h"

namespace poise::app {

Result<std::unique_ptr<Flow>> open_flow(const std::string& name) {
  if (name == "none") return std::unique_ptr<Flow>();
  if (name == "lk") return std::unique_ptr<Flow>(std::make_unique<LucasKanade>());
  DenseFlowOptions options;
  if (name == "farneback") options.kind = DenseFlowOptions::Kind::kFarneback;
  return dense_flow(options);
}

}  // namespace poise::app
