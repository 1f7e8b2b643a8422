#pragma once
// What we found, in the formats people read. Each function makes the text; the program decides where it goes. Pure.
// docs/formats.md shows one example of each.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/person/pose.h"
#include "poise/person/timed_frame.h"

namespace poise {

/// How a result came about; written into every output.
struct Provenance {
  std::string model;               // file name
  std::string model_hash;          // SHA-256
  Json settings = Json::object();  // input size, colour, padding, refine, flip test, backend ...
};

/// NAME.poses.json: one picture, our own schema (docs/poses.schema.json, "poise_poses": 1). Poses are of `skeleton`.
Json poses_json(const FrameResult& frame, const Skeleton& skeleton, const Provenance& provenance);
/// Its "persons" alone: one object a pose. Poses are of a skeleton of `joints` joints.
Json persons_json(const FrameResult& frame, std::size_t joints);
/// Reads what poses_json wrote (any version we know). Errors: kMalformed, naming the member.
Result<FrameResult> parse_poses_json(const Json& json);
/// Reads a frame's line of the JSON Lines in which videos' poses are written; `joints`: of its skeleton. Errors: the
/// same.
Result<TimedFrame> parse_frame_json(const Json& json, std::size_t joints);

/// Entries of a COCO results file: {image_id, category_id: 1, keypoints [x, y, score]*K, score, bbox, file_name}. Where
/// the frame has no image id, the number that ends the file's stem is taken, else a running number that the caller
/// gives. `results`: an array, or null.
void append_coco_results(const FrameResult& frame, std::int64_t fallback_id, Json& results);

/// Ids of pictures that results of one file speak of.
struct ImageIds {
  std::vector<std::int64_t> ids;  // one a picture, no two alike
  /// Which pictures have another id than the number that ends their names says, and why, for people; "" where none has,
  /// or no name ends in a number.
  std::string note;
};
/// `own`: ids that are given, empty where none is. Else the number that ends the file's name, where no other picture
/// has it; else the smallest from 1 on that is nobody's.
ImageIds image_ids(std::span<const std::filesystem::path> pictures,
                   std::span<const std::optional<std::int64_t>> own = {});

/// Entries of COCO detections, as BoxesFile reads them: {image_id, file_name, category_id: 1, bbox, score}, and
/// exif_applied: true where the picture was turned first. `detections`: an array, or null.
void append_coco_detections(const std::string& file_name, std::int64_t image_id, std::span<const PersonBox> persons,
                            bool exif_applied, Json& detections);

/// OpenPose 1.3, one picture: people[].pose_keypoints_2d. From coco17 or openpose18 poses: BODY_25 order, neck and
/// mid-hip made from their neighbours, feet 0; other skeletons: their own order. Joints under min_score are 0,0,0.
Json openpose_json(const FrameResult& frame, const Skeleton& skeleton, float min_score);

/// One line a joint: source,person,score,joint,x,y,joint_score; person counts from 0. Quoted as RFC 4180 says, lines
/// end with \n. The header line once.
std::string csv_header();
std::string csv_rows(const FrameResult& frame, const Skeleton& skeleton);

}  // namespace poise
