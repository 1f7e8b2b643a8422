#pragma once
// PoseTrack's files, one a sequence: PoseTrack17's ("annolist", what poseval measures) and PoseTrack18's (COCO-like),
// of truths and of predictions. Numbers stay as the file has them, in doubles, so that figures have the reference's
// digits; both count pixels as we do.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"

namespace poise {

inline constexpr int kPosetrackJoints = 15;
/// By their number: right_ankle ... head_bottom, nose, head_top (poseval, poseval/convert.py, POSETRACK18_LM_NAMES).
std::span<const std::string_view, kPosetrackJoints> posetrack_joints();

struct PosetrackPoint {
  int joint = 0;  // [0, kPosetrackJoints); a person has it at most once
  double x = 0;
  double y = 0;
  std::optional<double> score = {};  // of predictions
};

struct PosetrackPerson {
  std::optional<std::int64_t> track = {};
  std::optional<double> score = {};
  std::optional<std::array<double, 4>> head = {};  // x1, y1, x2, y2: opposite corners
  std::optional<std::array<double, 4>> box = {};   // x, y, width, height; PoseTrack18's alone
  bool annotated = true;                           // false: PoseTrack17's person without a list of points
  std::vector<PosetrackPoint> points;              // in the file's order
};

struct PosetrackFrame {
  using Polygon = std::vector<std::array<double, 2>>;
  std::string name;                     // of the picture, as the file has it
  std::optional<std::int64_t> id = {};  // PoseTrack18's image id
  int width = 0;                        // 0 where the file does not say
  int height = 0;
  std::optional<bool> labelled = {};  // what the file says; a labelled frame may hold nobody
  std::vector<PosetrackPerson> persons;
  std::vector<Polygon> ignored;  // regions where nobody is annotated
};

struct PosetrackSequence {
  std::string name;  // of the file, without its ending
  std::vector<PosetrackFrame> frames;
};

/// Either format, by its members. Of PoseTrack18's 17 joints the ears, which nobody annotated, are passed over; a joint
/// at 0, 0 with v 0 is not there, and one elsewhere with v 0 is, as in poseval's conversion. Errors: kMalformed, naming
/// the entry. Pure.
Result<PosetrackSequence> parse_posetrack(const Json& json);
/// Errors: those of parse_posetrack and read_file (256 MiB at most); messages start with the path.
Result<PosetrackSequence> read_posetrack(const std::filesystem::path& path);

/// One element of PoseTrack17's "annolist".
Json posetrack17_frame(const PosetrackFrame& frame);
/// PoseTrack17's file and PoseTrack18's. The latter numbers pictures without an id from 1, and gives ears 0, 0, 0.
Json posetrack17_json(const PosetrackSequence& sequence);
Json posetrack18_json(const PosetrackSequence& sequence);

}  // namespace poise
