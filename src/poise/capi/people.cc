#include "poise/capi/handles.h"
#include "poise/formats/output_formats.h"

namespace poise::capi {

std::shared_ptr<const Origin> origin_of(const Skeleton& skeleton, Provenance provenance) {
  return std::make_shared<const Origin>(Origin{poise_skeleton(skeleton), std::move(provenance)});
}

std::unique_ptr<poise_people> people_of(FrameResult frame, std::shared_ptr<const Origin> origin) {
  auto people = std::make_unique<poise_people>();
  people->persons.reserve(frame.poses.size());
  people->keypoints.reserve(frame.poses.size() * origin->skeleton.skeleton.joints.size());
  for (const Pose& pose : frame.poses) {
    const Box& box = pose.box;
    people->persons.push_back(
        {{box.x, box.y, box.width, box.height}, pose.box_score, pose.score, pose.track_id.value_or(0)});
    for (const Keypoint& joint : pose.keypoints) {
      people->keypoints.push_back({joint.point.x, joint.point.y, joint.score});
    }
  }
  people->frame = std::move(frame);
  people->origin = std::move(origin);
  return people;
}

namespace {

Result<std::string> text_of_people(const poise_people& people, const char* name, const char* source) {
  POISE_TRY(const OutputFormat format, find_output_format(name));
  const PictureForm& form = format.pictures;
  FrameResult frame = people.frame;
  frame.source = text_of(source);
  const Skeleton& skeleton = people.origin->skeleton.skeleton;
  if (form.of_picture != nullptr) return form.of_picture(frame, skeleton, people.origin->provenance, 0);
  if (form.add_to_run == nullptr) {
    return invalid_argument(std::string("format ") + format.name + " holds videos alone, not a single picture");
  }
  Json run = Json::array();
  form.add_to_run(frame, 1, run);
  return run.dump();
}

}  // namespace
}  // namespace poise::capi

using namespace poise;        // NOLINT(google-build-using-namespace): C has none
using namespace poise::capi;  // NOLINT(google-build-using-namespace)

void poise_people_free(poise_people* people) { delete people; }

size_t poise_people_count(const poise_people* people) { return people == nullptr ? 0 : people->persons.size(); }

size_t poise_people_joints(const poise_people* people) {
  return people == nullptr ? 0 : poise_skeleton_joints(&people->origin->skeleton);
}

const poise_person* poise_people_persons(const poise_people* people) {
  return poise_people_count(people) == 0 ? nullptr : people->persons.data();
}

const poise_keypoint* poise_people_keypoints(const poise_people* people) {
  return poise_people_count(people) == 0 ? nullptr : people->keypoints.data();
}

const poise_skeleton* poise_people_skeleton(const poise_people* people) {
  return people == nullptr ? nullptr : &people->origin->skeleton;
}

poise_code poise_people_text(const poise_people* people, const char* format, const char* source, char* buffer,
                             size_t capacity, size_t* length, poise_error* error) {
  return guarded(error, [&]() -> Status {
    POISE_RETURN_IF_ERROR(check_there(people, "people"));
    POISE_RETURN_IF_ERROR(check_there(format, "the format's name"));
    POISE_TRY(const std::string text, text_of_people(*people, format, source));
    if (length != nullptr) *length = text.size();
    if (buffer == nullptr) return {};
    if (capacity <= text.size()) {
      return too_large("the text has " + std::to_string(text.size()) + " bytes and a 0, the buffer " +
                       std::to_string(capacity));
    }
    std::memcpy(buffer, text.c_str(), text.size() + 1);
    return {};
  });
}
