#pragma once
// What we found, in the formats people read. Each function makes the text; the program decides where it goes. Pure.
// docs/formats.md shows one example of each.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/person/pose.h"

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

/// Entries of a COCO results file: {image_id, category_id: 1, keypoints [x, y, score]*K, score, bbox, file_name}. Where
/// the frame has no image id, the number that ends the file's stem is taken, else a running number that the caller
/// gives. `results`: an array, or null.
void append_coco_results(const FrameResult& frame, std::int64_t fallback_id, Json& results);

/// Ids for the pictures of one run: the numbers that end the files' names where each has its own, else 1, 2, 3 ...
std::vector<std::int64_t> run_image_ids(std::span<const std::filesystem::path> pictures);

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
