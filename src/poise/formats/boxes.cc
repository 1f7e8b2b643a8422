#include "poise/formats/boxes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "poise/base/counted.h"
#include "poise/formats/coco_entry.h"
#include "poise/formats/result_files.h"
#include "poise/formats/stem_number.h"
#include "poise/formats/writers.h"

namespace poise {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30U;  // person_keypoints_train2017.json is a quarter of this

/// Names an entry in messages; the text is made only when an error needs it.
struct Entry {
  const char* list;
  std::size_t index;
  const Json& json;

  std::string name() const { return std::string(list) + "[" + std::to_string(index) + "]"; }
  Error error(const char* member, const std::string& what) const {
    return malformed(name() + "." + member + " " + what);
  }
  Error wrong(const char* member, const char* wanted) const {
    const Json* value = json.find(member);
    return error(member, std::string("must be ") + wanted + ", it is " +
                             (value == nullptr     ? "missing"
                              : value->is_number() ? "another number"
                                                   : value->kind()));
  }
  Status must_be_object() const {
    if (json.is_object()) return {};
    return malformed(name() + " must be an object, it is " + json.kind());
  }
  Result<std::int64_t> integer(const char* member) const {
    const Json* value = json.find(member);
    if (value != nullptr && value->is_string() && std::string_view(member).ends_with("id")) {
      return wrong_id(name() + "." + member, value->dump());
    }
    if (value == nullptr || !value->is_number()) return wrong(member, "an integer");
    const auto whole = json.integer(member);  // 17.0 is 17
    return whole.ok() ? whole : wrong(member, "an integer");
  }
  Result<std::int64_t> integer_or(const char* member, std::int64_t otherwise) const {
    if (json.find(member) == nullptr) return otherwise;
    return integer(member);
  }
};

/// Finite as a float too: what does not fit would become infinite later.
bool fits_float(const Json& value) {
  return value.is_number() && std::abs(value.as_number()) <= static_cast<double>(std::numeric_limits<float>::max());
}

Result<float> number(const Entry& entry, const char* member) {
  const Json* value = entry.json.find(member);
  if (value == nullptr || !fits_float(*value)) return entry.wrong(member, "a finite number");
  return static_cast<float>(value->as_number());
}

Result<Box> box(const Entry& entry) {
  const Json* value = entry.json.find("bbox");
  if (value == nullptr || !value->is_array() || value->as_array().size() != 4 ||
      !std::all_of(value->as_array().begin(), value->as_array().end(), fits_float)) {
    return entry.error("bbox", "must be four finite numbers: x, y, width, height");
  }
  const auto at = [&](std::size_t i) { return static_cast<float>(value->as_array()[i].as_number()); };
  const Box result{at(0), at(1), at(2), at(3)};
  if (result.width < 0 || result.height < 0) {
    return entry.error("bbox", "has a negative size, " + (*value).as_array()[2].dump() + " x " +
                                   (*value).as_array()[3].dump() + ": COCO boxes are x, y, width, height");
  }
  return result;
}

/// What the boxes of a whole file can tell together.
class BoxesTogether {
 public:
  void add(const Box& box) {
    any_ = true;
    constexpr float kMost = 2;  // shares may reach beyond the picture a little; nobody is seen in two pixels
    all_shares_ = all_shares_ && box.x + box.width <= kMost && box.y + box.height <= kMost;
    any_area_ = any_area_ || (box.width > 0 && box.height > 0);
    all_corners_ = all_corners_ && box.width > box.x && box.height > box.y;
  }
  Status check() const {
    if (!any_ || !any_area_ || !all_shares_) return {};
    return malformed(
        "all boxes lie within two pixels, as shares of the picture would: pixels are wanted, multiply x and width by "
        "the picture's width, y and height by its height");
  }
  bool maybe_corners() const { return any_ && all_corners_; }

