#pragma once
// A JSON value, its reader (strict, bounded in depth) and its writer. Objects keep their members in order. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "poise/base/file.h"
#include "poise/base/result.h"

namespace poise {

class Json {
 public:
  using Array = std::vector<Json>;  // of one array: push(); compilers disagree whether Array{Array{1}} copies or nests
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::uint64_t value);  // beyond the range of int64: the nearest double
  Json(double value) : value_(value) {}
  Json(float value) : value_(value) {}  // written with the shortest digits that give the same float
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const;
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  /// "null", "a boolean", "a number", "a string", "an array", "an object": for messages.
  const char* kind() const;

  bool as_bool() const { return std::get<bool>(value_); }
  std::int64_t as_integer() const { return std::get<std::int64_t>(value_); }
  double as_number() const;
  const std::string& as_string() const { return std::get<std::string>(value_); }
  const Array& as_array() const { return std::get<Array>(value_); }
  Array& as_array() { return std::get<Array>(value_); }
  const Object& as_object() const { return std::get<Object>(value_); }

  /// The member, or nullptr where this is no object or has none of that name.
  const Json* find(std::string_view name) const;
  /// Typed members; the error says what was wanted: "member \"score\" must be a number, it is a string".
  Result<double> number(std::string_view name) const;
  Result<std::int64_t> integer(std::string_view name) const;
  Result<std::string> string(std::string_view name) const;
  Result<std::vector<double>> numbers(std::string_view name) const;

  /// Appends to an array / sets or replaces an object's member (this must be one, or null).
  void push(Json value);
  void set(std::string_view name, Json value);

  /// indent 0: one line. Non-finite numbers are written as null, invalid UTF-8 is replaced by U+FFFD.
  std::string dump(int indent = 0) const;

  /// Calls the visitor with what this holds: std::monostate, bool, std::int64_t, double, float, std::string, ...
  template <typename Visitor>
  void visit(Visitor& visitor) const {
    std::visit([&](const auto& value) { visitor(value); }, value_);
  }

 private:
  std::variant<std::monostate, bool, std::int64_t, double, float, std::string, Array, Object> value_;
};

/// Strict JSON (RFC 8259). Errors: kMalformed with what is wrong; values nested over 256 levels deep are refused.
Result<Json> parse_json(BytesView bytes);
Result<Json> parse_json(std::string_view text);

}  // namespace poise
