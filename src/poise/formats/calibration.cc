#include "poise/formats/calibration.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "poise/base/ascii.h"
#include "poise/base/json.h"

namespace poise {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 20U;
constexpr std::size_t kMaxCameras = 1024;
constexpr double kLargest = 1e9;

/// All numbers of an array, however it is nested.
bool flatten(const Json& json, std::vector<double>& numbers) {
  if (json.is_number()) {
    numbers.push_back(json.as_number());
    return std::abs(json.as_number()) < kLargest;
  }
  if (!json.is_array()) return false;
  for (const Json& one : json.as_array()) {
    if (!flatten(one, numbers)) return false;
  }
  return true;
}

struct Section {
  std::string name;
  std::map<std::string, Json, std::less<>> values;

  Result<std::vector<double>> numbers(std::string_view key, std::size_t least, std::size_t most) const {
    const auto found = values.find(key);
    std::vector<double> all;
    if (found == values.end() || !flatten(found->second, all) || all.size() < least || all.size() > most) {
      const std::string range =
          least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
      return malformed("camera " + name + ": " + std::string(key) + " must be " + range + " finite numbers");
    }
    return all;
  }
  bool has(std::string_view key) const { return values.find(key) != values.end(); }
};

/// The part of TOML that calibrations use: sections of keys with texts, booleans, numbers and arrays, which look as in
/// JSON; an array may go on over lines.
Result<std::vector<Section>> sections_of(std::string_view text) {
  std::vector<Section> sections;
  std::size_t number = 0;
  std::string key, value;
  const auto wrong = [&](const std::string& what) {
    return malformed("line " + std::to_string(number) + ": " + what + ", as in a calibration of Pose2Sim's");
  };
  while (!text.empty()) {
    ++number;
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    if (key.empty() && line.front() == '[' && line.back() == ']' && line.find('=') == std::string_view::npos) {
      if (sections.size() == kMaxCameras) return too_large("a calibration has at most 1024 sections");
      sections.push_back({std::string(trimmed(line.substr(1, line.size() - 2))), {}});
      continue;
    }
    if (key.empty()) {
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos || sections.empty())
        return wrong("there must be a [section] or key = value");
      key = trimmed(line.substr(0, equals));
      value.clear();
      line = trimmed(line.substr(equals + 1));
    }
    value.append(line);
    if (std::count(value.begin(), value.end(), '[') > std::count(value.begin(), value.end(), ']')) continue;
    // TOML allows a comma behind the last element.
    for (std::size_t at = value.find(']'); at != std::string::npos; at = value.find(']', at + 1)) {
      const std::size_t before = value.find_last_not_of(" \t", at - 1);
      if (at > 0 && before != std::string::npos && value[before] == ',') value[before] = ' ';
    }
    auto parsed = parse_json(value);
    if (!parsed.ok()) return wrong(key + " = ... is no number, text, boolean or array");
    sections.back().values.insert_or_assign(std::exchange(key, {}), std::move(*parsed));
  }
  if (!key.empty()) return wrong("the array of " + key + " does not end");
  return sections;
}

