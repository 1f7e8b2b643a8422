#include "poise/formats/coco_entry.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace poise {
namespace {

using simdjson::dom::element;

constexpr double kWhole = 0x1p53;  // up to here a double counts without gaps

/// 17.0 is 17, as in Python.
std::optional<std::int64_t> as_integer(element value) {
  std::int64_t integer = 0;
  if (value.get_int64().get(integer) == simdjson::SUCCESS) return integer;
  double number = 0;
  if (!value.is<double>() || value.get_double().get(number) != simdjson::SUCCESS) return std::nullopt;
  if (std::trunc(number) != number || std::abs(number) > kWhole) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<double> as_number(element value) {
  double number = 0;
  if (value.get_double().get(number) != simdjson::SUCCESS || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace

Error wrong_id(const std::string& where, const std::string& found) {
  constexpr std::size_t kShown = 60;
  const std::string value = found.size() <= kShown ? found : found.substr(0, kShown) + "...";
  return malformed(where + " must be an integer, it is " + value +
                   ": number images and categories, and name them by these numbers, without quotes, in the entries");
}

struct CocoEntryParser::Impl {
  CocoEntryOptions options;
  simdjson::dom::parser parser;
  std::vector<std::vector<double>> parts;  // of the entry at hand, as options.keypoints
  std::vector<bool> has_part;
  std::string name;  // of the array

  Error wrong(const CocoEntry& entry, std::string_view member, const char* wanted) const {
    return malformed(name + "[" + std::to_string(entry.index) + "]." + std::string(member) + " must be " + wanted);
  }

  static bool numbers(element value, std::vector<double>& into) {
    simdjson::dom::array list;
    if (value.get_array().get(list) != simdjson::SUCCESS) return false;
    into.clear();
    for (const element item : list) {
      const auto number = as_number(item);
      if (!number) return false;
      into.push_back(*number);
    }
    return true;
  }

  Status box(element value, CocoEntry& entry) const {
    std::vector<double> four;
    if (!numbers(value, four) || (four.size() != 4 && !four.empty())) {
      return wrong(entry, "bbox", "four finite numbers: x, y, width, height");
    }
    if (four.empty()) return {};
    if (four[2] < 0 || four[3] < 0) return wrong(entry, "bbox", "x, y, width, height, with no negative size");
    entry.box = {four[0], four[1], four[2], four[3]};
    return {};
  }

  Status keypoints(std::string_view member, element value, CocoEntry& entry) {
    const auto found = std::find(options.keypoints.begin(), options.keypoints.end(), member);
    const bool body = member == "keypoints";
    if (found == options.keypoints.end() && !body) return {};
    std::vector<double> scratch;
    const auto part = static_cast<std::size_t>(found - options.keypoints.begin());
    std::vector<double>& into = found == options.keypoints.end() ? scratch : parts[part];
    if (!numbers(value, into) || into.size() % 3 != 0) {
      return wrong(entry, member, "finite numbers, three for each joint");
    }
    if (found != options.keypoints.end()) has_part[part] = true;
    if (!body) return {};
    entry.has_keypoints = true;
    if (into.empty()) return {};
    double low_x = into[0], high_x = into[0], low_y = into[1], high_y = into[1];
    for (std::size_t i = 3; i < into.size(); i += 3) {
      low_x = std::min(low_x, into[i]);
      high_x = std::max(high_x, into[i]);
      low_y = std::min(low_y, into[i + 1]);
      high_y = std::max(high_y, into[i + 1]);
    }
    entry.extent = (high_x - low_x) * (high_y - low_y);
    return {};
  }

  Status integer(std::string_view member, element value, CocoEntry& entry, std::optional<std::int64_t>& into) const {
    into = as_integer(value);
    return into ? Status() : wrong(entry, member, "an integer");
  }

  Status foreign_id(std::string_view member, element value, CocoEntry& entry, std::optional<std::int64_t>& into) const {
    into = as_integer(value);
    if (into) return {};
    const std::string where = name + "[" + std::to_string(entry.index) + "]." + std::string(member);
    return wrong_id(where, simdjson::minify(value));
  }

  Status number(std::string_view member, element value, CocoEntry& entry, std::optional<double>& into) const {
    into = as_number(value);
    return into ? Status() : wrong(entry, member, "a finite number");
  }

  Status member(std::string_view key, element value, CocoEntry& entry, std::optional<double>& part_score) {
    if (key == "id") {
      entry.id = as_integer(value);  // results carry ids that nobody reads; the truth's reader insists
      return {};
    }
    if (key == "image_id") return foreign_id(key, value, entry, entry.image_id);
    if (key == "category_id") return foreign_id(key, value, entry, entry.category_id);
    if (key == "num_keypoints") return integer(key, value, entry, entry.num_keypoints);
    if (key == "score") return number(key, value, entry, entry.score);
    if (key == options.score) return number(key, value, entry, part_score);
    if (key == "area") return number(key, value, entry, entry.area);
    if (key == "bbox") return box(value, entry);
    if (key == "segmentation") entry.has_segmentation = true;
    if (key == "iscrowd") {
      bool flag = false;
      if (value.get_bool().get(flag) != simdjson::SUCCESS) {
        const auto count = as_integer(value);
        if (!count) return wrong(entry, key, "0 or 1");
        flag = *count != 0;
      }
      entry.crowd = flag;
      return {};
    }
    return keypoints(key, value, entry);
  }

  Status entry(element value, CocoEntries& all, std::uint64_t index) {
    CocoEntry& entry = all.entries.emplace_back();
    entry.index = index;
    simdjson::dom::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) {
      return malformed(name + "[" + std::to_string(index) + "] must be an object");
    }
    std::fill(has_part.begin(), has_part.end(), false);
    std::optional<double> part_score;
    for (const auto& [key, item] : object) POISE_RETURN_IF_ERROR(member(key, item, entry, part_score));
    if (part_score) entry.score = part_score;
    entry.first = all.keypoints.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (has_part[i]) all.keypoints.insert(all.keypoints.end(), parts[i].begin(), parts[i].end());
    }
    entry.joints = (all.keypoints.size() - entry.first) / 3;
    return {};
  }

  /// Which element it is that cannot be parsed.
  Error blame(const JsonBatch& batch, simdjson::error_code whole) const {
    return blame_element(batch, name,
                         malformed(name + " from element " + std::to_string(batch.first) +
                                   " on: not valid JSON: " + simdjson::error_message(whole)));
  }
};

CocoEntryParser::CocoEntryParser(CocoEntryOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->parts.resize(options.keypoints.size());
  impl_->has_part.resize(options.keypoints.size());
  impl_->options = std::move(options);
}
CocoEntryParser::~CocoEntryParser() = default;
CocoEntryParser::CocoEntryParser(CocoEntryParser&&) noexcept = default;

Status CocoEntryParser::parse(const JsonBatch& batch, const std::string& array, CocoEntries& into) {
  impl_->name = batch.array.empty() ? array : batch.array;
  simdjson::dom::array list;
  const auto error = impl_->parser.parse(batch.text).get_array().get(list);
  if (error) return impl_->blame(batch, error);
  into.entries.clear();
  into.keypoints.clear();
  std::uint64_t index = batch.first;
  for (const element value : list) POISE_RETURN_IF_ERROR(impl_->entry(value, into, index++));
  return {};
}

}  // namespace poise
