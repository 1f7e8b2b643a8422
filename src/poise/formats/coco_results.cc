#include "poise/formats/stem_number.h"
#include "poise/formats/writers.h"

namespace poise {

void append_coco_results(const FrameResult& frame, std::int64_t fallback_id, Json& results) {
  if (results.is_null()) results = Json::array();
  const auto number = stem_number(frame.source);
  const std::int64_t id = frame.image_id ? *frame.image_id : number ? *number : fallback_id;
  for (const Pose& pose : frame.poses) {
    Json::Array keypoints;
    keypoints.reserve(pose.keypoints.size() * 3);
    for (const Keypoint& keypoint : pose.keypoints) {
      keypoints.insert(keypoints.end(), {keypoint.point.x, keypoint.point.y, keypoint.score});
    }
    results.push(Json::Object{{"image_id", id},
                              {"category_id", 1},
                              {"keypoints", std::move(keypoints)},
                              {"score", pose.score},
                              {"bbox", Json::Array{pose.box.x, pose.box.y, pose.box.width, pose.box.height}},
                              {"file_name", frame.source}});
  }
}

void append_coco_detections(const std::string& file_name, std::int64_t image_id, std::span<const PersonBox> persons,
                            bool exif_applied, Json& detections) {
  if (detections.is_null()) detections = Json::array();
  for (const PersonBox& person : persons) {
    Json entry = Json::Object{{"image_id", image_id},
                              {"file_name", file_name},
                              {"category_id", 1},
                              {"bbox", Json::Array{person.box.x, person.box.y, person.box.width, person.box.height}},
                              {"score", person.score}};
    if (exif_applied) entry.set("exif_applied", true);
    detections.push(std::move(entry));
  }
}

}  // namespace poise