 private:
  bool any_ = false, any_area_ = false, all_shares_ = true, all_corners_ = true;
};

/// Path parts from the last to the first; both slashes part, for files written on Windows.
class PartsFromEnd {
 public:
  explicit PartsFromEnd(std::string_view path) : rest_(path) {}
  /// The next part towards the root; "" when there is none left.
  std::string_view next() {
    while (!rest_.empty()) {
      const std::size_t slash = rest_.find_last_of("/\\");
      const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
      const std::string_view part = rest_.substr(begin);
      rest_ = rest_.substr(0, begin == 0 ? 0 : begin - 1);
      if (!part.empty() && part != ".") return part;
    }
    return {};
  }

 private:
  std::string_view rest_;
};

std::string last_part(std::string_view path) { return std::string(PartsFromEnd(path).next()); }

struct Agreement {
  std::size_t parts = 0;
  bool whole = false;  // every part of the name agrees
};

Agreement agreement(std::string_view name, std::string_view picture) {
  Agreement result;
  PartsFromEnd of_name(name);
  PartsFromEnd of_picture(picture);
  for (;; ++result.parts) {
    const std::string_view part = of_name.next();
    result.whole = part.empty();
    if (part.empty() || part != of_picture.next()) return result;
  }
}

bool is_called(const Json& category, std::string_view wanted) {
  const Json* name = category.find("name");
  return name != nullptr && name->is_string() &&
         std::ranges::equal(name->as_string(), wanted, [](char a, char b) { return (a | 0x20) == b; });
}

/// The ids of the categories called person, else pose, else with joints, else of the only one; 1 where there is none.
Result<std::set<std::int64_t>> person_categories(const Json& file) {
  const Json* list = file.find("categories");
  if (list == nullptr) return std::set<std::int64_t>{1};
  if (!list->is_array()) return malformed(std::string("categories must be an array, it is ") + list->kind());
  std::set<std::int64_t> all;
  std::set<std::int64_t> persons, poses, jointed;
  for (std::size_t i = 0; i < list->as_array().size(); ++i) {
    const Entry entry{"categories", i, list->as_array()[i]};
    POISE_RETURN_IF_ERROR(entry.must_be_object());
    POISE_TRY(const std::int64_t id, entry.integer("id"));
    all.insert(id);
    if (is_called(entry.json, "person")) persons.insert(id);
    if (is_called(entry.json, "pose")) poses.insert(id);
    const Json* joints = entry.json.find("keypoints");
    if (joints != nullptr && joints->is_array() && !joints->as_array().empty()) jointed.insert(id);
  }
  if (all.empty()) return std::set<std::int64_t>{1};
  if (!persons.empty()) return persons;
  if (!poses.empty()) return poses;
  if (jointed.size() == 1) return jointed;
  if (all.size() == 1) return all;
  return malformed("categories: none of several is named \"person\", and not one alone has keypoints");
}

/// Whether the person's keypoints are labelled; true where the file says nothing about keypoints.
Result<bool> has_keypoints(const Entry& entry) {
  if (entry.json.find("num_keypoints") != nullptr) {
    POISE_TRY(const std::int64_t count, entry.integer("num_keypoints"));
    if (count <= 0) return false;
  }
  const Json* keypoints = entry.json.find("keypoints");
  if (keypoints == nullptr) return true;
  if (!keypoints->is_array() || !std::all_of(keypoints->as_array().begin(), keypoints->as_array().end(), fits_float)) {
    return entry.error("keypoints", "must be finite numbers: x, y, v for each joint");
  }
  return std::any_of(keypoints->as_array().begin(), keypoints->as_array().end(),
                     [](const Json& value) { return value.as_number() > 0; });
}

/// Whether Simple Baselines would take this annotation's person at all; else why not is counted.
Result<bool> is_wanted(const Entry& entry, BoxesLeftOut& left_out) {
  if (const Json* crowd = entry.json.find("iscrowd"); crowd != nullptr) {
    const auto number = entry.json.integer("iscrowd");
    if (!crowd->is_bool() && !number.ok()) return entry.wrong("iscrowd", "0 or 1");
    if (crowd->is_bool() ? crowd->as_bool() : *number != 0) return ++left_out.crowd, false;
  }
  if (entry.json.find("area") != nullptr) {
    POISE_TRY(const float area, number(entry, "area"));
    if (area <= 0) return ++left_out.no_area, false;
  }
  POISE_TRY(const bool labelled, has_keypoints(entry));
  left_out.no_joints += labelled ? 0 : 1;
  return labelled;
}

/// Of images[i]; nothing where the file does not give it.
Result<std::optional<Size>> image_size(const Entry& entry) {
  if (entry.json.find("width") == nullptr || entry.json.find("height") == nullptr) return std::optional<Size>();
  POISE_TRY(const std::int64_t width, entry.integer("width"));
  POISE_TRY(const std::int64_t height, entry.integer("height"));
  constexpr std::int64_t kMax = std::numeric_limits<int>::max();
  if (width < 1 || height < 1 || width > kMax || height > kMax) {
    return malformed(entry.name() + ": width and height must be above 0, they are " + std::to_string(width) + " x " +
                     std::to_string(height));
  }
  return std::optional<Size>(Size{static_cast<int>(width), static_cast<int>(height)});
}

}  // namespace