Result<Camera> camera_of(const Section& section) {
  Camera camera;
  camera.name = section.name;
  if (const auto name = section.values.find("name"); name != section.values.end() && name->second.is_string()) {
    camera.name = name->second.as_string();
  }
  if (const auto fish = section.values.find("fisheye"); fish != section.values.end() && fish->second.is_bool()) {
    if (fish->second.as_bool()) return unsupported("camera " + section.name + " has a fisheye lens, which is not read");
  }
  if (section.has("size")) {
    POISE_TRY(const auto size, section.numbers("size", 2, 2));
    camera.size = {static_cast<int>(size[0]), static_cast<int>(size[1])};
  }
  POISE_TRY(const auto matrix, section.numbers("matrix", 9, 9));
  camera.fx = matrix[0], camera.fy = matrix[4], camera.cx = matrix[2], camera.cy = matrix[5];
  if (!(camera.fx > 0) || !(camera.fy > 0))
    return malformed("camera " + section.name + ": focal lengths must be above 0");
  if (section.has("distortions")) {
    POISE_TRY(auto bend, section.numbers("distortions", 4, 5));
    bend.resize(5, 0.0);
    camera.k = {bend[0], bend[1], bend[4]};
    camera.p = {bend[2], bend[3]};
  }
  if (const auto model = section.values.find("model"); model != section.values.end()) {
    const auto form = model->second.is_string() ? distortion_by_name(model->second.as_string()) : std::nullopt;
    if (!form) return malformed("camera " + section.name + ": model must be brown, martinez or videopose3d");
    camera.form = *form;
  }
  if (section.has("rotation") || section.has("translation")) {
    POISE_TRY(const auto turn, section.numbers("rotation", 3, 3));
    POISE_TRY(const auto shift, section.numbers("translation", 3, 3));
    camera.camera_from_world = {rotation_from_vector({turn[0], turn[1], turn[2]}), {shift[0], shift[1], shift[2]}};
  }
  return camera;
}

/// The attributes of an element: name="number".
class Element {
 public:
  /// The next one of this name from `at` on, which is moved behind it; none: empty.
  static std::optional<Element> next(std::string_view text, std::string_view name, std::size_t& at) {
    const std::string start = "<" + std::string(name) + " ";
    const std::size_t begin = text.find(start, at);
    const std::size_t end = begin == std::string_view::npos ? begin : text.find('>', begin);
    if (end == std::string_view::npos) return std::nullopt;
    at = end;
    return Element(text.substr(begin, end - begin));
  }
  std::string text(std::string_view attribute) const {
    const std::string start = " " + std::string(attribute) + "=\"";
    const std::size_t begin = text_.find(start);
    if (begin == std::string_view::npos) return {};
    const std::string_view rest = text_.substr(begin + start.size());
    return std::string(rest.substr(0, rest.find('"')));
  }
  Result<double> number(std::string_view attribute) const {
    const std::string digits = text(attribute);
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || digits.empty() ||
        !(std::abs(value) < kLargest)) {
      return malformed(std::string(attribute) + " must be a finite number");
    }
    return value;
  }

 private:
  explicit Element(std::string_view text) : text_(text) {}
  std::string_view text_;
};

/// The rows of the turn are the camera's axes in the world, but x alone points as ours does: y is up and z is back.
Result<Camera> qualisys_camera(const Element& head, const Element& fov, const Element& place, const Element& lens) {
  Camera camera;
  camera.name = head.text("serial");
  std::map<std::string, double, std::less<>> n;
  for (const char* name : {"left", "right", "top", "bottom"}) {
    POISE_TRY(n[name], fov.number(name));
  }
  constexpr const char* kPlace[] = {"r11", "r12", "r13", "r21", "r22", "r23", "r31", "r32", "r33", "x", "y", "z"};
  for (const char* name : kPlace) {
    POISE_TRY(n[name], place.number(name));
  }
  constexpr const char* kLens[] = {"focalLengthU",      "focalLengthV",         "centerPointU",
                                   "centerPointV",      "radialDistortion1",    "radialDistortion2",
                                   "radialDistortion3", "tangentalDistortion1", "tangentalDistortion2"};
  for (const char* name : kLens) {
    POISE_TRY(n[name], lens.number(name));
  }
  constexpr double kSixtyFourths = 64, kMillimetres = 1000;
  camera.size = {static_cast<int>(n["right"] - n["left"]) + 1, static_cast<int>(n["bottom"] - n["top"]) + 1};
  camera.fx = n["focalLengthU"] / kSixtyFourths;
  camera.fy = n["focalLengthV"] / kSixtyFourths;
  camera.cx = n["centerPointU"] / kSixtyFourths - n["left"];
  camera.cy = n["centerPointV"] / kSixtyFourths - n["top"];
  camera.k = {n["radialDistortion1"], n["radialDistortion2"], n["radialDistortion3"]};
  camera.p = {n["tangentalDistortion1"], n["tangentalDistortion2"]};
  if (!(camera.fx > 0) || !(camera.fy > 0)) return malformed("focal lengths must be above 0");
  const Point3 x{n["r11"], n["r12"], n["r13"]}, y{n["r21"], n["r22"], n["r23"]}, z{n["r31"], n["r32"], n["r33"]};
  const Point3 centre = (1 / kMillimetres) * Point3{n["x"], n["y"], n["z"]};
  camera.camera_from_world.rotation = nearest_rotation(Matrix3::from_rows(x, -1.0 * y, -1.0 * z));
  camera.camera_from_world.translation = -1.0 * (camera.camera_from_world.rotation * centre);
  return camera;
}

