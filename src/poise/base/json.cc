#include "poise/base/json.h"

#include <cmath>
#include <limits>
#include <unordered_map>

#include "poise/base/check.h"
#include "poise/base/json_reader.h"

namespace poise {
namespace {

constexpr std::size_t kLinearSearch = 16;  // members up to which looking through all is the fastest look-up

using Token = JsonReader::Token;

Status build(JsonReader& reader, Token token, Json& into);

Status build_array(JsonReader& reader, Json& into) {
  Json::Array array;
  while (true) {
    POISE_TRY(const Token token, reader.next());
    if (token == Token::kEndArray) break;
    POISE_RETURN_IF_ERROR(build(reader, token, array.emplace_back()));
  }
  into = Json(std::move(array));
  return {};
}

/// The last of equal names wins. Beyond a few members through a table, or a hostile object takes quadratic time.
Status build_object(JsonReader& reader, Json& into) {
  Json::Object object;
  std::unordered_map<std::string, std::size_t> positions;
  while (true) {
    POISE_TRY(Token token, reader.next());
    if (token == Token::kEndObject) break;
    const std::string_view name = reader.string();
    std::size_t at = 0;
    if (object.size() == kLinearSearch && positions.empty()) {
      for (std::size_t i = 0; i < object.size(); ++i) positions.emplace(object[i].first, i);
    }
    if (positions.empty()) {
      while (at < object.size() && object[at].first != name) ++at;
    } else {
      at = positions.emplace(name, object.size()).first->second;
    }
    if (at == object.size()) object.emplace_back(std::string(name), Json());
    POISE_TRY(token, reader.next());
    POISE_RETURN_IF_ERROR(build(reader, token, object[at].second));
  }
  into = Json(std::move(object));
  return {};
}

Json number(const JsonReader& reader) {
  if (reader.integer()) return *reader.integer();
  if (reader.beyond_int64()) return *reader.beyond_int64();
  return reader.real().value();
}

/// Recurses as deep as the reader allows.
Status build(JsonReader& reader, Token token, Json& into) {
  switch (token) {
    case Token::kBeginArray:
      return build_array(reader, into);
    case Token::kBeginObject:
      return build_object(reader, into);
    case Token::kNumber:
      into = number(reader);
      break;
    case Token::kString:
      into = reader.string();
      break;
    case Token::kBool:
      into = reader.boolean();
      break;
    default:
      into = nullptr;
  }
  return {};
}

Error wanted(std::string_view name, const char* what, const Json* found) {
  const std::string member = "member \"" + std::string(name) + "\" ";
  if (found == nullptr) return malformed(member + "is missing, it must be " + what);
  return malformed(member + "must be " + what + ", it is " + found->kind());
}

}  // namespace

Json::Json(std::uint64_t value) {
  if (value <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    value_ = static_cast<std::int64_t>(value);
  } else {
    value_ = static_cast<double>(value);
  }
}

bool Json::is_number() const {
  return is_integer() || std::holds_alternative<double>(value_) || std::holds_alternative<float>(value_);
}

const char* Json::kind() const {
  if (is_null()) return "null";
  if (is_bool()) return "a boolean";
  if (is_number()) return "a number";
  if (is_string()) return "a string";
  return is_array() ? "an array" : "an object";
}

double Json::as_number() const {
  if (const auto* integer = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*integer);
  if (const auto* single = std::get_if<float>(&value_)) return static_cast<double>(*single);
  return std::get<double>(value_);
}

const Json* Json::find(std::string_view name) const {
  if (!is_object()) return nullptr;
  for (const Member& member : as_object()) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

Result<double> Json::number(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr || !found->is_number()) return wanted(name, "a number", found);
  if (!std::isfinite(found->as_number())) return malformed("member \"" + std::string(name) + "\" must be finite");
  return found->as_number();
}

Result<std::int64_t> Json::integer(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr || !found->is_number()) return wanted(name, "an integer", found);
  if (found->is_integer()) return found->as_integer();
  // Some writers turn 17 into 17.0; up to 2^53 that loses nothing.
  const double value = found->as_number();
  if (std::trunc(value) == value && std::abs(value) <= 0x1p53) return static_cast<std::int64_t>(value);
  return malformed("member \"" + std::string(name) + "\" must be an integer, it is " + found->dump());
}

Result<std::string> Json::string(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr || !found->is_string()) return wanted(name, "a string", found);
  return found->as_string();
}

Result<std::vector<double>> Json::numbers(std::string_view name) const {
  const Json* found = find(name);
  if (found == nullptr || !found->is_array()) return wanted(name, "an array of numbers", found);
  std::vector<double> numbers;
  numbers.reserve(found->as_array().size());
  for (const Json& item : found->as_array()) {
    if (!item.is_number() || !std::isfinite(item.as_number())) {
      const char* what = item.is_number() ? "not finite" : item.kind();
      return malformed("member \"" + std::string(name) + "\" must be an array of numbers, element " +
                       std::to_string(numbers.size()) + " is " + what);
    }
    numbers.push_back(item.as_number());
  }
  return numbers;
}

void Json::push(Json value) {
  if (is_null()) value_ = Array{};
  POISE_CHECK(is_array());
  std::get<Array>(value_).push_back(std::move(value));
}

void Json::set(std::string_view name, Json value) {
  if (is_null()) value_ = Object{};
  POISE_CHECK(is_object());
  for (Member& member : std::get<Object>(value_)) {
    if (member.first == name) {
      member.second = std::move(value);
      return;
    }
  }
  std::get<Object>(value_).emplace_back(std::string(name), std::move(value));
}

Result<Json> parse_json(BytesView bytes) {
  return parse_json(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

Result<Json> parse_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark may be ignored (RFC 8259, 8.1)
  JsonReader reader(text);
  Json root;
  POISE_TRY(Token token, reader.next());
  POISE_RETURN_IF_ERROR(build(reader, token, root));
  POISE_TRY(token, reader.next());
  POISE_CHECK(token == Token::kEnd);
  return root;
}

}  // namespace poise
