#pragma once
// What this build can do with videos: files, cameras and streams by FFmpeg, dense flow by OpenCV; either may be absent.

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "poise/base/result.h"
#include "poise/media/video.h"
#include "poise/track/flow.h"

namespace poise::app {

/// What a command on videos calls before all else: where they are dealt with by the program poise-video beside this
/// one, becomes that. Returns where they are dealt with here, or nowhere. Errors: kIo, it cannot be started.
Status reach_videos();

struct VideoToWrite {
  Size size;
  double frames_per_second = 30;
  std::string audio_from;  // "": no sound
  VideoRange range;
};

/// A file, a camera's number, an address. Once `stop` is true, opening and reading end soon; null: never. Errors:
/// kUnsupported where this build has no FFmpeg, saying how it gets it.
Result<std::unique_ptr<VideoSource>> open_video_source(const std::string& source, const VideoRange& range,
                                                       const std::atomic<bool>* stop);
Result<std::unique_ptr<VideoSink>> create_video_file(const std::filesystem::path& path, const VideoToWrite& video);
/// Whether create_video_file() can do anything.
bool can_write_videos();

/// "dis", "farneback" (with OpenCV), "lk", "none" (null); "" is the best there is. Errors: kUnsupported.
Result<std::unique_ptr<Flow>> open_flow(const std::string& name);

}  // namespace poise::app
