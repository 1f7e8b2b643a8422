#include "poise/base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <exception>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

namespace poise {
namespace {

constexpr std::size_t kMaxBytes = 1'000'000;
constexpr std::size_t kMaxDepth = 64;

int line_of(const YAML::Mark& mark) { return mark.line + 1; }

std::string place(const YAML::Mark& mark) {
  return "line " + std::to_string(line_of(mark)) + ", column " + std::to_string(mark.column + 1) + ": ";
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

/// yaml-cpp puts the text's own characters into its messages.
std::string one_line(std::string message) {
  constexpr std::size_t kLongest = 200;
  if (message.size() > kLongest) message.resize(kLongest);
  std::ranges::replace_if(message, is_control, '?');
  return message;
}

/// Carries our error through yaml-cpp, which knows exceptions only.
class Stop : public std::exception {
 public:
  explicit Stop(Error error) : error_(std::move(error)) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Digits of `base`, with '_' between them, that end the text.
std::optional<Json> integer(std::string digits, bool negative, int base) {
  std::erase(digits, '_');
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || stop != end) return std::nullopt;
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (error == std::errc() && value <= kMost) {
    const auto magnitude = static_cast<std::int64_t>(value);
    return Json(negative ? -magnitude : magnitude);
  }
  if (base != 10) return std::nullopt;
  double large = 0;
  if (std::from_chars(digits.data(), end, large).ec != std::errc()) return std::nullopt;
  return Json(negative ? -large : large);
}

/// YAML 1.1's integers and numbers (yaml.org/type/int.html, float.html), without base 60.
std::optional<Json> number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == ".inf" || text == ".Inf" || text == ".INF") return Json(negative ? -kInfinity : kInfinity);
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return Json(std::numeric_limits<double>::quiet_NaN());
  if (text.empty() || !(is_digit(text[0]) || text[0] == '.')) return std::nullopt;
  if (text.starts_with("0x")) return integer(std::string(text.substr(2)), negative, 16);
  if (text.starts_with("0b")) return integer(std::string(text.substr(2)), negative, 2);
  if (std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '_'; })) {
    const bool octal = text.size() > 1 && text[0] == '0';
    return integer(std::string(octal ? text.substr(1) : text), negative, octal ? 8 : 10);
  }
  std::string plain(text);
  std::erase(plain, '_');
  double value = 0;
  const char* end = plain.data() + plain.size();
  const auto [stop, error] = std::from_chars(plain.data(), end, value);
  if (stop != end || error != std::errc()) return std::nullopt;
  return Json(negative ? -value : value);
}

Json plain_scalar(const std::string& text) {
  constexpr std::array<std::string_view, 3> kTrue{"true", "yes", "on"};
  constexpr std::array<std::string_view, 3> kFalse{"false", "no", "off"};
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  constexpr std::size_t kLongestWord = 5;
  if (text.size() <= kLongestWord) {
    std::string lower = text;
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    if (std::ranges::find(kTrue, lower) != kTrue.end()) return true;
    if (std::ranges::find(kFalse, lower) != kFalse.end()) return false;
  }
  if (std::optional<Json> value = number(text)) return std::move(*value);
  return text;
}

/// Builds the value from yaml-cpp's events; no tree of its own, so aliases cannot multiply.
class Builder : public YAML::EventHandler {
 public:
  PlacedYaml take() { return {std::move(root_), std::move(place_)}; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(started_, true)) throw Stop(unsupported(place(mark) + "a second document begins: keep one"));
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override { refuse(mark, "anchors and aliases"); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { refuse(mark, "anchors and aliases"); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "?", anchor);
    scalar(mark, {}, "");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    const bool plain = tag != "!";
    if (plain && value == "<<" && expects_key()) refuse(mark, "merge keys");
    scalar(mark, plain ? plain_scalar(value) : Json(value), value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    bool map = false;
    Json::Array items;
    Json::Object members;
    std::set<std::string> keys;
    std::optional<std::string> key;  // whose value comes next
    int key_line = 1;
    YamlPlace place;
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, const char* what) {
    throw Stop(unsupported(place(mark) + what + " are not supported: write the values out"));
  }

  static void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "anchors and aliases");
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags");
  }

  bool expects_key() const { return !levels_.empty() && levels_.back().map && !levels_.back().key; }

  void scalar(const YAML::Mark& mark, Json value, const std::string& text) {
    if (!expects_key()) return add(std::move(value), {line_of(mark), {}});
    if (!levels_.back().keys.insert(text).second) {
      constexpr std::size_t kShown = 60;
      throw Stop(malformed(place(mark) + "the key " + Json(text.substr(0, kShown)).dump() + " is given twice"));
    }
    levels_.back().key = text;
    levels_.back().key_line = line_of(mark);
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const Json& kind) {
    check(mark, tag, anchor);
    if (expects_key()) throw Stop(unsupported(place(mark) + "a key is a list or a mapping: use a text"));
    if (levels_.size() == kMaxDepth) throw Stop(too_large(place(mark) + "it is nested deeper than 64 levels"));
    Level& level = levels_.emplace_back();
    level.map = kind.is_object();
    level.place.line = line_of(mark);
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    add(level.map ? Json(std::move(level.members)) : Json(std::move(level.items)), std::move(level.place));
  }

  void add(Json value, YamlPlace place) {
    if (levels_.empty()) {
      root_ = std::move(value);
      place_ = std::move(place);
      return;
    }
    Level& level = levels_.back();
    if (level.map) {
      place.line = level.key_line;
      level.members.emplace_back(std::move(*level.key), std::move(value));
      level.key.reset();
    } else {
      level.items.push_back(std::move(value));
    }
    level.place.inner.push_back(std::move(place));
  }

  bool started_ = false;
  std::vector<Level> levels_;
  Json root_;
  YamlPlace place_;
};

}  // namespace

Result<PlacedYaml> parse_placed_yaml(std::string_view text) {
  if (text.size() > kMaxBytes) return too_large("the YAML text is over 1 MB");
  const auto foreign = [](char c) { return is_control(c) && c != '\t' && c != '\n' && c != '\r'; };
  if (std::ranges::any_of(text, foreign)) return malformed("it holds control characters: is it a YAML text in UTF-8?");
  std::string closed(text);
  // yaml-cpp takes a quoted text that the end of the file cuts off; it does not where the end is written.
  if (text.find("\n...") == std::string_view::npos) closed += text.ends_with('\n') ? "...\n" : "\n...\n";
  std::istringstream stream(std::move(closed));
  Builder builder;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    return stop.error();
  } catch (const YAML::Exception& error) {
    return malformed(place(error.mark) + one_line(error.msg));
  }
  return builder.take();
}

Result<Json> parse_yaml(std::string_view text) {
  POISE_TRY(PlacedYaml placed, parse_placed_yaml(text));
  return std::move(placed.value);
}

}  // namespace poise
