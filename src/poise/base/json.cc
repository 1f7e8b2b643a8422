#include "poise/base/json.h"

#include <cmath>
#include <deque>
#include <iterator>
#include <limits>
#include <unordered_map>

#include "poise/base/check.h"
#include "poise/base/json_reader.h"
#include "poise/base/memory.h"

namespace poise {
namespace {

using Token = JsonReader::Token;

Json number(const JsonReader& reader) {
  if (reader.integer()) return *reader.integer();
  if (reader.beyond_int64()) return *reader.beyond_int64();
  return reader.real().value();
}

/// Values of open arrays and objects wait in two stacks, so that each list is allocated once, in its size.
class Builder {
 public:
  explicit Builder(std::string_view text) : reader_(text), budget_(text.size()) {}

  Result<Json> build() {
    Json root;
    POISE_TRY(Token token, reader_.next());
    POISE_RETURN_IF_ERROR(value(token, root));
    POISE_TRY(token, reader_.next());
    POISE_CHECK(token == Token::kEnd);
    return root;
  }

 private:
  static constexpr std::uint64_t kAllocated = 16;   // what an allocation takes beside its bytes
  static constexpr std::uint64_t kLookedUp = 80;    // a name in a table
  static constexpr std::size_t kLinearSearch = 16;  // members up to which looking through all is the fastest look-up

  /// Recurses as deep as the reader allows.
  Status value(Token token, Json& into) {
    switch (token) {
      case Token::kBeginArray:
        return array(into);
      case Token::kBeginObject:
        return object(into);
      case Token::kNumber:
        into = number(reader_);
        return {};
      case Token::kString:
        if (!reader_.string().empty()) {
          POISE_RETURN_IF_ERROR(budget_.take(sizeof(std::string) + kAllocated + text_bytes(reader_.string())));
        }
        into = reader_.string();
        return {};
      case Token::kBool:
        into = reader_.boolean();
        return {};
      default:
        into = nullptr;
        return {};
    }
  }

  Status array(Json& into) {
    const std::size_t first = values_.size();
    while (true) {
      POISE_TRY(const Token token, reader_.next());
      if (token == Token::kEndArray) break;
      POISE_RETURN_IF_ERROR(budget_.take(sizeof(Json)));
      POISE_RETURN_IF_ERROR(value(token, values_.emplace_back()));
    }
    Json::Array array;
    POISE_RETURN_IF_ERROR(take_from(values_, first, array));
    into = Json(std::move(array));
    return {};
  }

  /// The last of equal names wins. Beyond a few members through a table, or a hostile object takes quadratic time.
  Status object(Json& into) {
    const std::size_t first = members_.size();
    std::unordered_map<std::string_view, std::size_t> positions;  // views of names in members_, which stay in place
    while (true) {
      POISE_TRY(Token token, reader_.next());
      if (token == Token::kEndObject) break;
      POISE_TRY(const std::size_t at, position(first, positions));
      POISE_TRY(token, reader_.next());
      POISE_RETURN_IF_ERROR(value(token, members_[at].second));
    }
    budget_.give_back(positions.size() * kLookedUp);
    positions.clear();
    Json::Object object;
    POISE_RETURN_IF_ERROR(take_from(members_, first, object));
    into = Json(std::move(object));
    return {};
  }

  /// Where the member of the reader's name stands in members_, a new one where there is none yet.
  Result<std::size_t> position(std::size_t first, std::unordered_map<std::string_view, std::size_t>& positions) {
    const std::string_view name = reader_.string();
    if (members_.size() - first == kLinearSearch && positions.empty()) {
      POISE_RETURN_IF_ERROR(budget_.take(kLinearSearch * kLookedUp));
      for (std::size_t i = first; i < members_.size(); ++i) positions.emplace(members_[i].first, i);
    }
    std::size_t at = first;
    if (positions.empty()) {
      while (at < members_.size() && members_[at].first != name) ++at;
    } else {
      const auto found = positions.find(name);
      at = found != positions.end() ? found->second : members_.size();
    }
    if (at < members_.size()) return at;
    POISE_RETURN_IF_ERROR(budget_.take(sizeof(Json::Member) + text_bytes(name)));
    members_.emplace_back(std::string(name), Json());
    if (!positions.empty()) {
      POISE_RETURN_IF_ERROR(budget_.take(kLookedUp));
      positions.emplace(members_.back().first, at);
    }
    return at;
  }

  /// Short texts lie inside a std::string.
  static std::uint64_t text_bytes(std::string_view text) {
    constexpr std::size_t kInside = 15;
    return text.size() > kInside ? text.size() + kAllocated : 0;
  }

  template <typename T>
  Status take_from(std::deque<T>& waiting, std::size_t first, std::vector<T>& out) {
    const std::size_t count = waiting.size() - first;
    if (count == 0) return {};
    POISE_RETURN_IF_ERROR(budget_.take(count * sizeof(T) + sizeof out + 2 * kAllocated));
    const auto begin = waiting.begin() + static_cast<std::ptrdiff_t>(first);
    out.assign(std::make_move_iterator(begin), std::make_move_iterator(waiting.end()));
    waiting.erase(begin, waiting.end());
    budget_.give_back(count * sizeof(T));
    return {};
  }

  JsonReader reader_;
  ReadingBudget budget_;
  std::deque<Json> values_;
  std::deque<Json::Member> members_;
};

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
  if (is_null()) *this = array();
  POISE_CHECK(is_array());
  as_array().push_back(std::move(value));
}

void Json::set(std::string_view name, Json value) {
  if (is_null()) *this = object();
  POISE_CHECK(is_object());
  for (Member& member : std::get<Boxed<Object>>(value_).get()) {
    if (member.first == name) {
      member.second = std::move(value);
      return;
    }
  }
  std::get<Boxed<Object>>(value_).get().emplace_back(std::string(name), std::move(value));
}

Result<Json> parse_json(BytesView bytes) {
  return parse_json(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

Result<Json> parse_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark may be ignored (RFC 8259, 8.1)
  return Builder(text).build();
}

}  // namespace poise
