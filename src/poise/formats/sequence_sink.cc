#include "poise/formats/sequence_sink.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "poise/base/check.h"

namespace poise {
namespace {

/// Three floats a joint.
std::size_t record_size(const Skeleton& skeleton) { return skeleton.joints.size() * 3 * sizeof(float); }

}  // namespace

Status TextSequence::begin_once() {
  if (std::exchange(begun_, true)) return {};
  return file_.append(begin());
}

Status TextSequence::add(const TimedFrame& frame) {
  POISE_RETURN_IF_ERROR(begin_once());
  return file_.append(of_frame(frame));
}

Status TextSequence::finish() {
  POISE_RETURN_IF_ERROR(begin_once());
  POISE_RETURN_IF_ERROR(file_.append(end()));
  return file_.commit();
}

Status PersonSequence::add(const TimedFrame& frame) {
  const auto place = static_cast<std::uint32_t>(frames_.size());
  frames_.emplace_back(frame.index, frame.seconds);
  std::vector<float> record;
  for (const Pose& pose : frame.result.poses) {
    if (!pose.track_id) continue;  // whom nobody follows has no file
    POISE_CHECK(pose.keypoints.size() == target_.skeleton.joints.size());
    record.clear();
    for (const Keypoint& joint : pose.keypoints) {
      record.insert(record.end(), {joint.point.x, joint.point.y, joint.score});
    }
    POISE_RETURN_IF_ERROR(
        waiting_.append({reinterpret_cast<const char*>(record.data()), record.size() * sizeof(float)}));
    places_[*pose.track_id].emplace_back(place, records_++);
  }
  return {};
}

Result<PersonTrack> PersonSequence::read(int id,
                                         const std::vector<std::pair<std::uint32_t, std::uint64_t>>& places) const {
  PersonTrack track;
  track.id = id;
  track.frames_per_second = frame_rate(frames_, target_.frames_per_second);
  const std::uint32_t first = places.front().first;
  for (std::uint32_t at = first; at <= places.back().first; ++at) {
    track.moments.push_back({frames_[at].first, frames_[at].second, {}});
  }
  const std::size_t bytes = record_size(target_.skeleton);
  std::vector<float> record(bytes / sizeof(float));
  for (const auto& [at, number] : places) {
    const ssize_t got = ::pread(waiting_.descriptor(), record.data(), bytes, static_cast<off_t>(number * bytes));
    if (got != static_cast<ssize_t>(bytes)) {
      const std::string why = got < 0 ? std::generic_category().message(errno) : "it is cut short";
      return io_error("the file beside " + target_.stem.string() + " in which people wait cannot be read: " + why);
    }
    auto& keypoints = track.moments[at - first].keypoints;
    for (std::size_t i = 0; i < record.size(); i += 3) keypoints.push_back({{record[i], record[i + 1]}, record[i + 2]});
  }
  return track;
}

Status PersonSequence::finish() {
  for (const auto& [id, places] : places_) {
    POISE_TRY(const PersonTrack track, read(id, places));
    std::filesystem::path path = target_.stem.string() + "_person" + std::to_string(id) + ending_;
    POISE_RETURN_IF_ERROR(write_file_atomic(path, of_person(track)));
    files_.push_back(std::move(path));
  }
  return {};
}

double frame_rate(const std::vector<std::pair<std::int64_t, double>>& frames, double otherwise) {
  if (frames.size() < 2) return otherwise;
  const double seconds = frames.back().second - frames.front().second;
  return seconds > 0 ? static_cast<double>(frames.size() - 1) / seconds : otherwise;
}

}  // namespace poise
