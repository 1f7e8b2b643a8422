#pragma once
// What is found, as NumPy arrays over the library's own memory, and back.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <string>
#include <vector>

#include "poise/person/pose.h"
#include "poise/skeleton/skeleton.h"

namespace poise::python {

/// (keypoints (n, joints, 2), joint scores (n, joints), boxes (n, 4), scores (n), box scores (n), ids (n)): float32,
/// ids int64 with 0 for none. Each array owns what it shows.
nanobind::tuple arrays_of(const std::vector<Pose>& poses, std::size_t joints);
/// (boxes (n, 4), scores (n)).
nanobind::tuple arrays_of(const std::vector<PersonBox>& boxes);

using Floats = nanobind::ndarray<const float, nanobind::c_contig, nanobind::device::cpu>;
using Integers = nanobind::ndarray<const std::int64_t, nanobind::c_contig, nanobind::device::cpu>;

/// The same arrays.
struct PeopleArrays {
  Floats keypoints, joint_scores, boxes, scores, box_scores;
  Integers ids;
};
/// Throws ValueError where their shapes do not fit together and the joints.
std::vector<Pose> poses_of(const PeopleArrays& people, std::size_t joints);
std::vector<PersonBox> boxes_of(const Floats& boxes, const Floats& scores);

/// Functions on results: text_of, draw, skeletons.
void define_results(nanobind::module_& m);

}  // namespace poise::python
