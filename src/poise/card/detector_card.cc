#include "poise/card/detector_card.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "poise/base/counted.h"
#include "poise/card/card_reader.h"
#include "poise/card/export_metadata.h"

namespace poise {
using namespace card;
namespace {

constexpr std::array kMembers = {"name",     "family",    "input",     "colour",     "scale",      "mean",
                                 "std",      "fit",       "pad_side",  "pad_colour", "half_pixel", "resample",
                                 "classes",  "person",    "threshold", "nms",        "anchors",    "max_detections",
                                 "scale_xy", "logits",    "precision", "source",     "licence",    "training_data",
                                 "accuracy", "size_slope"};
constexpr std::array kEssentials = {"family", "colour", "mean", "std", "fit"};

constexpr std::size_t kMostOutputs = 16;  // of anchors, and anchors an output
constexpr std::int64_t kMostDetections = 10'000;

struct Preset {
  const char* name;
  const char* card;
};
// fastestdet: FastestDet, test.py (--thresh .65, INTER_LINEAR, BGR / 255) and utils/tool.py (NMS .45).
// yolov3, yolov3-tiny: darknet, cfg/yolov3.cfg and cfg/yolov3-tiny.cfg (anchors), src/image.c, letterbox_image (grey
// .5); thresholds of ailia's object detectors, which the pose demos use (pose_resnet.py: .4 and .45). yolov5, yolov8:
// ultralytics, letterbox of 114, --conf-thres .25, --iou-thres .45 (yolov5/detect.py) and .7 (yolov8). yolox: YOLOX,
// demo/ONNXRuntime/onnx_inference.py (--score_thr .3, NMS .45, BGR from 0 to 255, padding 114 at the end). centre:
// ours. yolo-end2end: ultralytics, as yolov8. rtmdet: MMDetection, configs/rtmdet (BGR mean and std; padding 114 at the
// end). nanodet: NanoDet, config/nanodet-plus-m_416.yml (keep_ratio False; score .35, NMS .6 of its demos).
// blazepose: MediaPipe, modules/pose_detection/pose_detection_cpu.pbtxt. centernet:
// CenterNet, src/lib/opts.py, datasets/dataset/coco.py (mean, std), detectors/base_detector.py.
constexpr std::array<Preset, 12> kPresets{{
    {"fastestdet", R"({"family": "fastestdet", "colour": "bgr", "mean": [0, 0, 0], "std": [1, 1, 1], "fit": "stretch",
      "input": [352, 352], "threshold": 0.65, "nms": 0.45})"},
    {"yolov3", R"({"family": "yolov3", "colour": "rgb", "mean": [0, 0, 0], "std": [1, 1, 1], "fit": "letterbox",
      "pad_colour": [127.5, 127.5, 127.5], "input": [416, 416], "threshold": 0.4, "nms": 0.45,
      "anchors": [[[116, 90], [156, 198], [373, 326]], [[30, 61], [62, 45], [59, 119]], [[10, 13], [16, 30], [33, 23]]]})"},
    {"yolov3-tiny", R"({"family": "yolov3", "colour": "rgb", "mean": [0, 0, 0], "std": [1, 1, 1], "fit": "letterbox",
      "pad_colour": [127.5, 127.5, 127.5], "input": [416, 416], "threshold": 0.4, "nms": 0.45,
      "anchors": [[[81, 82], [135, 169], [344, 319]], [[23, 27], [37, 58], [81, 82]]]})"},
    {"yolov5", R"({"family": "yolov5", "colour": "rgb", "mean": [0, 0, 0], "std": [1, 1, 1], "fit": "letterbox",
      "input": [640, 640], "threshold": 0.25, "nms": 0.45})"},
    {"yolov8", R"({"family": "yolov8", "colour": "rgb", "mean": [0, 0, 0], "std": [1, 1, 1], "fit": "letterbox",
      "input": [640, 640], "threshold": 0.25, "nms": 0.7})"},
    {"yolox", R"({"family": "yolox", "colour": "bgr", "scale": 1, "mean": [0, 0, 0], "std": [1, 1, 1],
      "fit": "letterbox", "pad_side": "end", "input": [640, 640], "threshold": 0.3, "nms": 0.45})"},
    {"centre", R"({"family": "centre", "colour": "rgb", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
      "fit": "letterbox", "pad_side": "end", "pad_colour": [123.675, 116.28, 103.53], "threshold": 0.3, "nms": 1})"},
    {"centernet", R"({"family": "centre", "logits": true, "colour": "bgr", "mean": [0.408, 0.447, 0.47],
      "std": [0.289, 0.274, 0.278], "fit": "letterbox", "pad_colour": [0, 0, 0], "half_pixel": false,
      "input": [512, 512], "threshold": 0.3, "nms": 1})"},
    {"yolo-end2end", R"({"family": "end2end", "colour": "rgb", "mean": [0, 0, 0], "std": [1, 1, 1],
      "fit": "letterbox", "input": [640, 640], "threshold": 0.25, "nms": 1})"},
    {"rtmdet", R"({"family": "end2end", "colour": "bgr", "scale": 1, "mean": [103.53, 116.28, 123.675],
      "std": [57.375, 57.12, 58.395], "fit": "letterbox", "pad_side": "end", "input": [640, 640], "threshold": 0.3,
      "nms": 1})"},
    {"blazepose", R"({"family": "blazepose", "colour": "rgb", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
      "fit": "letterbox", "pad_colour": [0, 0, 0], "input": [224, 224], "classes": ["person"], "threshold": 0.5,
      "nms": 1})"},
    {"nanodet", R"({"family": "nanodet", "colour": "bgr", "scale": 1, "mean": [103.53, 116.28, 123.675],
      "std": [57.375, 57.12, 58.395], "fit": "stretch", "input": [416, 416], "threshold": 0.35, "nms": 0.6})"},
}};

