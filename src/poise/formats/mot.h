#pragma once
// MOTChallenge's text files: a box a line, "frame,id,left,top,width,height,confidence,class,visibility" of a truth,
// "frame,id,left,top,width,height,confidence,-1,-1,-1" of tracks. Frames and pixels count from 1 there.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"
#include "poise/geometry/box.h"

namespace poise {

/// The numbers of a line, as the file counts. In doubles and unchanged, so that figures have the reference's digits.
struct MotRow {
  std::int64_t frame = 1;
  std::int64_t id = 0;
  double left = 1;
  double top = 1;
  double width = 0;
  double height = 0;
  double confidence = 1;   // of a truth: 0 marks a box that is not to be counted
  int object = 1;          // class of a truth of nine columns: 1 is a pedestrian
  double visibility = -1;  // of a truth of nine columns: share of the box that is seen; else -1
};

struct MotSequence {
  std::vector<MotRow> rows;  // in the file's order
  bool has_classes = false;  // every line has nine columns, as MOT16, MOT17 and MOT20 have; ten are MOT15's, without
};

/// Commas, or white space, between the numbers; six to ten a line; empty lines are passed over. Errors: kMalformed,
/// naming the line. Pure.
Result<MotSequence> parse_mot(std::string_view text);
/// Errors: those of parse_mot and read_file (1 GiB at most); messages start with the path.
Result<MotSequence> read_mot(const std::filesystem::path& path);

/// The row's box in our pixels, and back.
Box box_of(const MotRow& row);
MotRow mot_row(std::int64_t frame, std::int64_t id, const Box& box, double confidence);
/// "1,3,794.27,247.59,71.245,174.88,0.9,-1,-1,-1\n" with the shortest digits that read as the same numbers.
std::string mot_line(const MotRow& row);

}  // namespace poise
