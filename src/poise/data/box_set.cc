#include "poise/data/box_set.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "poise/base/file.h"
#include "poise/image/picture_folder.h"

namespace poise {
namespace {

constexpr std::int64_t kMaxSide = 1 << 20;

Error wrong(const std::string& list, std::size_t i, const std::string& what) {
  return malformed(list + "[" + std::to_string(i) + "]" + what);
}

Result<const Json::Array*> array_of(const Json& json, const char* name) {
  const Json* found = json.find(name);
  if (found == nullptr || !found->is_array()) return malformed(std::string("\"") + name + "\" must be an array");
  return &found->as_array();
}

/// Ids of the categories that are persons; nothing where all are.
Result<std::optional<std::set<std::int64_t>>> person_ids(const Json& json) {
  if (json.find("categories") == nullptr) return std::optional<std::set<std::int64_t>>();
  POISE_TRY(const Json::Array* categories, array_of(json, "categories"));
  std::set<std::int64_t> ids;
  for (std::size_t i = 0; i < categories->size(); ++i) {
    const auto id = (*categories)[i].integer("id");
    const auto name = (*categories)[i].string("name");
    if (!id.ok() || !name.ok()) return wrong("categories", i, " must have an id and a name");
    if (*name == "person") ids.insert(*id);
  }
  if (ids.empty()) return malformed("no category is named person");
  return std::optional(std::move(ids));
}

Result<BoxedPicture> read_picture(const Json& entry, std::size_t i, PictureFolder& images) {
  const auto name = entry.string("file_name");
  const auto width = entry.integer("width"), height = entry.integer("height");
  if (!name.ok() || name->empty()) return wrong("images", i, ".file_name is missing");
  if (!width.ok() || !height.ok() || *width < 1 || *height < 1 || *width > kMaxSide || *height > kMaxSide) {
    return wrong("images", i, ": width and height must be 1 to 1048576");
  }
  BoxedPicture picture;
  auto path = images.find(*name);
  if (!path.ok() && path.error().code != ErrorCode::kNotFound) return path.error();
  picture.path = path.ok() ? std::move(*path) : images.path() / *name;  // one that is missing is said when it is read
  picture.picture = {static_cast<int>(*width), static_cast<int>(*height)};
  return picture;
}

Result<Box> read_box(const Json& entry, std::size_t i) {
  const Json* bbox = entry.find("bbox");
  const bool four = bbox != nullptr && bbox->is_array() && bbox->as_array().size() == 4;
  if (!four) return wrong("annotations", i, ".bbox must be four numbers");
  std::array<float, 4> v{};
  for (std::size_t k = 0; k < 4; ++k) {
    const Json& number = bbox->as_array()[k];
    if (!number.is_number() || !(std::abs(number.as_number()) <= static_cast<double>(kMaxSide))) {
      return wrong("annotations", i, ".bbox must be four numbers of at most 1048576");
    }
    v[k] = static_cast<float>(number.as_number());
  }
  return Box{v[0], v[1], v[2], v[3]};
}

bool is_set(const Json& entry, const char* name) {
  const auto value = entry.integer(name);
  return value.ok() && *value != 0;
}

bool touches(const Box& box, Size picture) {
  return box.width > 0 && box.height > 0 && box.x < static_cast<float>(picture.width) &&
         box.y < static_cast<float>(picture.height) && box.x + box.width > 0 && box.y + box.height > 0;
}

}  // namespace

Result<BoxSet> parse_box_set(const Json& json, const std::filesystem::path& images) {
  POISE_TRY(const auto persons, person_ids(json));
  POISE_TRY(const Json::Array* pictures, array_of(json, "images"));
  POISE_TRY(const Json::Array* annotations, array_of(json, "annotations"));
  BoxSet set;
  PictureFolder folder(images);
  std::map<std::int64_t, std::size_t> by_id;
  for (std::size_t i = 0; i < pictures->size(); ++i) {
    POISE_TRY(BoxedPicture picture, read_picture((*pictures)[i], i, folder));
    const auto id = (*pictures)[i].integer("id");
    if (!id.ok()) return wrong("images", i, ".id must be a whole number");
    if (!by_id.emplace(*id, set.size()).second) return wrong("images", i, ".id is there twice");
    set.push_back(std::move(picture));
  }
  if (set.empty()) return invalid_argument("it lists no picture");
  for (std::size_t i = 0; i < annotations->size(); ++i) {
    const Json& entry = (*annotations)[i];
    const auto id = entry.integer("image_id");
    const auto found = id.ok() ? by_id.find(*id) : by_id.end();
    if (found == by_id.end()) return wrong("annotations", i, ".image_id is no listed picture's");
    const auto category = entry.integer("category_id");
    if (persons && !(category.ok() && persons->contains(*category))) continue;
    POISE_TRY(const Box box, read_box(entry, i));
    BoxedPicture& picture = set[found->second];
    if (!touches(box, picture.picture)) continue;
    (is_set(entry, "iscrowd") || is_set(entry, "ignore") ? picture.ignored : picture.persons).push_back(box);
  }
  return set;
}

Result<BoxSet> read_box_set(const std::filesystem::path& annotations, const std::filesystem::path& images) {
  constexpr std::uint64_t kMaxBytes = 256U << 20U;
  const auto bytes = read_file(annotations, kMaxBytes);
  if (!bytes.ok()) return bytes.error().prefixed(annotations.string());
  const auto json = parse_json({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!json.ok()) return json.error().prefixed(annotations.string());
  auto set = parse_box_set(*json, images);
  if (!set.ok()) return set.error().prefixed(annotations.string());
  return set;
}

SplitBoxSet split_box_set(BoxSet set, std::size_t nth) {
  SplitBoxSet split;
  for (std::size_t i = 0; i < set.size(); ++i) {
    (i % nth == nth - 1 ? split.val : split.train).push_back(std::move(set[i]));
  }
  return split;
}

}  // namespace poise