/// Files that say nothing of themselves, by what they are.
struct KnownFile {
  const char* sha256;
  const char* preset;
};
constexpr std::array<KnownFile, 1> kKnownFiles{{
    {"31cb14c017fce347cb4c846ec62fdf00d76bb3beecdf4be21e7116ac67feb880", "fastestdet"},  // FastestDet's own export
}};

Status check_members(const Json& json) {
  if (!json.is_object()) return invalid_argument(std::string("the card must be an object, it is ") + json.kind());
  if (json.find("skeleton") != nullptr && json.find("family") == nullptr) {
    return invalid_argument("this is a pose network, not a detector: give it as option \"model\"");
  }
  for (const auto& [name, value] : json.as_object()) {
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end())
      return invalid_argument("card member " + printable(name) + " is not known in a detector's card; known are " +
                              join(kMembers));
  }
  std::vector<std::string> missing;
  for (const char* name : kEssentials)
    if (json.find(name) == nullptr) missing.emplace_back(name);
  if (missing.empty()) return {};
  return invalid_argument("the detector says nothing about " + join(missing) +
                          ": give option \"preset\" of the detector (" + join(detector_preset_names()) +
                          "), or a card in MODEL.card.json");
}

Status read_family(const Json& json, DetectorCard& card) {
  POISE_RETURN_IF_ERROR(Reader(json).text("family", card.family));
  if (find_detection_family(card.family) != nullptr) return {};
  std::vector<std::string> known;
  for (const DetectionFamily& family : detection_families()) known.emplace_back(family.name);
  return wrong("family", "must be one of " + join(known) + ", it is " + printable(card.family));
}

Status read_classes(const Json& json, DetectorCard& card) {
  POISE_RETURN_IF_ERROR(read_class_names(json, card.classes));
  const auto person = std::find_if(card.classes.begin(), card.classes.end(), is_called_person);
  const bool by_name =
      person != card.classes.end() || card.classes.size() == 1;  // the only class is what is looked for
  card.person_is_said = json.find("person") != nullptr || by_name;
  if (!card.person_is_said && !card.classes.empty()) {
    return wrong("classes",
                 "has no \"person\" among " + std::to_string(card.classes.size()) +
                     ": this detector does not look for people; else say which class to take, \"person\": 0");
  }
  if (person != card.classes.end()) card.person = static_cast<int>(person - card.classes.begin());
  POISE_RETURN_IF_ERROR(Reader(json).whole("person", 0, kMostClasses, card.person));
  if (!card.classes.empty() && card.person >= static_cast<int>(card.classes.size()))
    return wrong("person", "is " + std::to_string(card.person) + ", there are " +
                               counted(card.classes.size(), "class", "classes") + ", counted from 0");
  return {};
}

