#include "poise/formats/posetrack18.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace poise {
namespace {

/// Order of the file's joints: COCO's with two of its eyes and ears renamed (poseval, poseval/convert.py,
/// POSETRACK18_LM_NAMES_COCO_ORDER).
constexpr std::array<std::string_view, 17> kOrder = {
    "nose",           "head_bottom", "head_top",    "left_ear",   "right_ear",   "left_shoulder",
    "right_shoulder", "left_elbow",  "right_elbow", "left_wrist", "right_wrist", "left_hip",
    "right_hip",      "left_knee",   "right_knee",  "left_ankle", "right_ankle"};
/// As the data set has it, counted from 1.
constexpr int kLimbs[][2] = {{16, 14}, {14, 12}, {17, 15}, {15, 13}, {12, 13}, {6, 12}, {7, 13}, {6, 7}, {6, 8}, {7, 9},
                             {8, 10},  {9, 11},  {2, 3},   {1, 2},   {1, 3},   {2, 4},  {3, 5},  {4, 6}, {5, 7}};
constexpr int kNone = -1;

/// Number of a joint in posetrack_joints(), kNone for the ears.
int number_of(std::string_view name) {
  const auto joints = posetrack_joints();
  const auto found = std::find(joints.begin(), joints.end(), name);
  return found == joints.end() ? kNone : static_cast<int>(found - joints.begin());
}

/// For each joint of the file its number.
Result<std::vector<int>> joints_of(const Json& json) {
  const Json* categories = json.find("categories");
  if (categories == nullptr || !categories->is_array() || categories->as_array().size() != 1) {
    return malformed("categories must be a list of one category, which names the joints");
  }
  const Json* names = categories->as_array().front().find("keypoints");
  std::vector<int> numbers;
  for (std::size_t i = 0; names != nullptr && names->is_array() && i < names->as_array().size(); ++i) {
    const Json& name = names->as_array()[i];
    numbers.push_back(name.is_string() ? number_of(name.as_string()) : kNone);
  }
  for (int joint = 0; joint < kPosetrackJoints; ++joint) {
    if (std::count(numbers.begin(), numbers.end(), joint) != 1) {
      return malformed("categories[0].keypoints must name " +
                       std::string(posetrack_joints()[static_cast<std::size_t>(joint)]) +
                       " once: PoseTrack's fifteen joints are wanted");
    }
  }
  return numbers;
}

Result<std::vector<PosetrackFrame::Polygon>> regions_of(const Json& image, const std::string& where) {
  std::vector<PosetrackFrame::Polygon> regions;
  const Json* xs = image.find("ignore_regions_x");
  const Json* ys = image.find("ignore_regions_y");
  if (xs == nullptr || ys == nullptr) return regions;
  const std::string wrong = where + ".ignore_regions_x and _y must be lists of as many lists of as many numbers";
  if (!xs->is_array() || !ys->is_array() || xs->as_array().size() != ys->as_array().size()) return malformed(wrong);
  for (std::size_t i = 0; i < xs->as_array().size(); ++i) {
    const Json& x = xs->as_array()[i];
    const Json& y = ys->as_array()[i];
    if (!x.is_array() || !y.is_array() || x.as_array().size() != y.as_array().size()) return malformed(wrong);
    PosetrackFrame::Polygon& polygon = regions.emplace_back();
    for (std::size_t k = 0; k < x.as_array().size(); ++k) {
      if (!x.as_array()[k].is_number() || !y.as_array()[k].is_number()) return malformed(wrong);
      polygon.push_back({x.as_array()[k].as_number(), y.as_array()[k].as_number()});
    }
  }
  return regions;
}

Result<PosetrackFrame> frame_of(const Json& image, const std::string& where) {
  PosetrackFrame frame;
  const auto id = image.integer("id");
  if (!id.ok()) return id.error().prefixed(where);
  frame.id = *id;
  const auto name = image.string("file_name");
  if (!name.ok()) return name.error().prefixed(where);
  frame.name = *name;
  for (auto [member, side] : {std::pair{"width", &frame.width}, std::pair{"height", &frame.height}}) {
    const Json* value = image.find(member);
    const bool fits =
        value != nullptr && value->is_integer() && value->as_integer() > 0 && value->as_integer() < 1'000'000;
    if (fits) *side = static_cast<int>(value->as_integer());
  }
  if (const Json* labelled = image.find("is_labeled"); labelled != nullptr && labelled->is_bool()) {
    frame.labelled = labelled->as_bool();
  }
  POISE_TRY(frame.ignored, regions_of(image, where));
  return frame;
}

/// Four numbers, or nothing where the member is missing or an empty list.
Result<std::optional<std::array<double, 4>>> maybe_box(const Json& json, const char* name, const std::string& where) {
  const Json* value = json.find(name);
  using Found = std::optional<std::array<double, 4>>;
  if (value == nullptr || value->is_null() || (value->is_array() && value->as_array().empty())) return Found();
  const auto numbers = json.numbers(name);
  if (!numbers.ok() || numbers->size() != 4) {
    return malformed(where + "." + name + " must be four numbers: x, y, width, height");
  }
  return Found({(*numbers)[0], (*numbers)[1], (*numbers)[2], (*numbers)[3]});
}

Status add_points(const Json& json, const std::vector<int>& joints, const std::string& where, PosetrackPerson& person) {
  const auto keypoints = json.numbers("keypoints");
  if (!keypoints.ok() || keypoints->size() != 3 * joints.size()) {
    return malformed(where + ".keypoints must be " + std::to_string(3 * joints.size()) +
                     " numbers: x, y, v of each joint that the category names");
  }
  std::vector<double> scores;
  if (const Json* value = json.find("scores"); value != nullptr && !value->is_null()) {
    const auto numbers = json.numbers("scores");
    if (!numbers.ok() || (!numbers->empty() && numbers->size() != joints.size())) {
      return malformed(where + ".scores must be a number a joint, or empty");
    }
    scores = *numbers;
  }
  for (std::size_t j = 0; j < joints.size(); ++j) {
    const double x = (*keypoints)[3 * j];
    const double y = (*keypoints)[3 * j + 1];
    const double v = (*keypoints)[3 * j + 2];
    if (!std::isfinite(x) || !std::isfinite(y)) {
      return malformed(where + ".keypoints: joint " + std::to_string(j) + " is no point");
    }
    if (joints[j] == kNone || (x == 0 && y == 0 && v == 0)) continue;
    person.points.push_back({joints[j], x, y, scores.empty() ? std::nullopt : std::optional(scores[j])});
  }
  return {};
}

Result<PosetrackPerson> person_of(const Json& json, const std::vector<int>& joints, const std::string& where) {
  PosetrackPerson person;
  if (const Json* track = json.find("track_id"); track != nullptr && !track->is_null()) {
    if (!track->is_integer()) return malformed(where + ".track_id must be a whole number");
    person.track = track->as_integer();
  }
  if (const Json* score = json.find("score"); score != nullptr && score->is_number()) person.score = score->as_number();
  POISE_TRY(person.box, maybe_box(json, "bbox", where));
  POISE_TRY(person.head, maybe_box(json, "bbox_head", where));
  if (person.head) {
    auto& head = *person.head;
    head[2] += head[0];
    head[3] += head[1];
  }
  POISE_RETURN_IF_ERROR(add_points(json, joints, where, person));
  return person;
}

Json box_json(double x, double y, double width, double height) { return Json::Array{x, y, width, height}; }

}  // namespace