bool reaches_far_beyond(const Box& box, Size picture) {
  constexpr float kFar = 1.05F;
  return box.x + box.width > kFar * static_cast<float>(picture.width) ||
         box.y + box.height > kFar * static_cast<float>(picture.height);
}

std::size_t BoxesFile::add_image(std::optional<std::int64_t> id, const std::string& name) {
  const std::size_t index = images_.size();
  images_.push_back({.image_id = id, .persons = {}});
  names_.push_back(name);
  if (!name.empty()) by_name_.emplace(last_part(name), index);
  if (id) by_id_.emplace(*id, index);
  return index;
}

Status BoxesFile::add_detections(const Json::Array& entries) {
  std::unordered_map<std::string, std::size_t> by_whole_name;
  BoxesTogether together;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry entry{"detections", i, entries[i]};
    POISE_RETURN_IF_ERROR(entry.must_be_object());
    std::optional<std::int64_t> id;
    if (entry.json.find("image_id") != nullptr) {
      POISE_TRY(id, entry.integer("image_id"));
    }
    std::string name;
    if (const Json* value = entry.json.find("file_name"); value != nullptr) {
      if (!value->is_string() || last_part(value->as_string()).empty())
        return entry.wrong("file_name", "a file's name");
      name = value->as_string();
    }
    if (!id && name.empty()) return malformed(entry.name() + " needs image_id or file_name");
    if (const Json* applied = entry.json.find("exif_applied"); applied != nullptr) {
      if (!applied->is_bool()) return entry.wrong("exif_applied", "true or false");
      exif_applied_ |= applied->as_bool();
    }
    POISE_TRY(const Box person, box(entry));
    POISE_TRY(const float score, number(entry, "score"));
    POISE_TRY(const std::int64_t category, entry.integer_or("category_id", 1));

    std::size_t image = 0;
    if (!name.empty()) {
      const auto found = by_whole_name.find(name);
      image = found != by_whole_name.end() ? found->second : by_whole_name[name] = add_image(id, name);
      if (images_[image].image_id != id) {
        return entry.error("image_id", "differs from an earlier entry of the same file_name \"" + name + "\"");
      }
    } else {
      const auto found = by_id_.find(*id);
      image = found != by_id_.end() ? found->second : add_image(id, name);
    }
    if (category == 1) {
      together.add(person);
      images_[image].persons.push_back({person, score});
    } else {
      ++left_out_.other_category;
    }
  }
  for (ImageBoxes& image : images_) image.maybe_corners = together.maybe_corners();
  return together.check();
}

