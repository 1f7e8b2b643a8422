#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "poise/base/memory.h"
#include "poise/formats/mat_limits.h"
#include "poise/formats/pose_readers.h"

namespace poise {
namespace {

constexpr std::size_t kMaxColumns = 64;
constexpr std::size_t kMaxJoints = 4096;

/// RFC 4180: the fields of one record; `at` moves past its end, `line` counts lines.
Result<std::vector<std::string>> record(std::string_view text, std::size_t& at, std::size_t& line) {
  std::vector<std::string> fields(1);
  while (at < text.size()) {
    const char c = text[at++];
    if (c == '\n') return ++line, fields;
    if (c == '\r' && at < text.size() && text[at] == '\n') continue;
    if (c == '\r') return malformed("a line ends as on an old Macintosh (CR): save it with other line ends");
    if (c == ',') {
      if (fields.size() >= kMaxColumns) return malformed("more than 64 fields");
      fields.emplace_back();
    } else if (c == '"' && fields.back().empty()) {
      while (true) {
        if (at >= text.size()) return malformed("truncated: a quoted field does not end");
        const char q = text[at++];
        line += q == '\n' ? 1 : 0;
        if (q != '"') {
          fields.back() += q;
        } else if (at < text.size() && text[at] == '"') {
          fields.back() += text[at++];
        } else {
          break;
        }
      }
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

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

constexpr std::array<const char*, 7> kColumns{"source", "person", "score", "joint", "x", "y", "joint_score"};
constexpr const char* kHeader = "source,person,score,joint,x,y,joint_score";

class CsvReader {
 public:
  explicit CsvReader(std::size_t text_bytes) : budget_(text_bytes) {}

  /// The first line: each column once, in any order, and others, which are passed over.
  Status take_header(const std::vector<std::string>& names) {
    columns_ = names.size();
    for (std::size_t k = 0; k < kColumns.size(); ++k) {
      const auto at = std::find(names.begin(), names.end(), kColumns[k]);
      if (at == names.end() || std::find(at + 1, names.end(), kColumns[k]) != names.end()) {
        const bool other =
            names.size() == 1 && (names[0].find(';') != std::string::npos || names[0].find('\t') != std::string::npos);
        return malformed(std::string("not a poses CSV: its first line must name the columns ") + kHeader +
                         (other ? ", with commas between (here are semicolons or tabs: save it with commas)" : ""));
      }
      at_[k] = static_cast<std::size_t>(at - names.begin());
    }
    return {};
  }

  Status add(std::vector<std::string> row) {
    if (row.size() != columns_) {
      return malformed(std::to_string(columns_) + " fields wanted, it has " + std::to_string(row.size()));
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
    const auto [image, new_image] = images_.emplace(fields[0], set_.images.size());
    if (new_image) {
      POISE_RETURN_IF_ERROR(budget_.take(kImageBytes + 2 * fields[0].size()));
      set_.images.emplace_back().name = fields[0];
    }
    const auto [person, new_person] =
        persons_.emplace(std::pair(image->second, fields[1]), set_.images[image->second].poses.size());
    auto& poses = set_.images[image->second].poses;
    if (new_person) {
      POISE_RETURN_IF_ERROR(budget_.take(kPersonBytes + fields[1].size()));
      poses.emplace_back().score = std::isnan(line.score) ? 0 : line.score;
    }
    auto& keypoints = poses[person->second].keypoints;
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

  /// Each person has a place for each joint of the file, though a line may name one.
  Status grow(std::vector<Keypoint>& keypoints, std::size_t joints) {
    POISE_RETURN_IF_ERROR(budget_.take((joints - keypoints.size()) * sizeof(Keypoint)));
    keypoints.resize(joints, not_found_keypoint());
    return {};
  }

  ReadingBudget budget_;
  std::size_t columns_ = 0;                        // of the file
  std::array<std::size_t, kColumns.size()> at_{};  // where ours are
  PoseSet set_;
  std::vector<std::string> names_;
  std::map<std::string, std::size_t> joints_, images_;
  std::map<std::pair<std::size_t, std::string>, std::size_t> persons_;
};

}  // namespace

Result<PoseSet> csv_pose_set(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return malformed("not a poses CSV: the text is UTF-16: save it as UTF-8");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a spreadsheet's byte order mark
  std::size_t at = 0;
  std::size_t line = 1;
  CsvReader reader(text.size());
  for (bool first = true; at < text.size(); first = false) {
    const std::string where = "line " + std::to_string(line);
    auto fields = record(text, at, line);
    if (!fields.ok()) return fields.error().prefixed(where);
    if (!first && fields->size() == 1 && fields->front().empty()) continue;
    const Status taken = first ? reader.take_header(*fields) : reader.add(std::move(*fields));
    if (!taken.ok()) return taken.error().prefixed(where);
  }
  if (text.empty()) return malformed("not a poses CSV: the file is empty");
  return reader.finish();
}

}  // namespace poise
