#include "poise/base/json_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "poise/base/ascii.h"

namespace poise {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_plain(char c) { return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\'; }  // of ASCII

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | code >> 6U), put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U), put(0x80U | (code >> 6U & 0x3FU)), put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | code >> 18U), put(0x80U | (code >> 12U & 0x3FU));
    put(0x80U | (code >> 6U & 0x3FU)), put(0x80U | (code & 0x3FU));
  }
}

/// Whether a number that no double can hold is too large, not too small: by the place of its first digit that is not 0.
bool is_too_large(std::string_view number) {
  const std::size_t e = std::min(number.find_first_of("eE"), number.size());
  std::int64_t exponent = 0;
  if (e < number.size()) {
    const bool negative = number[e + 1] == '-';
    const std::string_view digits = number.substr(e + (negative || number[e + 1] == '+' ? 2 : 1));
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;  // the text is shorter than that
    if (std::from_chars(digits.data(), digits.data() + digits.size(), exponent).ec != std::errc()) exponent = kMost;
    exponent = std::min(exponent, kMost) * (negative ? -1 : 1);
  }
  const std::size_t point = std::min(number.find('.'), e);
  const std::size_t first = number.find_first_of("123456789");
  return static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + exponent > 0;
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[at + i])); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() - at < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) > 0x9F;
  const bool beyond = lead == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

Error JsonReader::wrong(const std::string& what) const {
  if (const char* other = other_encoding(text_)) {
    return malformed(std::string("not valid JSON: the text is ") + other + ": save it as UTF-8");
  }
  if (at_ >= text_.size()) {
    return malformed(text_.empty() ? "not valid JSON: the text is empty"
                                   : "not valid JSON: the text ends where " + what + ": is it truncated?");
  }
  return malformed("not valid JSON at byte " + std::to_string(at_) + ": " + what);
}

Error JsonReader::no_value() const {
  for (const std::string_view spelled : {"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"}) {
    if (text_.substr(at_, spelled.size()) == spelled)
      return wrong(std::string(spelled) + " is no number in JSON: write one, or leave the entry out");
  }
  return wrong("a value was expected");
}

char JsonReader::peek() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

Result<JsonReader::Token> JsonReader::next() {
  char c = peek();
  if (state_ == State::kAfterKey) return value(c);
  if (objects_.empty()) {
    if (state_ == State::kValue) return value(c);
    if (at_ < text_.size()) return wrong("something follows the value");
    return Token::kEnd;
  }
  const bool object = objects_.back();
  const bool ends = c == (object ? '}' : ']');
  if (state_ == State::kFirst) return ends ? close(object) : object ? key(c) : value(c);
  if (ends) return close(object);
  if (c != ',') return wrong(object ? "',' or '}' was expected" : "',' or ']' was expected");
  ++at_;
  c = peek();
  return object ? key(c) : value(c);
}

Result<JsonReader::Token> JsonReader::key(char first) {
  if (first != '"') return wrong("a member's name was expected");
  POISE_RETURN_IF_ERROR(read_string());
  if (peek() != ':') return wrong("':' was expected");
  ++at_;
  state_ = State::kAfterKey;
  return Token::kKey;
}

Result<JsonReader::Token> JsonReader::value(char first) {
  state_ = State::kAfterValue;
  switch (first) {
    case '{':
      return open(Token::kBeginObject, true);
    case '[':
      return open(Token::kBeginArray, false);
    case '"':
      POISE_RETURN_IF_ERROR(read_string());
      return Token::kString;
    case 'n':
      return word("null", Token::kNull);
    case 't':
      boolean_ = true;
      return word("true", Token::kBool);
    case 'f':
      boolean_ = false;
      return word("false", Token::kBool);
    default:
      if (is_digit(first) || (first == '-' && text_.substr(at_, 2) != "-I" && text_.substr(at_, 2) != "-i")) {
        return read_number();
      }
      return no_value();
  }
}

Result<JsonReader::Token> JsonReader::open(Token token, bool object) {
  if (objects_.size() == max_depth_) {
    return malformed("the JSON is nested deeper than " + std::to_string(max_depth_) + " levels");
  }
  objects_.push_back(object);
  ++at_;
  state_ = State::kFirst;
  return token;
}

