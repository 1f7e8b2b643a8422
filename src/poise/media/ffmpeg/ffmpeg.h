#pragma once
// Video files, cameras and network streams, by FFmpeg's libraries. A library of its own, poise::video, since they bring
// a long chain of others: CMake's POISE_VIDEO, and find_package(poise COMPONENTS video).
//
// What FFmpeg says goes into our errors and nowhere else: the first call sets av_log_set_callback() for the process.
// Thread-safe: calls share nothing but that.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "poise/media/video.h"

namespace poise {

struct VideoOpenOptions {
  VideoRange range = {};                    // passed over without being converted, and by seeking where it is far
  std::uint64_t max_pixels = 64'000'000;    // of a frame; refused before allocation
  double timeout_seconds = 10;              // how long a camera or the network may keep silent
  int threads = 0;                          // that decode; 0: as many as there are cores
  std::string rtsp_transport = "tcp";       // "tcp" or "udp"
  std::string camera_size = "";             // "1280x720"; "": the camera's own
  double camera_rate = 0;                   // frames per second; 0: the camera's own
  const std::atomic<bool>* stop = nullptr;  // once true, opening and reading end soon; it outlives the source
};

/// A file; a camera, by its number ("0") or as /dev/videoN (V4L2); an address with rtsp, rtsps, http or https.
/// Containers and codecs are those of a list: no playlist and nothing that opens other files.
///
/// Frames are RGB, in order of presentation, turned and mirrored as the file says, with the colour matrix and range
/// that the stream names (where it names none: BT.709 from 720 rows on, BT.601 below, of video range). Pixels are those
/// that are stored: an aspect ratio of their own does not stretch them.
///
/// A damaged file gives all frames that can be decoded, then one error (kMalformed); of a live source, losses are
/// passed over. Errors: kNotFound, kMalformed (no video, no picture but sound, no frame), kUnsupported (container,
/// codec or kind of address that is not on the list; no camera support in this build), kTooLarge, kIo (refused, silent
/// too long), kInvalidArgument (options). Messages name the source, a password in an address left out.
Result<std::unique_ptr<VideoSource>> open_video(const std::string& source, const VideoOpenOptions& options = {});

struct VideoWriteOptions {
  int width = 0;  // of the frames; one pixel is repeated where a side is odd
  int height = 0;
  double frames_per_second = 30;  // for rate control and the last frame's length: each frame's time is its own
  std::string audio_from = "";    // the file whose sound is kept, packet by packet; "": none
  VideoRange audio_range = {};    // the part of that file that the frames come from
  int quality = 23;               // as x264's crf: 0 best, 51 worst, 6 more are half the bytes; coarser elsewhere
  int threads = 0;                // that encode; 0: as many as there are cores
  std::string encoder = "";  // FFmpeg's name of it; "": the first that works of H.264 (VP9 in .webm), MPEG-4, MJPEG
};

/// By its ending .mp4, .m4v, .mov, .mkv, .avi or .webm. The first frame stands at time 0 and the others as far from it
/// as their `seconds` say; .avi knows but a steady rate, and each frame takes the nearest free place there. Sound that
/// the container cannot hold is left out, which summary() says.
///
/// The file grows under a temporary name beside `path`, which finish() gives it; without finish() nothing is left. On a
/// full disk add() fails while there is room for the end of the file: finish() then keeps what was added before.
/// Errors: kInvalidArgument, kUnsupported (ending or encoder), kNotFound and kMalformed (audio_from), kIo.
Result<std::unique_ptr<VideoSink>> create_video(const std::filesystem::path& path, const VideoWriteOptions& options);

}  // namespace poise
