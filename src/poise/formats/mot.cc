#include "poise/formats/mot.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "poise/base/ascii.h"
#include "poise/base/file.h"
#include "poise/base/json.h"
#include "poise/base/printable.h"
#include "poise/formats/output_formats.h"

namespace poise {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30U;
constexpr std::size_t kFewest = 6;
constexpr std::size_t kMost = 10;
constexpr std::size_t kClassColumns = 9;
constexpr double kLargest = 1e9;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// The numbers of a line.
struct Columns {
  std::array<double, kMost> values{};
  std::size_t count = 0;
};

Result<Columns> columns_of(std::string_view line) {
  const bool commas = line.find(',') != std::string_view::npos;
  Columns columns;
  while (!line.empty()) {
    std::size_t end = 0;
    while (end < line.size() && (commas ? line[end] != ',' : !is_space(line[end]))) ++end;
    const std::string_view field = trimmed(line.substr(0, end));
    if (columns.count == kMost) return malformed("more than ten numbers");
    double value = 0;
    const auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || stop != field.data() + field.size() || !(std::abs(value) <= kLargest)) {
      return malformed(printable(field) + " is no number up to 1e9");
    }
    columns.values[columns.count++] = value;
    line = trimmed(line.substr(std::min(end + 1, line.size())));
  }
  if (columns.count < kFewest) {
    return malformed("six numbers or more wanted (frame, id, left, top, width, height), there are " +
                     std::to_string(columns.count));
  }
  return columns;
}

Result<MotRow> row_of(const Columns& columns) {
  const auto& v = columns.values;
  MotRow row;
  if (v[0] != std::floor(v[0]) || v[1] != std::floor(v[1])) return malformed("frame and id must be whole numbers");
  if (v[0] < 1) return malformed("frames count from 1; add 1 to each if yours count from 0");
  row.frame = static_cast<std::int64_t>(v[0]);
  row.id = static_cast<std::int64_t>(v[1]);
  row.left = v[2];
  row.top = v[3];
  row.width = v[4];
  row.height = v[5];
  if (columns.count > 6) row.confidence = v[6];
  if (columns.count == kClassColumns) {
    if (v[7] != std::floor(v[7])) return malformed("the class, column 8 of 9, must be a whole number");
    row.object = static_cast<int>(v[7]);
    row.visibility = v[8];
  }
  return row;
}

}  // namespace

Result<MotSequence> parse_mot(std::string_view text) {
  MotSequence sequence;
  sequence.has_classes = true;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty()) continue;
    const auto columns = columns_of(line);
    if (!columns.ok()) return columns.error().prefixed("line " + std::to_string(number));
    const auto row = row_of(*columns);
    if (!row.ok()) return row.error().prefixed("line " + std::to_string(number));
    sequence.rows.push_back(*row);
    sequence.has_classes = sequence.has_classes && columns->count == kClassColumns;
  }
  sequence.has_classes = sequence.has_classes && !sequence.rows.empty();
  if (!sequence.has_classes) {
    for (MotRow& row : sequence.rows) row.object = 1;
  }
  return sequence;
}

Result<MotSequence> read_mot(const std::filesystem::path& path) {
  const auto bytes = read_file(path, kMaxBytes);
  if (!bytes.ok()) return bytes.error().prefixed(path.string());
  auto sequence = parse_mot({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!sequence.ok()) return sequence.error().prefixed(path.string());
  return sequence;
}

Box box_of(const MotRow& row) {
  return {static_cast<float>(row.left - 1), static_cast<float>(row.top - 1), static_cast<float>(row.width),
          static_cast<float>(row.height)};
}

MotRow mot_row(std::int64_t frame, std::int64_t id, const Box& box, double confidence) {
  return {frame, id, static_cast<double>(box.x) + 1, static_cast<double>(box.y) + 1, box.width, box.height, confidence};
}

std::string mot_line(const MotRow& row) {
  std::string line = std::to_string(row.frame) + ',' + std::to_string(row.id);
  for (const double value : {row.left, row.top, row.width, row.height, row.confidence}) {
    // A float's digits: what we find has no more.
    line += ',' + Json(static_cast<float>(value)).dump();
  }
  return line + ",-1,-1,-1\n";
}

namespace {

class MotText final : public TextSequence {
 public:
  static constexpr const char* kEnding = ".txt";
  using TextSequence::TextSequence;

 private:
  std::string of_frame(const TimedFrame& frame) override {
    std::string text;
    for (const Pose& pose : frame.result.poses) {
      if (!pose.track_id) continue;  // a box without an id is no track
      text += mot_line(mot_row(frame.index + 1, *pose.track_id, pose.box, pose.box_score));
    }
    return text;
  }
};

}  // namespace

OutputFormat mot_format() { return {"mot", "MOTChallenge's text, a box a line", {}, open_text<MotText>}; }

}  // namespace poise