Result<PosetrackSequence> parse_posetrack18(const Json& json) {
  POISE_TRY(const std::vector<int> joints, joints_of(json));
  const Json* images = json.find("images");
  const Json* annotations = json.find("annotations");
  if (images == nullptr || !images->is_array()) return malformed("images must be a list");
  if (annotations == nullptr || !annotations->is_array()) return malformed("annotations must be a list");
  PosetrackSequence sequence;
  std::unordered_map<std::int64_t, std::size_t> by_id;
  for (std::size_t i = 0; i < images->as_array().size(); ++i) {
    const std::string where = "images[" + std::to_string(i) + "]";
    POISE_TRY(PosetrackFrame frame, frame_of(images->as_array()[i], where));
    if (!by_id.emplace(*frame.id, i).second) {
      return malformed(where + ": another picture has the id " + std::to_string(*frame.id));
    }
    sequence.frames.push_back(std::move(frame));
  }
  for (std::size_t i = 0; i < annotations->as_array().size(); ++i) {
    const std::string where = "annotations[" + std::to_string(i) + "]";
    const Json& one = annotations->as_array()[i];
    const auto image = one.integer("image_id");
    if (!image.ok()) return image.error().prefixed(where);
    const auto at = by_id.find(*image);
    if (at == by_id.end()) return malformed(where + ".image_id is not the id of a picture: " + std::to_string(*image));
    POISE_TRY(PosetrackPerson person, person_of(one, joints, where));
    sequence.frames[at->second].persons.push_back(std::move(person));
  }
  return sequence;
}

