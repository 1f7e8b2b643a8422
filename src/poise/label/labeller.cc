#include "poise/label/labeller.h"

#include <algorithm>
#include <array>
#include <string>

#include "poise/image/exif.h"

namespace poise {
namespace {

struct NamedViews {
  const char* name;
  void (*add)(std::vector<LabelView>& views);
};

void add_mirrored(std::vector<LabelView>& views) {
  const std::size_t plain = views.size();
  for (std::size_t i = 0; i < plain; ++i) {
    LabelView view = views[i];
    view.mirrored = true;
    views.push_back(view);
  }
}

void add_scaled(std::vector<LabelView>& views) {
  views.push_back({.scale = 0.9F, .shift = {0.03F, 0.02F}});
  views.push_back({.scale = 1.15F, .shift = {-0.03F, -0.02F}});
}

constexpr std::array<NamedViews, 2> kViews{{{"scale", add_scaled}, {"flip", add_mirrored}}};  // in this order

Image mirror(const ImageView& image) {
  Image turned = to_rgb(image);
  for (int y = 0; y < turned.height(); ++y) {
    std::uint8_t* row = turned.row(y);
    for (int left = 0, right = turned.width() - 1; left < right; ++left, --right) {
      std::swap_ranges(row + left * 3, row + left * 3 + 3, row + right * 3);
    }
  }
  return turned;
}

/// What a point's x is in the mirrored picture; there and back.
float mirrored_x(float x, const ImageView& image) { return static_cast<float>(image.width - 1) - x; }

PersonBox seen_through(const LabelView& view, const PersonBox& person, const ImageView& image) {
  const Box& box = person.box;
  const float longer = std::max(box.width, box.height);
  PersonBox seen = person;
  seen.box.width *= view.scale;
  seen.box.height *= view.scale;
  seen.box.x = box.x + (box.width - seen.box.width) / 2 + view.shift.x * longer;
  seen.box.y = box.y + (box.height - seen.box.height) / 2 + view.shift.y * longer;
  if (!check_box(seen.box, image.size(), 0).ok()) seen = person;  // at the very edge a shift may leave the picture
  if (view.mirrored) seen.box.x = static_cast<float>(image.width) - seen.box.x - seen.box.width;
  return seen;
}

Pose mirrored_back(const Pose& pose, const std::vector<int>& flip, const ImageView& image) {
  Pose back = pose;
  for (std::size_t j = 0; j < flip.size(); ++j) {
    back.keypoints[j] = pose.keypoints[static_cast<std::size_t>(flip[j])];
    back.keypoints[j].point.x = mirrored_x(back.keypoints[j].point.x, image);
  }
  return back;
}

/// As the picture is stored, whose size before its turning upright was `stored`.
void turn_back(LabelledPerson& person, int orientation, Size stored, const std::vector<int>& flip) {
  person.box = stored_box(person.box, orientation, stored);
  for (AgreedJoint& joint : person.joints) {
    if (joint.kept) joint.point = stored_point(joint.point, orientation, stored);
  }
  if (!is_mirrored(orientation)) return;
  const std::vector<AgreedJoint> joints = person.joints;
  for (std::size_t j = 0; j < flip.size(); ++j) person.joints[j] = joints[static_cast<std::size_t>(flip[j])];
}

/// looks[person][view] of what the estimator makes of `people` through each view.
Result<std::vector<std::vector<Pose>>> look(PoseFinder& finder, const ImageView& image,
                                            const std::vector<PersonBox>& people, std::span<const LabelView> views) {
  std::array<std::vector<PersonBox>, 2> boxes;  // of the plain picture and the mirrored
  for (const PersonBox& person : people) {
    for (const LabelView& view : views) boxes[view.mirrored ? 1 : 0].push_back(seen_through(view, person, image));
  }
  std::array<std::vector<Pose>, 2> poses;
  POISE_TRY(Estimate plain, finder.estimator()->estimate(image, boxes[0]));
  poses[0] = std::move(plain.poses);
  if (!boxes[1].empty()) {
    const Image turned = mirror(image);
    POISE_TRY(Estimate mirrored, finder.estimator()->estimate(turned.view(), boxes[1]));
    poses[1] = std::move(mirrored.poses);
  }
  const std::vector<int> flip = finder.skeleton().flip_index();
  std::array<std::size_t, 2> next{};
  std::vector<std::vector<Pose>> looks(people.size());
  for (std::vector<Pose>& of_person : looks) {
    for (const LabelView& view : views) {
      const std::size_t side = view.mirrored ? 1 : 0;
      const Pose& pose = poses[side][next[side]++];
      of_person.push_back(view.mirrored ? mirrored_back(pose, flip, image) : pose);
    }
  }
  return looks;
}

}  // namespace

Result<std::vector<LabelView>> label_views(std::span<const std::string> names) {
  for (const std::string& name : names) {
    if (std::ranges::none_of(kViews, [&](const NamedViews& known) { return name == known.name; }))
      return invalid_argument("there is no view \"" + name + "\": scale and flip are known");
  }
  std::vector<LabelView> views{LabelView{}};
  for (const NamedViews& known : kViews) {
    if (std::ranges::find(names, known.name) != names.end()) known.add(views);
  }
  return views;
}

Result<std::vector<LabelledPerson>> label_people(PoseFinder& finder, const PipelinePicture& picture,
                                                 const LabelOptions& options) {
  const ImageView image = picture.image.view();
  const std::optional<std::vector<PersonBox>>& boxes = picture.boxes;
  FrameResult frame;
  if (boxes) {
    POISE_TRY(frame, finder.find(image, *boxes));
    if (picture.guesses) {
      Estimate estimate;
      estimate.poses = std::move(frame.poses);
      remove_doubles(estimate, finder.crop(), finder.skeleton(), finder.doubles());
      frame.poses = std::move(estimate.poses);
    }
  } else {
    POISE_TRY(frame, finder.find(image));
  }
  std::vector<LabelledPerson> labelled;
  std::vector<PersonBox> people;
  for (const Pose& pose : frame.poses) people.push_back({pose.box, pose.box_score});
  if (people.empty()) return labelled;
  POISE_TRY(const auto looks, look(finder, image, people, options.views));
  for (std::size_t i = 0; i < people.size(); ++i) {
    labelled.push_back({inside(people[i].box, image.size()), people[i].score,
                        agree(looks[i], people[i].box, image.size(), options.agreement)});
  }
  if (picture.frame.exif_applied) {
    const int orientation = picture.frame.exif_orientation;
    const Size stored = orientation >= 5 ? Size{image.height, image.width} : image.size();
    const std::vector<int> flip = finder.skeleton().flip_index();
    for (LabelledPerson& person : labelled) turn_back(person, orientation, stored, flip);
  }
  return labelled;
}

}  // namespace poise
