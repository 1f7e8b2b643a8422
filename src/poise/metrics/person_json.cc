#include "poise/metrics/person_json.h"

#include <utility>

namespace poise {
namespace {

Json whole(std::size_t count) { return static_cast<std::int64_t>(count); }

void add_rates(const std::string& prefix, const std::vector<PartRate>& rates, Json& json) {
  for (const PartRate& one : rates) {
    if (one.rate < 0) continue;
    json.set(prefix + "_" + one.name, 100 * one.rate);
    if (one.auc >= 0) json.set(prefix + "_auc_" + one.name, one.auc);
  }
}

void add_counts(const PersonPairs& pairs, Json& json) {
  const Json counts = counts_json(pairs);
  for (const auto& [name, value] : counts.as_object()) json.set(name, value);
}

}  // namespace

Json counts_json(const PersonPairs& pairs) {
  return Json::Object{{"annotation", name_of(pairs.annotated)},
                      {"joints_matched", whole(pairs.joints.size())},
                      {"persons", whole(pairs.persons.size())},
                      {"persons_without_prediction", whole(pairs.without_prediction)},
                      {"poses_left_out", whole(pairs.poses_left_out)},
                      {"pictures_left_out", whole(pairs.pictures_left_out)},
                      {"crowds_left_out", whole(pairs.crowds)},
                      {"truth_joints_left_out", whole(pairs.truth_only.size())},
                      {"prediction_joints_left_out", whole(pairs.prediction_only.size())}};
}

Json to_json(const PckResult& result, const PersonPairs& pairs, const std::string& name) {
  Json json = Json::Object{{"unit", "rates in percent, AUC from 0 to 1"},
                           {"threshold", result.options.threshold},
                           {"reference", name_of(result.options.reference)}};
  add_counts(pairs, json);
  json.set("persons_measured", whole(result.persons));
  json.set("persons_without_reference", whole(result.without_reference));
  if (result.mean >= 0) {
    json.set(name + "_mean", 100 * result.mean);
    json.set(name + "_pooled", 100 * result.pooled);
    json.set(name + "_auc", result.auc);
  }
  add_rates(name, result.joints, json);
  add_rates(name, result.parts, json);
  return json;
}

Json to_json(const PckhResult& result, const PersonPairs& pairs) {
  Json json = to_json(result.pck, pairs, "PCKh");
  json.set("PCKh_mean_over_joints", json.find("PCKh_mean") == nullptr ? Json() : *json.find("PCKh_mean"));
  json.set("PCKh_mean", 100 * result.mean);
  json.set("PCKh_mean@0.1", 100 * result.mean_10);
  json.set("PCKh_mean@0.11", 100 * result.mean_11);
  return json;
}

Json to_json(const PcpResult& strict, const PcpResult& loose, const PersonPairs& pairs) {
  Json json = Json::Object{{"unit", "percent"}, {"threshold", strict.threshold}};
  add_counts(pairs, json);
  json.set("zero_length_sticks", whole(strict.zero_length));
  json.set("unlabelled_sticks_left_out", whole(strict.unlabelled));
  json.set("sticks", whole(strict.sticks.size()));
  for (const auto& [prefix, result] : {std::pair("PCP", &strict), std::pair("PCP_loose", &loose)}) {
    if (result->mean >= 0) json.set(std::string(prefix) + "_mean", 100 * result->mean);
    add_rates(prefix, result->sticks, json);
    add_rates(prefix, result->parts, json);
  }
  return json;
}

}  // namespace poise
