#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "poise/base/ascii.h"
#include "poise/base/counted.h"
#include "poise/base/memory.h"
#include "poise/formats/csv_text.h"
#include "poise/formats/mat_limits.h"
#include "poise/formats/pose_readers.h"

namespace poise {
namespace {

constexpr std::size_t kMaxJoints = 4096;

/// An empty field is no number: NaN.
Result<float> number(const std::string& field, const char* name) {
  if (field.empty()) return not_found_keypoint().point.x;
  double value = 0;
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  if (error != std::errc() || stop != end || !(std::abs(value) < 1e9)) {
    return malformed(std::string(name) + " must be a number, it is \"" + mat::printable(field) + "\"");
  }
  return static_cast<float>(value);
}

using Columns = std::array<const char*, 7>;
constexpr Columns kColumns{"source", "person", "score", "joint", "x", "y", "joint_score"};
constexpr Columns kVideoColumns{"frame", "id", "score", "joint", "x", "y", "joint_score"};
constexpr const char* kHeader = "source,person,score,joint,x,y,joint_score";

/// "12", within T. Errors: kMalformed, naming the column.
template <typename T>
Result<T> whole(const std::string& field, const char* name) {
  T value = 0;
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  if (error == std::errc() && stop == end) return value;
  return malformed(std::string(name) + " must be a whole number, it is \"" + mat::printable(field) + "\"");
}

class CsvReader {
 public:
  explicit CsvReader(std::size_t text_bytes) : budget_(text_bytes) {}

  /// The first line: each column once, in any order, and others, which are passed over.
  Status take_header(const std::vector<std::string>& names) {
    columns_ = names.size();
    is_video_ = std::ranges::find(names, "source") == names.end() && std::ranges::find(names, "frame") != names.end();
    const Columns& wanted = is_video_ ? kVideoColumns : kColumns;
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      const auto at = std::find(names.begin(), names.end(), wanted[k]);
      if (at == names.end() || std::find(at + 1, names.end(), wanted[k]) != names.end()) {
        const bool other =
            names.size() == 1 && (names[0].find(';') != std::string::npos || names[0].find('\t') != std::string::npos);
        return malformed(std::string("not a poses CSV: its first line must name the columns ") + kHeader +
                         ", or frame and id in place of source and person" +
                         (other ? ", with commas between (here are semicolons or tabs: save it with commas)" : ""));
      }
      at_[k] = static_cast<std::size_t>(at - names.begin());
    }
    return {};
  }

  Status add(std::vector<std::string> row) {
    if (row.size() != columns_) {
      return malformed(counted(columns_, "field") + " wanted, it has " + std::to_string(row.size()));
    }
    std::array<std::string, kColumns.size()> fields;
    for (std::size_t k = 0; k < fields.size(); ++k) fields[k] = std::move(row[at_[k]]);
    Line line;
    POISE_TRY(line.score, number(fields[2], "score"));
    POISE_TRY(line.keypoint.point.x, number(fields[4], "x"));
    POISE_TRY(line.keypoint.point.y, number(fields[5], "y"));
    POISE_TRY(line.keypoint.score, number(fields[6], "joint_score"));
    if (std::isnan(line.keypoint.point.x) || std::isnan(line.keypoint.point.y) || std::isnan(line.keypoint.score)) {
      line.keypoint = not_found_keypoint();
    }
    if (fields[0].empty() || fields[3].empty()) return malformed("source and joint must not be empty");
    const auto [joint, new_joint] = joints_.emplace(fields[3], names_.size());
    if (new_joint) {
      if (names_.size() >= kMaxJoints) return too_large("over 4096 joints");
      names_.push_back(fields[3]);
    }
    POISE_TRY(const std::size_t image, image_of(fields[0]));
    POISE_TRY(Pose* const pose, person_of(image, fields[1], joint->second, line.score));
    auto& keypoints = pose->keypoints;
    if (keypoints.size() <= joint->second) POISE_RETURN_IF_ERROR(grow(keypoints, joint->second + 1));
    keypoints[joint->second] = line.keypoint;
    return {};
  }

