#pragma once
// How to feed a detector and read what it says. A card is JSON under the same key and beside the same file as a pose
// network's (card/model_card.h), told apart by its member "family". Members that may be left out, with what then
// holds: input (the graph's), scale (1/255), pad_side (both), pad_colour ([114, 114, 114]), half_pixel (true), resample
// (linear), classes (unnamed), person (the class named "person", the only one, or COCO's first of 80), threshold (.25),
// nms (.45), max_detections (100), anchors (only yolov3 has them), scale_xy (1), logits (false), size_slope (0),
// precision (fp32) and the texts (empty). What cannot be left out: family colour mean std fit. Pure functions of
// values: thread-safe.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/card/card_common.h"
#include "poise/card/model_card.h"
#include "poise/codec/detection.h"
#include "poise/crop/letterbox.h"

namespace poise {

struct DetectorCard : CardCommon {
  std::string family;                // of codec/detection.h
  LetterboxOptions letterbox;        // "fit" stretch|letterbox, "pad_side" end|both, "pad_colour", "half_pixel"
  std::vector<std::string> classes;  // in the network's order; empty: not named
  int person = 0;                    // the class that is looked for
  bool person_is_said = false;       // by its name, its number, or as the only class named; else `person` is a guess
  DetectionHead head;        // "threshold", "anchors", "scale_xy", "logits", "size_slope"; its input is the card's
  float nms = 0.45F;         // boxes that overlap a better one by more are dropped; 1: none
  int max_detections = 100;  // persons a picture
};

/// fastestdet, yolov3, yolov3-tiny, yolov5, yolov8, yolox, centre, centernet, yolo-end2end, rtmdet, blazepose, nanodet.
/// Errors: kNotFound, listing them.
Result<Json> detector_preset(const std::string& name);
std::vector<std::string> detector_preset_names();

/// Layers, highest first, already overlaid. `input` as for card_from_json. Errors: kInvalidArgument, naming what is
/// missing or wrong, "classes" without a person too.
Result<DetectorCard> detector_card_from_json(const Json& json, Size input);
Json to_json(const DetectorCard& card);

/// Flags over MODEL.card.json over metadata over preset; where no preset is named, a file known by its SHA-256, or a
/// detector whose metadata are ultralytics', has its own, and the class names that ultralytics' exports carry (metadata
/// "names") stand for "classes". Errors: a card beside a preset; names that cannot be read where nothing else says who
/// is a person; a task that is no detector's.
Result<Json> gather_detector_card(const std::filesystem::path& model,
                                  const std::map<std::string, std::string>& metadata, const std::string& hash,
                                  const CardSources& sources, Size input);

/// Whether the card, as JSON, is a detector's.
bool is_detector_card(const Json& card);

}  // namespace poise
