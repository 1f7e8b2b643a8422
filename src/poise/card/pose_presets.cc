// The presets of pose networks: what is known of a kind of network whose files do not say it.

#include <algorithm>
#include <array>
#include <string_view>

#include "poise/base/printable.h"
#include "poise/card/card_reader.h"
#include "poise/card/model_card.h"

namespace poise {
using namespace card;
namespace {

constexpr std::array kHeatmapPresets = {"simple-baselines", "gluon", "mmpose", "ailia"};

struct Preset {
  const char* name;
  const char* card;
};
// rtmpose: MMPose, configs/body_2d_keypoint/rtmpose; its skeleton follows from how many joints the file has. deeppose:
// MMPose, configs/body_2d_keypoint/topdown_regression. movenet: tfhub.dev/google/movenet/singlepose, whose pixels are 0
// to 255; how wide its crop is was measured (docs/networks.md). yolo-pose: ultralytics/cfg/default.yaml (conf .25, iou
// .7). rtmo: MMPose, configs/body_2d_keypoint/rtmo (BGR, 0 to 255, nms_thr .65); score_thr of mmpose's demos.
// movenet-multipose: tfhub.dev/google/movenet/multipose. lightweight-openpose: Daniil-Osokin/
// lightweight-human-pose-estimation.pytorch, demo.py. blazepose: MediaPipe, modules/pose_landmark/
// pose_detection_to_roi.pbtxt. openpose: OpenPose, src/openpose/utilities/openCv.cpp (pixels /
// 256
// - .5, BGR).
constexpr std::array kPresets{
    Preset{"rtmpose", R"({"colour": "rgb", "scale": 1, "mean": [123.675, 116.28, 103.53],
      "std": [58.395, 57.12, 57.375], "padding": 1.25, "codec": "simcc"})"},
    Preset{"yolo-pose", R"({"skeleton": "coco17", "colour": "rgb", "mean": [0, 0, 0], "std": [1, 1, 1],
      "fit": "letterbox", "input": [640, 640], "codec": "yolo_pose", "threshold": 0.25, "nms": 0.7})"},
    Preset{"rtmo", R"({"skeleton": "coco17", "colour": "bgr", "scale": 1, "mean": [0, 0, 0], "std": [1, 1, 1],
      "fit": "letterbox", "pad_side": "end", "input": [640, 640], "codec": "rtmo", "threshold": 0.3, "nms": 0.65})"},
    Preset{"movenet", R"({"skeleton": "coco17", "colour": "rgb", "scale": 1, "mean": [0, 0, 0], "std": [1, 1, 1],
      "padding": 1.05, "codec": "movenet"})"},
    Preset{"movenet-multipose", R"({"skeleton": "coco17", "colour": "rgb", "scale": 1, "mean": [0, 0, 0],
      "std": [1, 1, 1], "fit": "letterbox", "pad_side": "end", "pad_colour": [0, 0, 0], "input": [256, 256],
      "codec": "movenet_multipose", "threshold": 0.25, "nms": 1, "resample": "area"})"},
    Preset{"deeppose", R"({"skeleton": "coco17", "colour": "rgb", "scale": 1, "mean": [123.675, 116.28, 103.53],
      "std": [58.395, 57.12, 57.375], "padding": 1.25, "codec": "regression"})"},
    Preset{"blazepose", R"({"skeleton": "blazepose33", "colour": "rgb", "mean": [0, 0, 0], "std": [1, 1, 1],
      "padding": 1.25, "codec": "blazepose"})"},
    Preset{"lightweight-openpose", R"({"skeleton": "openpose18", "colour": "bgr", "scale": 1, "mean": [128, 128, 128],
      "std": [256, 256, 256], "fit": "letterbox", "pad_colour": [128, 128, 128], "input": [656, 368],
      "codec": "part_affinity", "grouping": "lightweight", "threshold": 0.2, "nms": 1})"},
    Preset{"openpose", R"({"skeleton": "openpose18", "colour": "bgr", "scale": 1, "mean": [128, 128, 128],
      "std": [256, 256, 256], "fit": "letterbox", "pad_side": "end", "pad_colour": [0, 0, 0], "input": [656, 368],
      "codec": "part_affinity", "grouping": "openpose", "threshold": 0.4, "nms": 1})"},
};

/// Of networks that give a heatmap a joint.
Json heatmap_preset(std::string_view name) {
  // Simple Baselines: lib/dataset/JointsDataset.py reads BGR, pose_estimation/valid.py normalises the planes in that
  // order with ImageNet's RGB mean and std; padding 1.25: lib/dataset/coco.py _xywh2cs; sigma: experiments/coco/*.yaml.
  Json card = Json::object();
  card.set("skeleton", "coco17");
  card.set("colour", "bgr");
  card.set("scale", 1.0F / 255.0F);
  card.set("mean", triple({0.485F, 0.456F, 0.406F}));
  card.set("std", triple({0.229F, 0.224F, 0.225F}));
  card.set("padding", 1.25F);
  card.set("resample", "linear");
  card.set("codec", "gaussian_heatmap");
  card.set("sigma", 2.0F);
  card.set("refine", "quarter");
  card.set("flip_shift", true);
  if (name == "gluon") {
    // GluonCV scripts/pose/simple_pose: the same, of RGB.
    card.set("colour", "rgb");
  } else if (name == "mmpose") {
    // MMPose configs/body_2d_keypoint/topdown_heatmap, PoseDataPreprocessor: RGB, in units of pixels.
    card.set("colour", "rgb");
    card.set("scale", 1.0F);
    card.set("mean", triple({123.675F, 116.28F, 103.53F}));
    card.set("std", triple({58.395F, 57.12F, 57.375F}));
  } else if (name == "ailia") {
    // ailia-models pose_estimation/pose_resnet: the crop is not padded and is shrunk with INTER_AREA; 19 points.
    card.set("padding", 1.0F);
    card.set("resample", "area");
    card.set("output_skeleton", "ailia19");
  }
  return card;
}

}  // namespace

std::vector<std::string> card_preset_names() {
  std::vector<std::string> names(kHeatmapPresets.begin(), kHeatmapPresets.end());
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

Result<Json> card_preset(const std::string& name) {
  if (std::ranges::find(kHeatmapPresets, name) != kHeatmapPresets.end()) return heatmap_preset(name);
  for (const Preset& preset : kPresets) {
    if (name == preset.name) return parse_json(std::string_view(preset.card));
  }
  return not_found("there is no preset " + printable(name) + "; there are " + join(card_preset_names()));
}

}  // namespace poise
