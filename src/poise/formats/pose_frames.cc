#include "poise/formats/pose_frames.h"

#include <algorithm>

#include "poise/formats/pose_readers.h"
#include "poise/formats/writers.h"

namespace poise {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30U;

/// JSON Lines of one video: a first line without persons, then frames.
Result<PoseFrames> frames_of_lines(std::string_view text) {
  PoseFrames video;
  PoseLines lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    POISE_TRY(std::optional<TimedFrame> frame, lines.take(line));
    if (frame) video.frames.push_back(std::move(*frame));
  }
  if (lines.skeleton()) video.skeleton = *lines.skeleton();
  return video;
}

bool is_video(std::string_view text) {
  std::size_t number = 0;
  const auto json = parse_json(take_line(text, number));
  return json.ok() && json->find("poise_poses") != nullptr && json->find("persons") == nullptr;
}

PoseFrames frames_of_set(PoseSet set, double frames_per_second) {
  PoseFrames video;
  video.skeleton = std::move(set.skeleton);
  video.notes = std::move(set.notes);
  for (std::size_t i = 0; i < set.images.size(); ++i) {
    TimedFrame& frame = video.frames.emplace_back();
    frame.index = static_cast<std::int64_t>(i);
    frame.seconds = static_cast<double>(i) / frames_per_second;
    frame.result.source = std::move(set.images[i].name);
    frame.result.width = set.images[i].width;
    frame.result.height = set.images[i].height;
    frame.result.poses = std::move(set.images[i].poses);
  }
  return video;
}

}  // namespace

Result<std::optional<TimedFrame>> PoseLines::read(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return std::optional<TimedFrame>();
  POISE_TRY(const Json json, parse_json(line));
  if (!skeleton_) {
    POISE_TRY(skeleton_, written_skeleton(json));
    return std::optional<TimedFrame>();
  }
  POISE_TRY(TimedFrame frame, parse_frame_json(json, skeleton_->joints.size()));
  return std::optional(std::move(frame));
}

Result<std::optional<TimedFrame>> PoseLines::take(std::string_view line) {
  ++number_;
  auto frame = read(line);
  if (!frame.ok()) return frame.error().prefixed("line " + std::to_string(number_));
  return frame;
}

Result<PoseFrames> read_pose_frames(const std::filesystem::path& path, const PoseReadOptions& options,
                                    double frames_per_second) {
  PoseFrames video;
  std::error_code error;
  Bytes bytes;
  if (!std::filesystem::is_directory(path, error)) {
    auto read = read_file(path, kMaxBytes);
    if (!read.ok()) return read.error().prefixed(path.string());
    bytes = std::move(*read);
  }
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (is_video(text)) {
    auto read = frames_of_lines(text);
    if (!read.ok()) return read.error().prefixed(path.string());
    video = std::move(*read);
  } else {
    POISE_TRY(const PoseFormat format, guess_format(path, options));
    POISE_TRY(PoseSet set, read_pose_set(path, format, options));
    if (set.is_truth) return invalid_argument(path.string() + " holds annotations: poses that were found are wanted");
    video = frames_of_set(std::move(set), frames_per_second);
  }
  std::ranges::stable_sort(video.frames, {}, &TimedFrame::index);
  const bool alone = std::ranges::all_of(video.frames, [](const TimedFrame& frame) {
    const auto& poses = frame.result.poses;
    return poses.empty() || (poses.size() == 1 && !poses[0].track_id);
  });
  for (TimedFrame& frame : video.frames) {
    if (alone && !frame.result.poses.empty()) frame.result.poses[0].track_id = 1;
  }
  return video;
}

}  // namespace poise