Result<std::vector<Camera>> qualisys(std::string_view text) {
  std::vector<Camera> cameras;
  std::size_t at = 0;
  while (const auto head = Element::next(text, "camera", at)) {
    const std::string name = "camera " + head->text("serial");
    if (cameras.size() == kMaxCameras) return too_large("a calibration has at most 1024 cameras");
    const auto fov = Element::next(text, "fov_video", at);
    const auto place = Element::next(text, "transform", at);
    const auto lens = Element::next(text, "intrinsic", at);
    if (!fov || !place || !lens) return malformed(name + " has no fov_video, transform or intrinsic");
    auto camera = qualisys_camera(*head, *fov, *place, *lens);
    if (!camera.ok()) return camera.error().prefixed(name);
    cameras.push_back(std::move(*camera));
  }
  return cameras;
}

std::string list_of(std::initializer_list<double> numbers) {
  Json list = Json::array();
  for (const double one : numbers) list.push(one);
  return list.dump();
}

}  // namespace

Result<std::vector<Camera>> parse_calibration(std::string_view text) {
  if (text.find("<calibration") != std::string_view::npos) {
    POISE_TRY(std::vector<Camera> cameras, qualisys(text));
    if (cameras.empty()) return malformed("the calibration names no camera");
    return cameras;
  }
  POISE_TRY(const std::vector<Section> sections, sections_of(text));
  std::vector<Camera> cameras;
  for (const Section& section : sections) {
    if (!section.has("matrix")) continue;  // [metadata]
    POISE_TRY(Camera camera, camera_of(section));
    cameras.push_back(std::move(camera));
  }
  if (cameras.empty()) return malformed("the calibration names no camera: none of its sections has a matrix");
  return cameras;
}

Result<std::vector<Camera>> read_calibration(const std::filesystem::path& path) {
  const auto read = [&]() -> Result<std::vector<Camera>> {
    POISE_TRY(const Bytes bytes, read_file(path, kMaxBytes));
    return parse_calibration({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }();
  if (!read.ok()) return read.error().prefixed(path.string());
  return read;
}

std::string calibration_toml(std::span<const Camera> cameras) {
  std::string text;
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    const Camera& c = cameras[i];
    const Point3 turn = vector_from_rotation(c.camera_from_world.rotation), shift = c.camera_from_world.translation;
    text += "[cam_" + std::to_string(i + 1) + "]\nname = " + Json(c.name).dump() + "\n";
    text += "size = [" + std::to_string(c.size.width) + ", " + std::to_string(c.size.height) + "]\n";
    text +=
        "matrix = [" + list_of({c.fx, 0, c.cx}) + ", " + list_of({0, c.fy, c.cy}) + ", " + list_of({0, 0, 1}) + "]\n";
    text += "distortions = " + list_of({c.k[0], c.k[1], c.p[0], c.p[1], c.k[2]}) + "\n";
    if (c.form != Distortion::kBrown) text += std::string("model = \"") + name_of(c.form) + "\"\n";
    text += "rotation = " + list_of({turn.x, turn.y, turn.z}) + "\n";
    text += "translation = " + list_of({shift.x, shift.y, shift.z}) + "\nfisheye = false\n\n";
  }
  return text;
}

}  // namespace poise
