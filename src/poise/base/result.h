#pragma once
// The one error path: what can fail returns Result<T>. value() throws poise::Exception, for callers who prefer that.

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace poise {

enum class ErrorCode {
  kInvalidArgument,  // the caller asked for something that makes no sense
  kNotFound,         // no such file, name or preset
  kMalformed,        // bytes that are not what they claim to be
  kUnsupported,      // well-formed, but we do not do it
  kTooLarge,         // over a limit on sizes, checked before allocation
  kIo,               // the operating system refused to read or write
};

/// One line that names the thing and says what to do about it.
struct Error {
  ErrorCode code = ErrorCode::kInvalidArgument;
  std::string message;
  /// "team.jpg: " + message, to name the file where it is known.
  Error prefixed(const std::string& what) const { return {code, what + ": " + message}; }
};

class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

/// Either a T or an Error. Result<void> (alias Status) carries no value. Distinct ones in any threads.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return std::get<1>(state_); }

  T& value() & { return check(), std::get<0>(state_); }
  const T& value() const& { return check(), std::get<0>(state_); }
  T value() && { return check(), std::move(std::get<0>(state_)); }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

 private:
  void check() const {
    if (!ok()) throw Exception(error());
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }
  void value() const {
    if (error_) throw Exception(*error_);
  }

 private:
  std::optional<Error> error_;
};
using Status = Result<void>;

inline Error invalid_argument(std::string m) { return {ErrorCode::kInvalidArgument, std::move(m)}; }
inline Error not_found(std::string m) { return {ErrorCode::kNotFound, std::move(m)}; }
inline Error malformed(std::string m) { return {ErrorCode::kMalformed, std::move(m)}; }
inline Error unsupported(std::string m) { return {ErrorCode::kUnsupported, std::move(m)}; }
inline Error too_large(std::string m) { return {ErrorCode::kTooLarge, std::move(m)}; }
inline Error io_error(std::string m) { return {ErrorCode::kIo, std::move(m)}; }

}  // namespace poise

/// POISE_TRY(auto photo, read_image(path)); returns the error from the enclosing function where there is one.
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration or a template's arguments cannot be put in parentheses
#define POISE_CONCAT_(a, b) a##b
#define POISE_CONCAT(a, b) POISE_CONCAT_(a, b)
#define POISE_TRY(declaration, expression) POISE_TRY_(declaration, expression, POISE_CONCAT(poise_try_, __LINE__))
#define POISE_TRY_(declaration, expression, temporary) \
  auto temporary = (expression);                       \
  if (!temporary.ok()) return temporary.error();       \
  declaration = std::move(*temporary)
// NOLINTEND(bugprone-macro-parentheses)
#define POISE_RETURN_IF_ERROR(expression)                                                  \
  do {                                                                                     \
    if (auto poise_status = (expression); !poise_status.ok()) return poise_status.error(); \
  } while (false)
