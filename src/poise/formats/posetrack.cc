#include "poise/formats/posetrack.h"

#include <algorithm>
#include <cmath>

#include "poise/formats/posetrack18.h"

namespace poise {
namespace {

constexpr std::array<std::string_view, kPosetrackJoints> kJoints = {
    "right_ankle", "right_knee",  "right_hip",   "left_hip",       "left_knee",
    "left_ankle",  "right_wrist", "right_elbow", "right_shoulder", "left_shoulder",
    "left_elbow",  "left_wrist",  "head_bottom", "nose",           "head_top"};
constexpr std::uint64_t kMaxBytes = std::uint64_t{256} << 20U;

/// PoseTrack17 writes each number as a list of one.
const Json* only(const Json* value) {
  if (value == nullptr || !value->is_array()) return value;
  return value->as_array().size() == 1 ? value->as_array().data() : nullptr;
}

Result<double> number(const Json& object, std::string_view name, const std::string& where) {
  const Json* value = only(object.find(name));
  if (value == nullptr || !value->is_number() || !std::isfinite(value->as_number())) {
    return malformed(where + "." + std::string(name) + " must be one number");
  }
  return value->as_number();
}

/// Nothing where there is no such member, null or an empty list.
Result<std::optional<double>> maybe_number(const Json& object, std::string_view name, const std::string& where) {
  const Json* value = object.find(name);
  if (value == nullptr || value->is_null() || (value->is_array() && value->as_array().empty())) {
    return std::optional<double>();
  }
  POISE_TRY(const double found, number(object, name, where));
  return std::optional<double>(found);
}

/// The elements of a list, or a lone object, as MATLAB's exporters write a list of one; nothing where it is missing.
Result<std::span<const Json>> list(const Json* value, const std::string& where) {
  if (value == nullptr || value->is_null()) return std::span<const Json>();
  if (value->is_object()) return std::span<const Json>(value, 1);
  if (!value->is_array()) return malformed(where + " must be a list");
  return std::span<const Json>(value->as_array());
}

std::string at(const std::string& where, std::size_t index) { return where + "[" + std::to_string(index) + "]"; }

Status add_point(const Json& json, const std::string& where, PosetrackPerson& person) {
  POISE_TRY(const double id, number(json, "id", where));
  PosetrackPoint point;
  POISE_TRY(point.x, number(json, "x", where));
  POISE_TRY(point.y, number(json, "y", where));
  POISE_TRY(point.score, maybe_number(json, "score", where));
  if (!(id >= 0 && id < kPosetrackJoints)) return {};  // poseval looks for its own joints alone
  point.joint = static_cast<int>(id);
  const auto same = [&](const PosetrackPoint& other) { return other.joint == point.joint; };
  // Of several points of one joint the first counts there.
  if (std::none_of(person.points.begin(), person.points.end(), same)) person.points.push_back(point);
  return {};
}

Result<PosetrackPerson> person17(const Json& json, const std::string& where) {
  if (!json.is_object()) return malformed(where + " must be an object");
  PosetrackPerson person;
  POISE_TRY(const auto track, maybe_number(json, "track_id", where));
  if (track && (*track != std::floor(*track) || std::abs(*track) > 1e15)) {
    return malformed(where + ".track_id must be a whole number");
  }
  if (track) person.track = static_cast<std::int64_t>(*track);
  POISE_TRY(person.score, maybe_number(json, "score", where));
  std::array<double, 4> head{};
  std::size_t sides = 0;
  for (const char* side : {"x1", "y1", "x2", "y2"}) {
    POISE_TRY(const auto value, maybe_number(json, side, where));
    if (value) head[sides++] = *value;
  }
  if (sides == head.size()) person.head = head;
  POISE_TRY(const auto groups, list(json.find("annopoints"), where + ".annopoints"));
  const Json* points = groups.empty() ? nullptr : groups.front().find("point");
  person.annotated = points != nullptr;
  POISE_TRY(const auto all, list(points, where + ".annopoints.point"));
  for (std::size_t i = 0; i < all.size(); ++i) {
    POISE_RETURN_IF_ERROR(add_point(all[i], at(where + ".annopoints.point", i), person));
  }
  return person;
}

Result<PosetrackFrame::Polygon> polygon17(const Json& json, const std::string& where) {
  POISE_TRY(const auto points, list(json.find("point"), where + ".point"));
  PosetrackFrame::Polygon polygon;
  for (std::size_t i = 0; i < points.size(); ++i) {
    POISE_TRY(const double x, number(points[i], "x", at(where + ".point", i)));
    POISE_TRY(const double y, number(points[i], "y", at(where + ".point", i)));
    polygon.push_back({x, y});
  }
  return polygon;
}

Result<PosetrackFrame> frame17(const Json& json, const std::string& where) {
  PosetrackFrame frame;
  POISE_TRY(const auto images, list(json.find("image"), where + ".image"));
  const Json* name = images.empty() ? nullptr : images.front().find("name");
  if (name == nullptr || !name->is_string()) return malformed(where + ".image.name must be a text");
  frame.name = name->as_string();
  POISE_TRY(const auto labelled, maybe_number(json, "is_labeled", where));
  if (labelled) frame.labelled = *labelled != 0;
  POISE_TRY(const auto persons, list(json.find("annorect"), where + ".annorect"));
  for (std::size_t i = 0; i < persons.size(); ++i) {
    POISE_TRY(PosetrackPerson person, person17(persons[i], at(where + ".annorect", i)));
    frame.persons.push_back(std::move(person));
  }
  POISE_TRY(const auto regions, list(json.find("ignore_regions"), where + ".ignore_regions"));
  for (std::size_t i = 0; i < regions.size(); ++i) {
    POISE_TRY(auto polygon, polygon17(regions[i], at(where + ".ignore_regions", i)));
    frame.ignored.push_back(std::move(polygon));
  }
  return frame;
}

Result<PosetrackSequence> parse17(const Json& list) {
  PosetrackSequence sequence;
  if (!list.is_array()) return malformed("annolist must be a list");
  for (std::size_t i = 0; i < list.as_array().size(); ++i) {
    POISE_TRY(PosetrackFrame frame, frame17(list.as_array()[i], at("annolist", i)));
    sequence.frames.push_back(std::move(frame));
  }
  return sequence;
}

/// PoseTrack17 writes each number as a list of one.
Json one(Json value) {
  Json list = Json::array();
  list.push(std::move(value));
  return list;
}

Json person17_json(const PosetrackPerson& person) {
  Json json = Json::object();
  if (person.head) {
    const auto& head = *person.head;
    std::size_t side = 0;
    for (const char* name : {"x1", "y1", "x2", "y2"}) json.set(name, one(head[side++]));
  }
  if (person.score) json.set("score", one(*person.score));
  if (person.track) json.set("track_id", one(*person.track));
  if (!person.annotated) return json;
  Json points = Json::array();
  for (const PosetrackPoint& point : person.points) {
    Json entry = Json::Object{{"id", one(point.joint)}, {"x", one(point.x)}, {"y", one(point.y)}};
    if (point.score) entry.set("score", one(*point.score));
    points.push(std::move(entry));
  }
  json.set("annopoints", one(Json::Object{{"point", std::move(points)}}));
  return json;
}

}  // namespace

std::span<const std::string_view, kPosetrackJoints> posetrack_joints() { return kJoints; }

Result<PosetrackSequence> parse_posetrack(const Json& json) {
  if (const Json* frames = json.find("annolist"); frames != nullptr) return parse17(*frames);
  if (json.find("images") != nullptr) return parse_posetrack18(json);
  return malformed("neither PoseTrack17's \"annolist\" nor PoseTrack18's \"images\" is in it");
}

Result<PosetrackSequence> read_posetrack(const std::filesystem::path& path) {
  const auto bytes = read_file(path, kMaxBytes);
  if (!bytes.ok()) return bytes.error().prefixed(path.string());
  const auto json = parse_json(*bytes);
  if (!json.ok()) return json.error().prefixed(path.string());
  auto sequence = parse_posetrack(*json);
  if (!sequence.ok()) return sequence.error().prefixed(path.string());
  sequence->name = path.stem().string();
  return sequence;
}

Json posetrack17_frame(const PosetrackFrame& frame) {
  Json persons = Json::array();
  for (const PosetrackPerson& person : frame.persons) persons.push(person17_json(person));
  Json json = Json::Object{{"image", one(Json::Object{{"name", frame.name}})}, {"annorect", std::move(persons)}};
  if (frame.labelled) json.set("is_labeled", one(*frame.labelled ? 1 : 0));
  if (frame.ignored.empty()) return json;
  Json regions = Json::array();
  for (const PosetrackFrame::Polygon& polygon : frame.ignored) {
    Json points = Json::array();
    for (const auto& [x, y] : polygon) points.push(Json::Object{{"x", one(x)}, {"y", one(y)}});
    regions.push(Json::Object{{"point", std::move(points)}});
  }
  json.set("ignore_regions", std::move(regions));
  return json;
}

Json posetrack17_json(const PosetrackSequence& sequence) {
  Json frames = Json::array();
  for (const PosetrackFrame& frame : sequence.frames) frames.push(posetrack17_frame(frame));
  return Json::Object{{"annolist", std::move(frames)}};
}

}  // namespace poise