bool in_range(const Json& value, double low, double high) {
  return value.is_number() && value.as_number() >= low && value.as_number() <= high;
}

Status read_anchors(const Json& json, DetectionHead& head) {
  const Json* outputs = json.find("anchors");
  if (outputs == nullptr) return {};
  const Error error = wrong("anchors", "must be, for each output, a list of [width, height] in input pixels");
  const auto is_list = [](const Json& value) {
    return value.is_array() && !value.as_array().empty() && value.as_array().size() <= kMostOutputs;
  };
  if (!is_list(*outputs)) return error;
  for (const Json& output : outputs->as_array()) {
    if (!is_list(output)) return error;
    auto& anchors = head.anchors.emplace_back();
    for (const Json& anchor : output.as_array()) {
      if (!anchor.is_array() || anchor.as_array().size() != 2 || !in_range(anchor.as_array()[0], 1e-3, 1e5) ||
          !in_range(anchor.as_array()[1], 1e-3, 1e5)) {
        return error;
      }
      anchors.push_back(
          {static_cast<float>(anchor.as_array()[0].as_number()), static_cast<float>(anchor.as_array()[1].as_number())});
    }
  }
  return {};
}

Status read_head(const Json& json, DetectorCard& card) {
  const Reader reader(json);
  POISE_RETURN_IF_ERROR(reader.number("threshold", 0, 1, card.head.threshold));
  POISE_RETURN_IF_ERROR(reader.number("nms", 0, 1, card.nms));
  POISE_RETURN_IF_ERROR(reader.whole("max_detections", 1, kMostDetections, card.max_detections));
  POISE_RETURN_IF_ERROR(reader.boolean("logits", card.head.logits));
  POISE_RETURN_IF_ERROR(reader.number("size_slope", 0, 2, card.head.size_slope));
  if (card.head.size_slope > 0 && card.family != "centre") return wrong("size_slope", "is of family centre alone");
  POISE_RETURN_IF_ERROR(read_anchors(json, card.head));
  if (card.family == "yolov3" && card.head.anchors.empty()) return wrong("anchors", "must be given for family yolov3");
  const Json* scales = json.find("scale_xy");
  if (scales == nullptr) return {};
  const bool fits = scales->is_array() && scales->as_array().size() == card.head.anchors.size() &&
                    std::all_of(scales->as_array().begin(), scales->as_array().end(),
                                [](const Json& value) { return in_range(value, 0.1, 10); });
  if (!fits) return wrong("scale_xy", "must be one number for each list of anchors, 0.1 to 10");
  for (const Json& value : scales->as_array()) card.head.scale_xy.push_back(static_cast<float>(value.as_number()));
  return {};
}

/// The preset of a detector as ultralytics export it, since v8; nullptr where the metadata are not theirs.
const char* ultralytics_preset(const std::map<std::string, std::string>& metadata) {
  if (exported(metadata, "task") != "detect" || exported(metadata, "names").empty()) return nullptr;
  const bool suppressed = exported(metadata, "args").find("'nms': True") != std::string_view::npos;
  return suppressed || exported(metadata, "end2end") == "True" ? "yolo-end2end" : "yolov8";
}

/// What ultralytics' exports say of themselves, into `preset`: class names, and a task that must be detection.
Status add_export_metadata(const std::map<std::string, std::string>& metadata, const Json& card, Json& preset) {
  const auto task = metadata.find("task");
  const auto names = metadata.find("names");
  if (names != metadata.end() && task != metadata.end() && task->second != "detect") {
    return unsupported("the file says that its task is " + printable(task->second) +
                       (task->second == "pose" ? ": it finds people and their joints: give it as option \"model\""
                                               : ": only detectors are read here, export one of task detect"));
  }
  if (names == metadata.end()) return {};
  Json classes = Json::array();
  for (std::string& name : exported_names(names->second)) classes.push(std::move(name));
  if (!classes.as_array().empty()) {
    preset.set("classes", std::move(classes));
  } else if (card.find("classes") == nullptr && card.find("person") == nullptr) {
    return unsupported("the file's class names cannot be read (" + printable(names->second.substr(0, 60)) +
                       "): say \"classes\" or \"person\" in MODEL.card.json");
  }
  return {};
}

}  // namespace

