#pragma once
// PoseTrack18's side of posetrack.h, and the pieces of its file that a writer frame by frame needs. Not for users.

#include <span>
#include <string>

#include "poise/formats/posetrack.h"

namespace poise {

Result<PosetrackSequence> parse_posetrack18(const Json& json);

/// An element of "images"; `sequence`: its vid_id.
Json posetrack18_image(const PosetrackFrame& frame, std::int64_t id, const std::string& sequence);
/// An element of "annotations", with its own `id`, of the picture `image_id`.
Json posetrack18_person(const PosetrackPerson& person, std::int64_t image_id, std::int64_t id);
/// "categories".
Json posetrack18_categories();

/// What we found, to a thousandth: a float's other digits say nothing.
double posetrack_number(float value);

}  // namespace poise
