// Roboflow Inference's answer for keypoint detection, so that its clients read ours: boxes by their centres.

#include "poise/formats/output_formats.h"

namespace poise {
namespace {

std::string of_picture(const FrameResult& frame, const Skeleton& skeleton, const Provenance&, float min_score) {
  Json predictions = Json::array();
  for (const Pose& pose : frame.poses) {
    Json keypoints = Json::array();
    for (std::size_t j = 0; j < pose.keypoints.size(); ++j) {
      const Keypoint& joint = pose.keypoints[j];
      if (!(joint.score >= min_score)) continue;
      keypoints.push(Json::Object{{"x", joint.point.x},
                                  {"y", joint.point.y},
                                  {"class_name", skeleton.joints[j].name},
                                  {"class_id", static_cast<std::int64_t>(j)},
                                  {"confidence", joint.score}});
    }
    const Point centre = pose.box.centre();
    predictions.push(Json::Object{{"x", centre.x},
                                  {"y", centre.y},
                                  {"width", pose.box.width},
                                  {"height", pose.box.height},
                                  {"class", "person"},
                                  {"class_id", 0},
                                  {"confidence", pose.score},
                                  {"keypoints", std::move(keypoints)}});
  }
  return Json(Json::Object{{"predictions", std::move(predictions)},
                           {"image", Json::Object{{"width", frame.width}, {"height", frame.height}}}})
             .dump() +
         "\n";
}

}  // namespace

OutputFormat roboflow_format() {
  OutputFormat format{"roboflow", "Roboflow Inference's answers, a file a picture"};
  format.pictures.suffix = "_roboflow.json";
  format.pictures.of_picture = of_picture;
  return format;
}

}  // namespace poise