Json posetrack18_image(const PosetrackFrame& frame, std::int64_t id, const std::string& sequence) {
  Json json = Json::Object{{"has_no_densepose", true}, {"is_labeled", frame.labelled.value_or(!frame.persons.empty())},
                           {"file_name", frame.name},  {"frame_id", id},
                           {"vid_id", sequence},       {"id", id}};
  if (frame.width > 0) json.set("width", frame.width);
  if (frame.height > 0) json.set("height", frame.height);
  if (frame.ignored.empty()) return json;
  Json xs = Json::array();
  Json ys = Json::array();
  for (const PosetrackFrame::Polygon& polygon : frame.ignored) {
    Json x = Json::array();
    Json y = Json::array();
    for (const auto& point : polygon) {
      x.push(point[0]);
      y.push(point[1]);
    }
    xs.push(std::move(x));
    ys.push(std::move(y));
  }
  json.set("ignore_regions_x", std::move(xs));
  json.set("ignore_regions_y", std::move(ys));
  return json;
}

Json posetrack18_person(const PosetrackPerson& person, std::int64_t image_id, std::int64_t id) {
  std::array<const PosetrackPoint*, kPosetrackJoints> points{};
  bool scored = false;
  for (const PosetrackPoint& point : person.points) {
    points[static_cast<std::size_t>(point.joint)] = &point;
    scored = scored || point.score.has_value();
  }
  Json keypoints = Json::array();
  Json scores = Json::array();
  for (const std::string_view name : kOrder) {
    const int joint = number_of(name);
    const PosetrackPoint* point = joint == kNone ? nullptr : points[static_cast<std::size_t>(joint)];
    keypoints.push(point == nullptr ? Json(0) : Json(point->x));
    keypoints.push(point == nullptr ? Json(0) : Json(point->y));
    keypoints.push(point == nullptr ? 0 : 1);
    if (scored) scores.push(point == nullptr ? 0.0 : point->score.value_or(0));
  }
  Json json = Json::Object{{"id", id},
                           {"image_id", image_id},
                           {"category_id", 1},
                           {"keypoints", std::move(keypoints)},
                           {"scores", std::move(scores)}};
  if (person.track) json.set("track_id", *person.track);
  if (person.score) json.set("score", *person.score);
  if (person.box) json.set("bbox", box_json((*person.box)[0], (*person.box)[1], (*person.box)[2], (*person.box)[3]));
  if (person.head) {
    const auto& [x1, y1, x2, y2] = *person.head;
    json.set("bbox_head", box_json(x1, y1, x2 - x1, y2 - y1));
  }
  return json;
}

double posetrack_number(float value) { return std::round(1e3 * static_cast<double>(value)) / 1e3; }

Json posetrack18_categories() {
  Json names = Json::array();
  for (const std::string_view name : kOrder) names.push(name);
  Json limbs = Json::array();
  for (const auto& limb : kLimbs) limbs.push(Json::Array{limb[0], limb[1]});
  Json categories = Json::array();
  categories.push(Json::Object{{"supercategory", "person"},
                               {"id", 1},
                               {"name", "person"},
                               {"keypoints", std::move(names)},
                               {"skeleton", std::move(limbs)}});
  return categories;
}

Json posetrack18_json(const PosetrackSequence& sequence) {
  Json images = Json::array();
  Json annotations = Json::array();
  std::int64_t number = 0;
  for (std::size_t f = 0; f < sequence.frames.size(); ++f) {
    const PosetrackFrame& frame = sequence.frames[f];
    const std::int64_t id = frame.id.value_or(static_cast<std::int64_t>(f) + 1);
    Json image = posetrack18_image(frame, id, sequence.name);
    image.set("nframes", static_cast<std::int64_t>(sequence.frames.size()));
    images.push(std::move(image));
    for (const PosetrackPerson& person : frame.persons) annotations.push(posetrack18_person(person, id, ++number));
  }
  return Json::Object{
      {"images", std::move(images)}, {"annotations", std::move(annotations)}, {"categories", posetrack18_categories()}};
}

}  // namespace poise
