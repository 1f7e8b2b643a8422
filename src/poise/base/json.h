#pragma once
// A JSON value, its reader (strict, bounded in depth) and its writer. Objects keep their members in order. Pure.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "poise/base/file.h"
#include "poise/base/result.h"

namespace poise {

/// A text or list on the heap, copied with its owner; an empty one takes nothing there. It keeps a Json small.
template <typename T>
class Boxed {
 public:
  explicit Boxed(T value) : value_(value.empty() ? nullptr : std::make_unique<T>(std::move(value))) {}
  Boxed(const Boxed& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) { return *this = Boxed(other); }
  Boxed& operator=(Boxed&&) noexcept = default;
  ~Boxed() = default;

  const T& get() const {
    static const T kEmpty;
    return value_ ? *value_ : kEmpty;
  }
  T& get() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }

 private:
  std::unique_ptr<T> value_;
};

/// 16 bytes, and what texts, arrays and objects hold.
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
  Json(const char* value) : value_(Boxed(std::string(value))) {}
  Json(std::string_view value) : value_(Boxed(std::string(value))) {}
  Json(std::string value) : value_(Boxed(std::move(value))) {}
  Json(Array value) : value_(Boxed(std::move(value))) {}
  Json(Object value) : value_(Boxed(std::move(value))) {}

  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const;
  bool is_string() const { return std::holds_alternative<Boxed<std::string>>(value_); }
  bool is_array() const { return std::holds_alternative<Boxed<Array>>(value_); }
  bool is_object() const { return std::holds_alternative<Boxed<Object>>(value_); }
  /// "null", "a boolean", "a number", "a string", "an array", "an object": for messages.
  const char* kind() const;

  bool as_bool() const { return std::get<bool>(value_); }
  std::int64_t as_integer() const { return std::get<std::int64_t>(value_); }
  double as_number() const;
  const std::string& as_string() const { return std::get<Boxed<std::string>>(value_).get(); }
  const Array& as_array() const { return std::get<Boxed<Array>>(value_).get(); }
  Array& as_array() { return std::get<Boxed<Array>>(value_).get(); }
  const Object& as_object() const { return std::get<Boxed<Object>>(value_).get(); }

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
    std::visit(
        [&](const auto& value) {
          if constexpr (requires { value.get(); }) {
            visitor(value.get());
          } else {
            visitor(value);
          }
        },
        value_);
  }

 private:
  std::variant<std::monostate, bool, std::int64_t, double, float, Boxed<std::string>, Boxed<Array>, Boxed<Object>>
      value_;
};

/// Strict JSON (RFC 8259). Errors: kMalformed with what is wrong; values nested over 256 levels deep are refused;
/// kTooLarge where the values take more memory than a ReadingBudget of the text allows.
Result<Json> parse_json(BytesView bytes);
Result<Json> parse_json(std::string_view text);

}  // namespace poise
