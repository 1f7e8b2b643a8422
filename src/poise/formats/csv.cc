#include <algorithm>
#include <cmath>
#include <string_view>

#include "poise/base/check.h"
#include "poise/base/json_reader.h"
#include "poise/formats/csv_text.h"
#include "poise/formats/output_formats.h"

namespace poise {

std::string csv_field(std::string_view field) {
  const bool quoted = field.find_first_of(",\"\r\n") != std::string_view::npos;
  std::string result = quoted ? "\"" : "";
  for (std::size_t at = 0; at < field.size();) {
    const std::size_t length = utf8_length(field, at);
    if (field[at] == '"') result += '"';
    result += length == 0 ? std::string_view("\xEF\xBF\xBD") : field.substr(at, length);  // U+FFFD, as in JSON
    at += std::max<std::size_t>(1, length);
  }
  return quoted ? result + '"' : result;
}

namespace {
constexpr std::size_t kMaxColumns = 64;
}

Result<std::vector<std::string>> csv_record(std::string_view text, std::size_t& at, std::size_t& line) {
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

std::string csv_number(float value) { return std::isfinite(value) ? Json(value).dump() : std::string(); }

std::string csv_header() { return "source,person,score,joint,x,y,joint_score\n"; }

std::string csv_rows(const FrameResult& frame, const Skeleton& skeleton) {
  std::string text;
  const std::string source = csv_field(frame.source);
  for (std::size_t person = 0; person < frame.poses.size(); ++person) {
    const Pose& pose = frame.poses[person];
    POISE_CHECK(pose.keypoints.size() == skeleton.joints.size());
    const std::string start = source + ',' + std::to_string(person) + ',' + csv_number(pose.score) + ',';
    for (std::size_t joint = 0; joint < pose.keypoints.size(); ++joint) {
      const Keypoint& keypoint = pose.keypoints[joint];
      text += start;
      text += csv_field(skeleton.joints[joint].name) + ',' + csv_number(keypoint.point.x) + ',' +
              csv_number(keypoint.point.y) + ',' + csv_number(keypoint.score) + '\n';
    }
  }
  return text;
}

namespace {

class CsvSequence final : public TextSequence {
 public:
  static constexpr const char* kEnding = ".csv";
  using TextSequence::TextSequence;

 private:
  std::string begin() override { return "frame,seconds,id,score,joint,x,y,joint_score,filled\n"; }

  std::string of_frame(const TimedFrame& frame) override {
    std::string text;
    const std::string time = std::to_string(frame.index) + "," + Json(frame.seconds).dump() + ",";
    for (const Pose& pose : frame.result.poses) {
      POISE_CHECK(pose.keypoints.size() == target().skeleton.joints.size());
      const std::string id = pose.track_id ? std::to_string(*pose.track_id) : "";
      const std::string start = time + id + "," + csv_number(pose.score) + ",";
      const std::vector<int>* filled = frame.filled_of(pose);
      for (std::size_t i = 0; i < pose.keypoints.size(); ++i) {
        const Keypoint& joint = pose.keypoints[i];
        const bool is_filled =
            filled != nullptr && std::binary_search(filled->begin(), filled->end(), static_cast<int>(i));
        text += start + csv_field(target().skeleton.joints[i].name) + "," + csv_number(joint.point.x) + "," +
                csv_number(joint.point.y) + "," + csv_number(joint.score) + (is_filled ? ",1\n" : ",0\n");
      }
    }
    return text;
  }
};

std::string text_of(const FrameResult& frame, const Skeleton& skeleton, const Provenance& /*provenance*/,
                    float /*min_score*/) {
  return csv_header() + csv_rows(frame, skeleton);
}

std::string rows_of(const FrameResult& frame, const Skeleton& skeleton, const Provenance& /*provenance*/,
                    float /*min_score*/, bool is_first) {
  return (is_first ? csv_header() : std::string()) + csv_rows(frame, skeleton);
}

}  // namespace

OutputFormat csv_format() {
  return {"csv",
          "a line a joint; a file a picture, or one of a video",
          {.suffix = ".poses.csv", .of_picture = text_of, .in_stream = rows_of},
          open_text<CsvSequence>};
}

}  // namespace poise
