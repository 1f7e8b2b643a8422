#pragma once
// The figures of people's joints as members of a JSON object: rates in percent, AUC from 0 to 1; what was not counted
// is left out. Pure.

#include <string>

#include "poise/base/json.h"
#include "poise/metrics/pck.h"
#include "poise/metrics/pcp.h"
#include "poise/metrics/person_pairs.h"

namespace poise {

/// {annotation, joints_matched, persons, ...}: who was compared with whom, and how much was left out.
Json counts_json(const PersonPairs& pairs);

/// {unit, threshold, reference, counts, persons_measured, persons_without_reference, NAME_mean, NAME_pooled, NAME_auc,
/// NAME_left_knee ...}. `name`: "PCK", "PDJ".
Json to_json(const PckResult& result, const PersonPairs& pairs, const std::string& name);
/// The same as PCKh_..., with PCKh_mean, PCKh_mean@0.1 and @0.11 as MPII's code weighs joints, and the plain mean as
/// PCKh_mean_over_joints.
Json to_json(const PckhResult& result, const PersonPairs& pairs);
/// {unit, threshold, counts, sticks, PCP_mean, PCP_torso ..., PCP_loose_mean ...}, of both rules.
Json to_json(const PcpResult& strict, const PcpResult& loose, const PersonPairs& pairs);

}  // namespace poise
