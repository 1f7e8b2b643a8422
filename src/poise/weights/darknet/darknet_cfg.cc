#include "poise/weights/darknet/darknet_cfg.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "poise/base/ascii.h"
#include "poise/base/counted.h"
#include "poise/base/printable.h"

namespace poise {
namespace {

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<float> parse_number(std::string_view text) {
  float value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string shown(float value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// The parts between commas; one that ends in a comma has no empty last part, as in darknet's own files.
std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> parts;
  while (!trimmed(list).empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    parts.push_back(trimmed(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

}  // namespace

std::string CfgSection::where() const {
  const std::string quoted = printable(name_);
  return "[" + quoted.substr(1, quoted.size() - 2) + "] in line " + std::to_string(line_);
}

std::string CfgSection::text(std::string_view option, std::string_view otherwise) const {
  const auto found = options_.find(option);
  return found == options_.end() ? std::string(otherwise) : found->second;
}

Result<std::int64_t> CfgSection::whole(std::string_view option, std::int64_t otherwise, std::int64_t low,
                                       std::int64_t high) const {
  if (!has(option)) return otherwise;
  const auto value = parse_whole(options_.find(option)->second);
  if (value && *value >= low && *value <= high) return *value;
  return error(std::string(option) + " must be a whole number from " + std::to_string(low) + " to " +
               std::to_string(high) + ", it is " + printable(text(option, "")));
}

Result<float> CfgSection::number(std::string_view option, float otherwise, float low, float high) const {
  if (!has(option)) return otherwise;
  const auto value = parse_number(options_.find(option)->second);
  if (value && *value >= low && *value <= high) return *value;
  return error(std::string(option) + " must be a number from " + shown(low) + " to " + shown(high) + ", it is " +
               printable(text(option, "")));
}

Result<std::vector<float>> CfgSection::numbers(std::string_view option, float low, float high, std::size_t most) const {
  const std::string list = text(option, "");
  std::vector<float> values;
  for (const std::string_view part : split(list)) {
    const auto value = parse_number(part);
    if (!value || !(*value >= low && *value <= high) || values.size() == most) {
      values.clear();
      break;
    }
    values.push_back(*value);
  }
  if (!values.empty()) return values;
  return error(std::string(option) + " must be 1 to " + counted(most, "number") + " from " + shown(low) + " to " +
               shown(high) + " with commas between, it is " + printable(list));
}

Result<std::vector<std::int64_t>> CfgSection::wholes(std::string_view option, std::int64_t low, std::int64_t high,
                                                     std::size_t most) const {
  const std::string list = text(option, "");
  std::vector<std::int64_t> values;
  for (const std::string_view part : split(list)) {
    const auto value = parse_whole(part);
    if (!value || *value < low || *value > high || values.size() == most) {
      values.clear();
      break;
    }
    values.push_back(*value);
  }
  if (!values.empty()) return values;
  return error(std::string(option) + " must be 1 to " + std::to_string(most) + " whole numbers from " +
               std::to_string(low) + " to " + std::to_string(high) + " with commas between, it is " + printable(list));
}

Result<std::vector<CfgSection>> parse_cfg(std::string_view text, std::size_t most) {
  std::vector<CfgSection> sections;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // an editor's byte order mark
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view content = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto error = [&](const char* what) { return malformed("line " + std::to_string(line) + ": " + what); };
    if (content.empty() || content[0] == '#' || content[0] == ';') continue;
    if (content[0] == '[') {
      if (content.back() != ']') return error("a section's name ends with ]");
      if (sections.size() == most) return too_large("has more than " + std::to_string(most) + " sections");
      sections.emplace_back(std::string(trimmed(content.substr(1, content.size() - 2))), line);
      continue;
    }
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos) return error("is neither [section] nor option=value");
    if (sections.empty()) return error("an option stands before the first [section]");
    std::string_view value = content.substr(equals + 1);
    value = trimmed(value.substr(0, value.find_first_of("#;")));  // where darknet's atoi() stops
    sections.back().set(std::string(trimmed(content.substr(0, equals))), std::string(value));
  }
  return sections;
}

}  // namespace poise
