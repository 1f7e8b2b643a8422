#include "launch.h"
#include "video.h"

namespace poise::app {

Status reach_videos() {
  const std::string name = "poise-video";
  if (!is_beside(name)) return {};
  return become(name, own_words());
}

}  // namespace poise::app
