#include "results.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <utility>

#include "buffer.h"
#include "module.h"
#include "poise/draw/draw.h"
#include "poise/formats/output_formats.h"

namespace poise::python {
namespace nb = nanobind;
namespace {

/// An array that owns the vector.
template <typename T>
nb::object owned(std::vector<T> values, std::initializer_list<std::size_t> shape) {
  auto* kept = new std::vector<T>(std::move(values));
  const nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T>(kept->data(), shape, owner));
}

void check_shape(bool fits, const char* what) {
  if (!fits) throw nb::value_error((std::string(what) + " does not have the shape of the people").c_str());
}

Box box_at(const Floats& boxes, std::size_t i) {
  const float* b = boxes.data() + 4 * i;
  return {b[0], b[1], b[2], b[3]};
}

std::string text_of(const std::string& name, const PeopleArrays& people, const std::string& skeleton_json,
                    const std::string& source, int width, int height, const Provenance& provenance) {
  const Skeleton skeleton = skeleton_from_json(parse_json(skeleton_json).value()).value();
  const OutputFormat format = find_output_format(name).value();
  FrameResult frame;
  frame.source = source;
  frame.width = width;
  frame.height = height;
  frame.poses = poses_of(people, skeleton.joints.size());
  const PictureForm& form = format.pictures;
  if (form.of_picture != nullptr) return form.of_picture(frame, skeleton, provenance, 0);
  if (form.add_to_run == nullptr) throw Exception(invalid_argument("format " + name + " holds videos alone"));
  Json run = Json::array();
  form.add_to_run(frame, 1, run);
  return run.dump();
}

}  // namespace

nb::tuple arrays_of(const std::vector<Pose>& poses, std::size_t joints) {
  const std::size_t count = poses.size();
  std::vector<float> keypoints, joint_scores, boxes, scores, box_scores;
  std::vector<std::int64_t> ids;
  keypoints.reserve(2 * count * joints);
  joint_scores.reserve(count * joints);
  for (const Pose& pose : poses) {
    for (const Keypoint& joint : pose.keypoints) {
      keypoints.insert(keypoints.end(), {joint.point.x, joint.point.y});
      joint_scores.push_back(joint.score);
    }
    boxes.insert(boxes.end(), {pose.box.x, pose.box.y, pose.box.width, pose.box.height});
    scores.push_back(pose.score);
    box_scores.push_back(pose.box_score);
    ids.push_back(pose.track_id.value_or(0));
  }
  return nb::make_tuple(owned(std::move(keypoints), {count, joints, 2}),
                        owned(std::move(joint_scores), {count, joints}), owned(std::move(boxes), {count, 4}),
                        owned(std::move(scores), {count}), owned(std::move(box_scores), {count}),
                        owned(std::move(ids), {count}));
}

nb::tuple arrays_of(const std::vector<PersonBox>& found) {
  std::vector<float> boxes, scores;
  for (const PersonBox& person : found) {
    boxes.insert(boxes.end(), {person.box.x, person.box.y, person.box.width, person.box.height});
    scores.push_back(person.score);
  }
  return nb::make_tuple(owned(std::move(boxes), {found.size(), 4}), owned(std::move(scores), {found.size()}));
}

std::vector<Pose> poses_of(const PeopleArrays& p, std::size_t joints) {
  check_shape(p.keypoints.ndim() == 3 && p.keypoints.shape(1) == joints && p.keypoints.shape(2) == 2, "keypoints");
  const std::size_t count = p.keypoints.shape(0);
  check_shape(p.joint_scores.ndim() == 2 && p.joint_scores.shape(0) == count && p.joint_scores.shape(1) == joints,
              "scores");
  check_shape(p.boxes.ndim() == 2 && p.boxes.shape(0) == count && p.boxes.shape(1) == 4, "boxes");
  check_shape(p.scores.ndim() == 1 && p.scores.shape(0) == count, "person_scores");
  check_shape(p.box_scores.ndim() == 1 && p.box_scores.shape(0) == count, "box_scores");
  check_shape(p.ids.ndim() == 1 && p.ids.shape(0) == count, "ids");
  std::vector<Pose> poses(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < joints; ++k) {
      const float* xy = p.keypoints.data() + 2 * (i * joints + k);
      poses[i].keypoints.push_back({{xy[0], xy[1]}, p.joint_scores.data()[i * joints + k]});
    }
    poses[i].box = box_at(p.boxes, i);
    poses[i].score = p.scores.data()[i];
    poses[i].box_score = p.box_scores.data()[i];
    const std::int64_t id = p.ids.data()[i];
    if (id > 0) poses[i].track_id = static_cast<int>(id);
  }
  return poses;
}

std::vector<PersonBox> boxes_of(const Floats& boxes, const Floats& scores) {
  if (boxes.ndim() != 2 || boxes.shape(1) != 4)
    throw nb::value_error("boxes have the shape (n, 4): x, y, width, height");
  if (scores.ndim() != 1 || scores.shape(0) != boxes.shape(0)) throw nb::value_error("there is not one score a box");
  std::vector<PersonBox> persons;
  for (std::size_t i = 0; i < boxes.shape(0); ++i) persons.push_back({box_at(boxes, i), scores.data()[i]});
  return persons;
}

void define_results(nb::module_& m) {
  m.def(
      "text_of",
      [](const std::string& format, const Floats& keypoints, const Floats& joint_scores, const Floats& boxes,
         const Floats& scores, const Floats& box_scores, const Integers& ids, const std::string& skeleton,
         const std::string& source, int width, int height, const std::string& model, const std::string& model_hash,
         const std::string& settings) {
        const Provenance provenance{model, model_hash, parse_json(settings).value()};
        return text_of(format, {keypoints, joint_scores, boxes, scores, box_scores, ids}, skeleton, source, width,
                       height, provenance);
      },
      "People as text, in one of the program's formats.");
  m.def(
      "draw",
      [](nb::handle picture, const std::string& order, const Floats& keypoints, const Floats& joint_scores,
         const Floats& boxes, const Floats& scores, const Floats& box_scores, const Integers& ids,
         const std::string& skeleton_json, const std::string& options) {
        const Skeleton skeleton = skeleton_from_json(parse_json(skeleton_json).value()).value();
        const std::vector<Pose> poses =
            poses_of({keypoints, joint_scores, boxes, scores, box_scores, ids}, skeleton.joints.size());
        const DrawOptions wanted = draw_options(options);
        const PixelBuffer pixels(picture, order, true);
        const nb::gil_scoped_release release;
        draw(pixels.pixels(), poses, skeleton, wanted);
      },
      "Draws people on a writable picture, in place.");
  m.def(
      "skeleton", [](const std::string& name) { return to_json(find_skeleton(name).value()).dump(); },
      "A known skeleton, as JSON.");
  m.def("skeleton_names", &skeleton_names, "Names of the known skeletons.");
}

}  // namespace poise::python
