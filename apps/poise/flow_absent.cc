#include "poise/track/lucas_kanade.h"
#include "video.h"

namespace poise::app {

Result<std::unique_ptr<Flow>> open_flow(const std::string& name) {
  if (name == "none") return std::unique_ptr<Flow>();
  if (name.empty() || name == "lk") return std::unique_ptr<Flow>(std::make_unique<LucasKanade>());
  return unsupported("this build has no flow \"" + name +
                     "\": install OpenCV's video module (scripts/setup --video), build again; lk needs none");
}

}  // namespace poise::app