Status BoxesFile::add_annotations(const Json& file) {
  const Json& images = *file.find("images");
  const Json& annotations = *file.find("annotations");
  POISE_TRY(const auto categories, person_categories(file));
  std::vector<std::optional<Size>> sizes;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < images.as_array().size(); ++i) {
    const Entry entry{"images", i, images.as_array()[i]};
    POISE_RETURN_IF_ERROR(entry.must_be_object());
    POISE_TRY(const std::int64_t id, entry.integer("id"));
    if (by_id_.contains(id)) return entry.error("id", std::to_string(id) + " is that of an earlier image too");
    const Json* name = entry.json.find("file_name");
    if (name == nullptr || !name->is_string() || last_part(name->as_string()).empty()) {
      return entry.wrong("file_name", "a file's name");
    }
    if (!seen.insert(name->as_string()).second) {
      return entry.error("file_name", "\"" + name->as_string() + "\" is that of an earlier image too");
    }
    POISE_TRY(const auto size, image_size(entry));
    sizes.push_back(size);
    images_[add_image(id, name->as_string())].size = size;
  }
  BoxesTogether together;
  for (std::size_t i = 0; i < annotations.as_array().size(); ++i) {
    const Entry entry{"annotations", i, annotations.as_array()[i]};
    POISE_RETURN_IF_ERROR(entry.must_be_object());
    POISE_TRY(const std::int64_t category, entry.integer_or("category_id", *categories.begin()));
    if (!categories.contains(category)) {
      ++left_out_.other_category;
      continue;
    }
    POISE_TRY(const std::int64_t id, entry.integer("image_id"));
    const auto image = by_id_.find(id);
    if (image == by_id_.end()) return entry.error("image_id", std::to_string(id) + " is no image of this file");
    POISE_TRY(Box person, box(entry));
    POISE_TRY(const bool wanted, is_wanted(entry, left_out_));
    if (!wanted) continue;
    together.add(person);
    std::optional<Box> annotated;
    if (const auto& size = sizes[image->second]; size) {
      images_[image->second].far_beyond += reaches_far_beyond(person, *size) ? 1 : 0;
      annotated = inside(person, *size);
      person = clean_box(person, *size);
      if (!(person.width > 0 && person.height > 0)) {
        ++left_out_.outside;
        continue;
      }
    }
    images_[image->second].persons.push_back({.box = person, .score = 1.0F, .annotated = annotated});
  }
  for (ImageBoxes& image : images_) image.maybe_corners = together.maybe_corners();
  return together.check();
}

/// seen: sources of files before this one.
Status BoxesFile::add_poses(const Json& file, std::set<std::string>& seen) {
  POISE_TRY(const FrameResult frame, parse_poses_json(file));
  if (!seen.insert(frame.source).second)
    return malformed("source \"" + frame.source + "\" is that of an earlier file too");
  exif_applied_ |= frame.exif_applied && frame.exif_orientation != 1;
  ImageBoxes& image = images_[add_image(frame.image_id, frame.source)];
  if (frame.width > 0 && frame.height > 0) image.size = Size{frame.width, frame.height};
  for (const Pose& pose : frame.poses) image.persons.push_back({pose.box, pose.box_score});
  return {};
}

Result<BoxesFile> BoxesFile::read_folder(const std::filesystem::path& folder) {
  POISE_TRY(const ResultFiles found, find_result_files(folder, kPoiseEnding));
  BoxesFile all;
  std::set<std::string> seen;
  for (const std::filesystem::path& path : found.files) {
    const Status added = [&]() -> Status {
      POISE_TRY(const Bytes bytes, read_file(path, kMaxBytes));
      POISE_TRY(const Json json, parse_json(bytes));
      return all.add_poses(json, seen);
    }();
    if (!added.ok()) return added.error().prefixed(path.string());
  }
  all.not_read_ = files_not_read(found.passed_over);
  return all;
}

