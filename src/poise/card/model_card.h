#pragma once
// How to feed a network and read what it says: colour order, mean, padding, codec. Nothing of this is ever guessed.
// A card is JSON, in the ONNX file (metadata_props key "poise.card") or beside it (model.onnx: model.card.json).
// Precedence is by member: flag, sidecar, embedded card, named preset. Members that may be left out, with what then
// holds: input (the graph's), scale (1/255), resample (linear), refine (quarter), sigma (2; dark needs it), flip_shift
// (true), precision (fp32), output_skeleton and the texts (empty). What cannot be left out: skeleton colour mean std
// padding codec.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/codec/gaussian_heatmap.h"
#include "poise/crop/crop.h"
#include "poise/skeleton/skeleton.h"

namespace poise {

struct ModelCard {
  std::string name;
  Skeleton skeleton;                      // of the network's output channels
  Normalisation normalisation;            // "colour" rgb|bgr, "scale", "mean", "std"
  CropOptions crop;                       // "input" [width, height], "padding"
  Resample resample = Resample::kLinear;  // "resample" linear|area
  GaussianHeatmap codec;                  // "codec": "gaussian_heatmap", "sigma"; stride follows from the shapes
  Refine refine = Refine::kQuarter;       // "refine" none|quarter|dark
  bool flip_shift = true;                 // "flip_shift"
  std::string precision = "fp32";         // "precision" fp32|bf16|int8: the quickest that was measured to be as good
  std::string output_skeleton;            // "output_skeleton": derived set to report ("ailia19"); empty: as the network
  std::string source, licence, training_data, accuracy;
};

inline constexpr const char* kCardKey = "poise.card";
inline constexpr std::int64_t kLargestInputSide = 4096;  // of what a network looks at, pixels

/// simple-baselines (BGR), gluon (RGB), mmpose (RGB), ailia (BGR, no padding, area). Errors: kNotFound, listing them.
Result<Json> card_preset(const std::string& name);
std::vector<std::string> card_preset_names();

/// Members of `upper` over those of `lower`.
Json overlay(const Json& upper, const Json& lower);

/// Layers, highest first, already overlaid. `input` is the graph's fixed input size (0x0 where it is free) and must
/// agree with the card's. Errors: kInvalidArgument, naming what is missing or wrong and, where the card lacks the
/// essentials, listing the presets.
Result<ModelCard> card_from_json(const Json& json, Size input);
Json to_json(const ModelCard& card);

struct CardSources {
  Json flags = Json::object();
  std::string preset;  // empty: none
};
/// Flags over MODEL.card.json over metadata over preset.
Result<Json> gather_card(const std::filesystem::path& model, const std::map<std::string, std::string>& metadata,
                         const CardSources& sources);

}  // namespace poise
