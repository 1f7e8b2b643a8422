#pragma once
// JSON one token at a time, checked as it is read, without another library: what parse_json() builds its values from,
// and for texts whose shape is known, which need no values in between.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"

namespace poise {

class JsonReader {
 public:
  enum class Token { kNull, kBool, kNumber, kString, kKey, kBeginArray, kEndArray, kBeginObject, kEndObject, kEnd };

  /// `text` must outlive the reader.
  explicit JsonReader(std::string_view text, std::size_t max_depth = 256) : text_(text), max_depth_(max_depth) {}

  /// The next token of strict JSON (RFC 8259) in valid UTF-8; kEnd once, behind the one value. Errors: kMalformed, with
  /// the place and what is wrong; do not go on after one.
  Result<Token> next();

  // Of the token next() gave last.
  bool boolean() const { return boolean_; }
  /// Of kString and kKey, without escapes; valid until the next call of next().
  std::string_view string() const { return string_; }
  /// Of kNumber: exactly one of the three is the number as it is written, integers being integers where they fit.
  std::optional<std::int64_t> integer() const { return integer_; }
  std::optional<std::uint64_t> beyond_int64() const { return beyond_int64_; }
  std::optional<double> real() const { return real_; }

 private:
  enum class State { kValue, kFirst, kAfterKey, kAfterValue };
  Error wrong(const std::string& what) const;
  Error no_value() const;  // where one was expected; NaN and Infinity by their names
  char peek();             // past white space; '\0' at the end, and for a zero byte, which nothing takes
  Result<Token> value(char first);
  Result<Token> open(Token token, bool object);
  Token close(bool object);
  Result<Token> word(std::string_view word, Token token);
  Result<Token> key(char first);
  Status read_string();
  Status read_escape();
  Result<std::uint32_t> read_hex();
  Result<Token> read_number();
  std::size_t skip_digits();

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
  State state_ = State::kValue;
  std::vector<bool> objects_;  // of each open bracket: is it an object's
  std::string unescaped_;
  std::string_view string_;
  bool boolean_ = false;
  std::optional<std::int64_t> integer_;
  std::optional<std::uint64_t> beyond_int64_;
  std::optional<double> real_;
};

/// Bytes of the well-formed UTF-8 sequence at text[at], 0 where there is none (Unicode 15.0, table 3-7). Pure.
std::size_t utf8_length(std::string_view text, std::size_t at);

}  // namespace poise
