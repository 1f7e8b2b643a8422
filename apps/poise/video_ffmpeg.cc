#include "poise/media/ffmpeg/ffmpeg.h"
#include "video.h"

namespace poise::app {

Result<std::unique_ptr<VideoSource>> open_video_source(const std::string& source, const VideoRange& range,
                                                       const std::atomic<bool>* stop) {
  VideoOpenOptions options;
  options.range = range;
  options.stop = stop;
  options.threads = 1;  // the frames' own threads are enough
  return open_video(source, options);
}

Result<std::unique_ptr<VideoSink>> create_video_file(const std::filesystem::path& path, const VideoToWrite& video) {
  VideoWriteOptions options;
  options.width = video.size.width;
  options.height = video.size.height;
  if (video.frames_per_second > 0) options.frames_per_second = video.frames_per_second;
  options.audio_from = video.audio_from;
  options.audio_range = video.range;
  options.threads = 1;
  return create_video(path, options);
}

bool can_write_videos() { return true; }

}  // namespace poise::app