Result<BoxesFile> BoxesFile::parse(BytesView bytes) {
  auto parsed = parse_json(bytes);
  if (!parsed.ok()) {
    return blame_element(bytes, {"images", "annotations", "categories", "detections"}, "detections", parsed.error());
  }
  const Json json = std::move(*parsed);
  BoxesFile file;
  if (const Json* applied = json.find("exif_applied"); applied != nullptr) {
    if (!applied->is_bool()) return malformed(std::string("exif_applied must be a boolean, it is ") + applied->kind());
    file.exif_applied_ = applied->as_bool();
  }
  const auto has_list = [&](const char* name) { return json.find(name) != nullptr && json.find(name)->is_array(); };
  if (json.is_array()) {
    POISE_RETURN_IF_ERROR(file.add_detections(json.as_array()));
  } else if (has_list("detections")) {
    POISE_RETURN_IF_ERROR(file.add_detections(json.find("detections")->as_array()));
  } else if (has_list("images") && has_list("annotations")) {
    file.is_annotations_ = true;
    POISE_RETURN_IF_ERROR(file.add_annotations(json));
  } else if (json.find("poise_poses") != nullptr) {
    std::set<std::string> seen;
    POISE_RETURN_IF_ERROR(file.add_poses(json, seen));
  } else {
    return malformed(
        "neither COCO detections, an array of {image_id or file_name, bbox, score}, nor COCO annotations, an object "
        "with the arrays images and annotations, nor poses of ours");
  }
  return file;
}

Result<BoxesFile> BoxesFile::read(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return read_folder(path);
  auto bytes = read_file(path, kMaxBytes);
  if (!bytes.ok()) return bytes.error().prefixed(path.string());
  auto file = parse(*bytes);
  if (!file.ok()) return file.error().prefixed(path.string());
  return file;
}

std::vector<std::string> BoxesFile::notes() const {
  std::vector<std::string> lines;
  const auto say = [&](std::size_t count, const std::string& why) {
    if (count == 0) return;
    lines.push_back(counted(count, is_annotations_ ? "annotation" : "detection") + " left out: " + why);
  };
  say(left_out_.other_category,
      is_annotations_ ? "of another category than people's" : "of another category than 1, which means people");
  say(left_out_.crowd, "crowds");
  say(left_out_.no_joints, "without a labelled joint");
  say(left_out_.no_area, "their area is not above 0");
  if (!not_read_.empty()) lines.push_back(not_read_);
  say(left_out_.outside, "empty, or outside the picture of the size that the file gives");
  const bool is_nobody = std::ranges::all_of(images_, [](const ImageBoxes& image) { return image.persons.empty(); });
  if (lines.empty() && is_nobody && !images_.empty()) {
    lines.push_back("nobody is in its " + counted(images_.size(), "picture"));
  }
  return lines;
}

std::size_t BoxesFile::persons_beside(const std::set<const ImageBoxes*>& taken) const {
  std::size_t persons = 0;
  for (const ImageBoxes& image : images_) persons += taken.contains(&image) ? 0 : image.persons.size();
  return persons;
}

const ImageBoxes* BoxesFile::find(const std::filesystem::path& picture) const {
  const std::string path = picture.generic_string();
  const ImageBoxes* best = nullptr;
  Agreement best_agreement;
  const auto [begin, end] = by_name_.equal_range(last_part(path));
  for (auto candidate = begin; candidate != end; ++candidate) {
    const Agreement found = agreement(names_[candidate->second], path);
    if (best == nullptr ||
        std::pair(found.parts, found.whole) > std::pair(best_agreement.parts, best_agreement.whole)) {
      best = &images_[candidate->second];
      best_agreement = found;
    }
  }
  if (best != nullptr) return best;
  const auto id = stem_number(picture);
  if (!id) return nullptr;
  const auto image = by_id_.find(*id);
  return image != by_id_.end() && names_[image->second].empty() ? &images_[image->second] : nullptr;
}

const ImageBoxes* BoxesFile::find(std::int64_t image_id) const {
  const auto image = by_id_.find(image_id);
  return image == by_id_.end() ? nullptr : &images_[image->second];
}

}  // namespace poise
