#include "video.h"

namespace poise::app {

Status reach_videos() { return {}; }

}  // namespace poise::app
