#include "poise/card/detector_card.h"

#include <gtest/gtest.h>

#include <fstream>

namespace poise {
namespace {

constexpr Size kFree{};

std::string message(Json card, Size input = {64, 64}) {
  const auto read = detector_card_from_json(card, input);
  return read.ok() ? "no error" : read.error().message;
}

Json preset(const std::string& name) { return detector_preset(name).value(); }

TEST(DetectorCard, EveryPresetIsACard) {
  EXPECT_EQ(detector_preset_names().size(), 12U);
  for (const std::string& name : detector_preset_names()) {
    Json json = preset(name);
    json.set("input", Json(Json::Array{Json(64), Json(64)}));
    const auto card = detector_card_from_json(json, kFree);
    ASSERT_TRUE(card.ok()) << name << ": " << card.error().message;
    const auto again = detector_card_from_json(to_json(*card), kFree);
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(to_json(*again).dump(), to_json(*card).dump()) << name;
  }
  EXPECT_NE(detector_preset("yolo9000").error().message.find("fastestdet"), std::string::npos);
}

TEST(DetectorCard, AiliasThresholdsForYolov3) {
  for (const char* name : {"yolov3", "yolov3-tiny"}) {
    const DetectorCard card = detector_card_from_json(preset(name), kFree).value();
    EXPECT_EQ(card.head.threshold, 0.4F);
    EXPECT_EQ(card.nms, 0.45F);
    EXPECT_EQ(card.head.input, (Size{416, 416}));
  }
}

TEST(DetectorCard, MembersAreHeld) {
  Json json = preset("yolox");
  json.set("input", Json(Json::Array{Json(64), Json(64)}));
  EXPECT_EQ(message(json), "no error");
  const auto with = [&](const char* member, Json value) {
    Json changed = json;
    changed.set(member, std::move(value));
    return message(changed);
  };
  EXPECT_NE(with("family", "yolo").find("fastestdet"), std::string::npos);
  EXPECT_NE(with("fit", "squeeze").find("letterbox"), std::string::npos);
  EXPECT_NE(with("threshold", 2).find("threshold"), std::string::npos);
  EXPECT_NE(with("person", -1).find("person"), std::string::npos);
  EXPECT_NE(with("max_detections", 0).find("max_detections"), std::string::npos);
  EXPECT_NE(with("skeleton", "coco17").find("skeleton"), std::string::npos);
  EXPECT_NE(with("family", "yolov3").find("anchors"), std::string::npos);
  EXPECT_NE(with("anchors", Json::array()).find("anchors"), std::string::npos);
  EXPECT_NE(with("scale_xy", Json(Json::Array{Json(1)})).find("scale_xy"), std::string::npos);
  EXPECT_NE(message(Json::object()).find("give option \"preset\" of the detector"), std::string::npos);
  EXPECT_NE(message(preset("yolox"), {32, 32}).find("input"), std::string::npos) << "its own 640x640 was not meant";
}

TEST(DetectorCard, SizeSlopeIsOfCentreAlone) {
  Json json = preset("centre");
  json.set("size_slope", 0.35);
  const DetectorCard card = detector_card_from_json(json, {416, 416}).value();
  EXPECT_FLOAT_EQ(card.head.size_slope, 0.35F);
  EXPECT_FLOAT_EQ(detector_card_from_json(to_json(card), {416, 416}).value().head.size_slope, 0.35F);
  json.set("size_slope", -1);
  EXPECT_NE(message(json).find("size_slope"), std::string::npos);
  json = preset("yolox");
  json.set("size_slope", 0.35);
  json.set("input", Json(Json::Array{Json(64), Json(64)}));
  EXPECT_NE(message(json).find("size_slope"), std::string::npos);
}

TEST(DetectorCard, TakesThePrecisionsThatAPoseNetworksCardTakes) {
  Json detector = preset("fastestdet"), pose = card_preset("ailia").value();
  for (const char* name : {"fp32", "bf16", "int8"}) {
    detector.set("precision", name);
    pose.set("precision", name);
    const DetectorCard card = detector_card_from_json(detector, {352, 352}).value();
    EXPECT_EQ(card.precision, find_precision(name));
    EXPECT_EQ(detector_card_from_json(to_json(card), {352, 352}).value().precision, find_precision(name));
    EXPECT_EQ(card_from_json(pose, {192, 256}).value().precision, find_precision(name));
  }
  for (const Json& wrong : {Json("fp16"), Json(8)}) {
    detector.set("precision", wrong);
    pose.set("precision", wrong);
    const std::string refused = message(detector, {352, 352});
    EXPECT_NE(refused.find("\"precision\" must be"), std::string::npos) << refused;
    EXPECT_EQ(card_from_json(pose, {192, 256}).error().message, refused);
  }
}

TEST(DetectorCard, ThePersonIsFoundAmongTheClasses) {
  Json json = preset("yolox");
  json.set("classes", Json(Json::Array{Json("dog"), Json("person")}));
  EXPECT_EQ(detector_card_from_json(json, {640, 640}).value().person, 1);
  json.set("classes", Json(Json::Array{Json("dog"), Json("cat")}));
  EXPECT_NE(message(json, {640, 640}).find("does not look for people"), std::string::npos);
  json.set("person", 1);
  EXPECT_EQ(detector_card_from_json(json, {640, 640}).value().person, 1);
  json.set("person", 2);
  EXPECT_NE(message(json, {640, 640}).find("2 classes"), std::string::npos);
}

TEST(DetectorCard, APoseNetworkIsToldApart) {
  EXPECT_NE(message(card_preset("ailia").value()).find("give it as option \"model\""), std::string::npos);
  EXPECT_NE(card_from_json(preset("yolox"), {640, 640}).error().message.find("give it as option \"detector\""),
            std::string::npos);
}

TEST(DetectorCard, LayersAndWhatIsKnown) {
  const std::string known = "31cb14c017fce347cb4c846ec62fdf00d76bb3beecdf4be21e7116ac67feb880";
  EXPECT_EQ(gather_detector_card("", {}, known, {}, {352, 352}).value().string("family").value(), "fastestdet");
  EXPECT_TRUE(gather_detector_card("", {}, "other", {}, {352, 352}).value().as_object().empty());
  const std::map<std::string, std::string> metadata{{"names", "{0: 'dog', 1: \"person\", 2: 'it''"},
                                                    {kCardKey, R"({"threshold": 0.5, "nms": 0.5, "person": 1})"}};
  CardSources sources;
  sources.preset = "yolov8";
  sources.flags.set("nms", 0.6);
  const Json card = gather_detector_card("", metadata, "", sources, {320, 256}).value();
  EXPECT_EQ(card.number("threshold").value(), 0.5);
  EXPECT_EQ(card.number("nms").value(), 0.6);
  EXPECT_EQ(card.find("input")->dump(), "[320,256]") << "the graph's, not the preset's";
  EXPECT_EQ(gather_detector_card("", {{"names", "{0: 'dog', 1: \"person\"}"}}, "", sources, kFree)
                .value()
                .find("classes")
                ->dump(),
            R"(["dog","person"])");
}

TEST(DetectorCard, ClassNamesInAnyQuotingAndOrder) {
  for (const std::string names : {"{0: 'dog', 1: 'person'}", R"({"1": "person", "0": "dog"})", "['dog', \"person\"]"}) {
    const Json card = gather_detector_card("", {{"names", names}}, "", {}, kFree).value();
    ASSERT_NE(card.find("classes"), nullptr) << names;
    EXPECT_EQ(card.find("classes")->dump(), R"(["dog","person"])") << names;
  }
  for (const std::string names : {"{0: 'dog', 2: 'person'}", "{0: 'dog', 0: 'person'}", "['dog'", "dog"}) {
    const auto unread = gather_detector_card("", {{"names", names}}, "", {}, kFree);
    ASSERT_FALSE(unread.ok()) << names << ": the first class would pass for the person in silence";
    EXPECT_NE(unread.error().message.find("cannot be read"), std::string::npos) << unread.error().message;
    CardSources sources;
    sources.flags.set("person", 1);
    EXPECT_EQ(gather_detector_card("", {{"names", names}}, "", sources, kFree).value().find("classes"), nullptr);
  }
}

TEST(DetectorCard, NobodyIsThePersonUnlessItIsSaid) {
  Json json = preset("yolox");
  EXPECT_FALSE(detector_card_from_json(json, {640, 640}).value().person_is_said);
  json.set("person", 0);
  EXPECT_TRUE(detector_card_from_json(json, {640, 640}).value().person_is_said);
  json = preset("yolox");
  json.set("classes", Json(Json::Array{Json("dog"), Json("Person")}));
  const DetectorCard card = detector_card_from_json(json, {640, 640}).value();
  EXPECT_EQ(card.person, 1);
  EXPECT_TRUE(card.person_is_said);
  json.set("classes", Json(Json::Array{Json("swimmer")}));
  EXPECT_TRUE(detector_card_from_json(json, {640, 640}).value().person_is_said) << "the only class is looked for";
}

TEST(DetectorCard, OtherTasksThanDetectionAreRefused) {
  const auto of_task = [](const char* task) {
    return gather_detector_card("", {{"names", "{0: 'person'}"}, {"task", task}}, "", {}, kFree);
  };
  EXPECT_TRUE(of_task("detect").ok());
  for (const char* task : {"pose", "segment"}) {
    ASSERT_FALSE(of_task(task).ok());
    EXPECT_NE(of_task(task).error().message.find(task), std::string::npos) << of_task(task).error().message;
  }
}

TEST(DetectorCard, UltralyticsFilesSayWhatTheyAre) {
  const auto family = [](std::map<std::string, std::string> metadata) {
    metadata["names"] = "{0: 'person', 1: 'dog'}";
    const auto layers = gather_detector_card({}, metadata, "", {}, {640, 640});
    if (!layers.ok()) return layers.error().message;
    const auto card = detector_card_from_json(*layers, {640, 640});
    return card.ok() ? card->family : card.error().message;
  };
  EXPECT_EQ(family({{"task", "detect"}}), "yolov8");
  EXPECT_EQ(family({{"task", "detect"}, {"end2end", "True"}}), "end2end");
  EXPECT_EQ(family({{"task", "detect"}, {"end2end", "False"}, {"args", "{'nms': True}"}}), "end2end");
  EXPECT_NE(family({{"task", "pose"}}).find("give it as option \"model\""), std::string::npos)
      << family({{"task", "pose"}});
  EXPECT_NE(family({}).find("says nothing about"), std::string::npos) << "YOLOv5 writes names too";
}

}  // namespace
}  // namespace poise