std::vector<std::string> detector_preset_names() {
  std::vector<std::string> names;
  names.reserve(kPresets.size());
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

Result<Json> detector_preset(const std::string& name) {
  for (const Preset& preset : kPresets) {
    if (name == preset.name) return parse_json(std::string_view(preset.card));
  }
  return not_found("there is no detector preset " + printable(name) + "; there are " + join(detector_preset_names()));
}

bool is_detector_card(const Json& card) { return card.find("family") != nullptr; }

Result<DetectorCard> detector_card_from_json(const Json& json, Size input) {
  POISE_RETURN_IF_ERROR(check_members(json));
  DetectorCard card;
  const Reader reader(json);
  POISE_RETURN_IF_ERROR(read_family(json, card));
  POISE_RETURN_IF_ERROR(read_common(json, input, card));
  POISE_RETURN_IF_ERROR(read_letterbox(json, card.letterbox));
  POISE_RETURN_IF_ERROR(read_classes(json, card));
  POISE_RETURN_IF_ERROR(read_head(json, card));
  card.head.input = card.input.size;
  card.head.classes = static_cast<int>(card.classes.size());
  return card;
}

Json to_json(const DetectorCard& card) {
  Json json = Json::object();
  if (!card.name.empty()) json.set("name", card.name);
  json.set("family", card.family);
  put_input(card, json);
  put_letterbox(card.letterbox, json);
  json.set("resample", word_of(card.input.resample));
  if (!card.classes.empty()) {
    json.set("classes", class_names_member(card.classes));
  }
  json.set("person", card.person);
  json.set("threshold", card.head.threshold);
  json.set("nms", card.nms);
  json.set("max_detections", card.max_detections);
  if (!card.head.anchors.empty()) {
    Json outputs = Json::array();
    for (const auto& anchors : card.head.anchors) {
      Json list = Json::array();
      for (const auto& anchor : anchors) list.push(Json(Json::Array{anchor[0], anchor[1]}));
      outputs.push(std::move(list));
    }
    json.set("anchors", std::move(outputs));
  }
  if (!card.head.scale_xy.empty()) {
    Json scales = Json::array();
    for (const float scale : card.head.scale_xy) scales.push(scale);
    json.set("scale_xy", std::move(scales));
  }
  if (card.head.logits) json.set("logits", true);
  if (card.head.size_slope > 0) json.set("size_slope", card.head.size_slope);
  put_precision(card, json);
  put_texts(card, json);
  return json;
}

Result<Json> gather_detector_card(const std::filesystem::path& model,
                                  const std::map<std::string, std::string>& metadata, const std::string& hash,
                                  const CardSources& sources, Size input) {
  Json preset = Json::object();
  if (!sources.preset.empty()) {
    POISE_TRY(preset, detector_preset(sources.preset));
  } else {
    for (const KnownFile& known : kKnownFiles) {
      if (hash == known.sha256) preset = detector_preset(known.preset).value();
    }
    if (const char* told = ultralytics_preset(metadata); told != nullptr) preset = detector_preset(told).value();
  }
  // A preset's input is for graphs that leave it open.
  if (input.width > 0 && input.height > 0 && preset.find("input") != nullptr) {
    preset.set("input", Json(Json::Array{input.width, input.height}));
  }
  POISE_TRY(const Json card, gather_card(model, metadata, {sources.flags, {}}));
  POISE_RETURN_IF_ERROR(add_export_metadata(metadata, card, preset));
  // What a card leaves out is a default's, not a preset's.
  if (card.find("family") != nullptr && !sources.preset.empty()) {
    return invalid_argument((model.empty() ? "the detector" : model.string()) +
                            ": its card says how it is fed and read: the preset " + sources.preset +
                            " is for one without a card");
  }
  return overlay(card, preset);
}

}  // namespace poise