  Result<PoseSet> finish() {
    if (names_.empty()) {
      POISE_TRY(set_.skeleton, find_skeleton("coco17"));
      return std::move(set_);
    }
    POISE_TRY(set_.skeleton, skeleton_of_joints(names_));
    for (PoseSet::Image& image : set_.images) {
      for (Pose& pose : image.poses) POISE_RETURN_IF_ERROR(grow(pose.keypoints, names_.size()));
    }
    return std::move(set_);
  }

 private:
  struct Line {
    float score = 0;
    Keypoint keypoint;
  };
  // In lists and maps, beside names: a picture, a person without joints.
  static constexpr std::uint64_t kImageBytes = 256;
  static constexpr std::uint64_t kPersonBytes = 256;

  /// The place in set_.images of a picture, or of a frame.
  Result<std::size_t> image_of(const std::string& source) {
    const auto [at, is_new] = images_.emplace(source, set_.images.size());
    if (!is_new) return at->second;
    POISE_RETURN_IF_ERROR(budget_.take(kImageBytes + 2 * source.size()));
    PoseSet::Image& image = set_.images.emplace_back();
    image.name = source;
    if (is_video_) {
      POISE_TRY(image.id, whole<std::int64_t>(source, kVideoColumns[0]));
      image.name = frame_name(*image.id);
    }
    return at->second;
  }

  Result<Pose*> person_of(std::size_t image, std::string name, std::size_t joint, float score) {
    if (is_video_ && name.empty()) name = nameless(image, joint);
    auto& poses = set_.images[image].poses;
    const auto [at, is_new] = persons_.emplace(std::pair(image, name), poses.size());
    if (!is_new) return &poses[at->second];
    POISE_RETURN_IF_ERROR(budget_.take(kPersonBytes + name.size()));
    Pose& pose = poses.emplace_back();
    pose.score = std::isnan(score) ? 0 : score;
    if (is_video_ && name.front() != '#') {
      POISE_TRY(pose.track_id, whole<int>(name, kVideoColumns[1]));
    }
    return &pose;
  }

  /// Whom nobody follows: the lines of one person come together, and the next begins where a joint comes again.
  std::string nameless(std::size_t image, std::size_t joint) {
    if (image != nameless_image_ || !nameless_joints_.insert(joint).second) {
      ++nameless_persons_;
      nameless_image_ = image;
      nameless_joints_ = {joint};
    }
    return "#" + std::to_string(nameless_persons_);
  }

  /// Each person has a place for each joint of the file, though a line may name one.
  Status grow(std::vector<Keypoint>& keypoints, std::size_t joints) {
    POISE_RETURN_IF_ERROR(budget_.take((joints - keypoints.size()) * sizeof(Keypoint)));
    keypoints.resize(joints, not_found_keypoint());
    return {};
  }

  ReadingBudget budget_;
  bool is_video_ = false;
  std::size_t nameless_image_ = 0, nameless_persons_ = 0;
  std::set<std::size_t> nameless_joints_;
  std::size_t columns_ = 0;                        // of the file
  std::array<std::size_t, kColumns.size()> at_{};  // where ours are
  PoseSet set_;
  std::vector<std::string> names_;
  std::map<std::string, std::size_t> joints_, images_;
  std::map<std::pair<std::size_t, std::string>, std::size_t> persons_;
};

}  // namespace

Result<PoseSet> csv_pose_set(std::string_view text) {
  if (const char* other = other_encoding(text)) {
    return malformed(std::string("not a poses CSV: the text is ") + other + ": save it as UTF-8");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a spreadsheet's byte order mark
  std::size_t at = 0;
  std::size_t line = 1;
  CsvReader reader(text.size());
  for (bool first = true; at < text.size(); first = false) {
    const std::string where = "line " + std::to_string(line);
    auto fields = csv_record(text, at, line);
    if (!fields.ok()) return fields.error().prefixed(where);
    if (!first && fields->size() == 1 && fields->front().empty()) continue;
    const Status taken = first ? reader.take_header(*fields) : reader.add(std::move(*fields));
    if (!taken.ok()) return taken.error().prefixed(where);
  }
  if (text.empty()) return malformed("not a poses CSV: the file is empty");
  return reader.finish();
}

}  // namespace poise
