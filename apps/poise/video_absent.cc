#include "video.h"

namespace poise::app {
namespace {

Error absent() {
  return unsupported(
      "this build reads and writes no videos, or poise-video is not beside it: install FFmpeg's libraries "
      "(scripts/setup --video), build again; folders of pictures and raw frames can be followed without");
}

}  // namespace

Result<std::unique_ptr<VideoSource>> open_video_source(const std::string& /*source*/, const VideoRange& /*range*/,
                                                       const std::atomic<bool>* /*stop*/) {
  return absent();
}
Result<std::unique_ptr<VideoSink>> create_video_file(const std::filesystem::path& /*path*/,
                                                     const VideoToWrite& /*video*/) {
  return absent();
}
bool can_write_videos() { return false; }

}  // namespace poise::app