JsonReader::Token JsonReader::close(bool object) {
  objects_.pop_back();
  ++at_;
  state_ = State::kAfterValue;
  return object ? Token::kEndObject : Token::kEndArray;
}

Result<JsonReader::Token> JsonReader::word(std::string_view word, Token token) {
  if (text_.substr(at_, word.size()) != word) return no_value();
  at_ += word.size();
  return token;
}

/// At the quote.
Status JsonReader::read_string() {
  const std::size_t begin = ++at_;
  bool escaped = false;
  while (true) {
    const std::size_t run = at_;
    while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
    if (escaped) unescaped_.append(text_, run, at_ - run);
    if (at_ == text_.size()) return wrong("a '\"' was expected");
    const char c = text_[at_];
    if (c == '"') break;
    if (c == '\\') {
      if (!escaped) unescaped_.assign(text_, begin, at_ - begin);
      escaped = true;
      POISE_RETURN_IF_ERROR(read_escape());
      continue;
    }
    const std::size_t length = utf8_length(text_, at_);
    if (length == 1) return wrong("a control character in a text must be escaped");
    if (length == 0) return wrong("the bytes are no UTF-8");
    if (escaped) unescaped_.append(text_, at_, length);
    at_ += length;
  }
  string_ = escaped ? std::string_view(unescaped_) : text_.substr(begin, at_ - begin);
  ++at_;
  return {};
}

/// At the backslash.
Status JsonReader::read_escape() {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
  if (++at_ == text_.size()) return wrong("an escaped character was expected");
  const std::size_t which = kNames.find(text_[at_]);
  if (which != std::string_view::npos) {
    unescaped_ += kMeant[which];
    ++at_;
    return {};
  }
  if (text_[at_] != 'u') return wrong("no such escape in JSON");
  POISE_TRY(std::uint32_t code, read_hex());
  if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
    ++at_;
    POISE_TRY(const std::uint32_t low, read_hex());
    if (low < 0xDC00 || low > 0xDFFF) return wrong("half a pair of surrogates");
    code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
  }
  if (code >= 0xD800 && code < 0xE000) return wrong("half a pair of surrogates");
  append_utf8(unescaped_, code);
  return {};
}

/// At the u; four digits.
Result<std::uint32_t> JsonReader::read_hex() {
  const std::string_view digits = text_.substr(++at_, 4);
  std::uint32_t code = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  if (error != std::errc() || stop != digits.data() + 4) return wrong("four hexadecimal digits were expected");
  at_ += 4;
  return code;
}

std::size_t JsonReader::skip_digits() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  return at_ - begin;
}

Result<JsonReader::Token> JsonReader::read_number() {
  const std::size_t begin = at_;
  bool whole = true;
  if (text_[at_] == '-') ++at_;
  const bool zero = at_ < text_.size() && text_[at_] == '0';
  if (skip_digits() > 1 && zero) return wrong("a number begins with a needless 0");
  if (!is_digit(text_[at_ - 1])) return wrong("a digit was expected");
  if (at_ < text_.size() && text_[at_] == '.') {
    whole = false;
    ++at_;
    if (skip_digits() == 0) return wrong("a digit was expected");
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    whole = false;
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (skip_digits() == 0) return wrong("a digit was expected");
  }
  const std::string_view number = text_.substr(begin, at_ - begin);
  const char* const end = number.data() + number.size();
  const auto read = [&](auto& into, auto value) {
    if (std::from_chars(number.data(), end, value).ec != std::errc()) return false;
    into = value;
    return true;
  };
  integer_.reset();
  beyond_int64_.reset();
  real_.reset();
  if (whole && (read(integer_, std::int64_t{}) || (number[0] != '-' && read(beyond_int64_, std::uint64_t{})))) {
    return Token::kNumber;
  }
  if (!read(real_, double{})) {
    if (is_too_large(number)) return wrong("the number before it is too large for a double");
    real_ = number[0] == '-' ? -0.0 : 0.0;
  }
  return Token::kNumber;
}

}  // namespace poise
