#include "poise/card/check_card.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "poise/base/counted.h"
#include "poise/card/detector_card.h"
#include "poise/card/lift_card.h"
#include "poise/card/one_stage_card.h"
#include "poise/card/picture_input.h"
#include "poise/card/pose_card.h"

namespace poise {
namespace {

/// The members that are not its codec's own.
Json without_parameters(const Json& card) {
  const auto families = pose_codec_families();
  const auto own = std::ranges::find(families, card.string("codec").value(), &PoseCodecFamily::name);
  Json rest = Json::object();
  for (const auto& [name, value] : card.as_object()) {
    if (own == families.end() || std::ranges::find(own->parameters, name) == own->parameters.end())
      rest.set(name, value);
  }
  return rest;
}

/// What the card leaves out is the most common, so that the rest can be held against the network.
Result<Json> filled(const Json& card, bool fixed_input) {
  POISE_TRY(Json usual, card_preset("simple-baselines"));
  const Json* codec = card.find("codec");
  if (codec != nullptr && codec->is_string() && codec->as_string() != usual.string("codec").value())
    usual = without_parameters(usual);
  Json all = overlay(card, usual);
  if (!fixed_input && card.find("input") == nullptr) all.set("input", Json(Json::Array{Json(256), Json(256)}));
  return all;
}

}  // namespace

Result<PoseAnswer> find_answer(const Graph& graph, const ModelCard& card) {
  if (graph.inputs.size() != 1) {
    return unsupported("the network has " + counted(graph.inputs.size(), "input") + "; a pose network has one");
  }
  POISE_TRY(const std::vector<NetworkOutput> outputs, outputs_of(graph, card.input.size));
  POISE_TRY(PoseAnswer answer, card.codec->check(outputs, card.skeleton, card.input.size));
  for (const std::size_t index : answer.outputs) {
    if (const DType type = outputs.at(index).type; type != DType::kFloat32) {
      return unsupported("the network's output \"" + outputs.at(index).name + "\" is " + name_of(type) +
                         "; poses are read from float32");
    }
  }
  return answer;
}

Result<OneStageAnswer> find_answer(const Graph& graph, const OneStageCard& card) {
  POISE_TRY(const std::vector<NetworkOutput> outputs, outputs_of(graph, card.input.size));
  return card.codec->check(outputs, card.skeleton, card.input.size, static_cast<int>(card.classes.size()));
}

Result<std::string> check_card(const Json& card, const Graph& file_graph) {
  if (card.as_object().empty()) {
    return std::string("the model has no card: whoever runs it must name a preset, or say colour, mean and the like");
  }
  if (is_lift_card(card)) {  // it reads no pictures
    POISE_RETURN_IF_ERROR(lift_card_from_json(card));
    return std::string();
  }
  Graph graph = file_graph;
  read_planes(graph);
  if (graph.inputs.size() != 1 || graph.values.at(graph.inputs[0]).shape.size() != 4) {
    return unsupported("a card is for networks that read one (N, 3, H, W)");
  }
  const Shape& shape = graph.values.at(graph.inputs[0]).shape;
  const bool fixed = shape[2] > 0 && shape[3] > 0;
  const Size size = fixed ? Size{static_cast<int>(shape[3]), static_cast<int>(shape[2])} : Size{};
  if (is_detector_card(card)) {
    POISE_RETURN_IF_ERROR(detector_card_from_json(card, size));
    return std::string();
  }
  if (is_one_stage_card(card)) {
    POISE_TRY(const OneStageCard checked, one_stage_card_from_json(card, size));
    POISE_RETURN_IF_ERROR(find_answer(graph, checked));
    return std::string();
  }
  POISE_TRY(const Json whole, filled(card, fixed));
  POISE_TRY(const ModelCard checked, card_from_json(whole, size));
  if (card.find("skeleton") != nullptr) POISE_RETURN_IF_ERROR(find_answer(graph, checked));
  const auto complete = card_from_json(card, size);
  return complete.ok() ? std::string() : complete.error().message;
}

}  // namespace poise
