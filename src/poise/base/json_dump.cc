#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "poise/base/json.h"
#include "poise/base/json_reader.h"
#include "poise/base/printable.h"

namespace poise {
namespace {

constexpr std::size_t kLineWidth = 100;  // with an indent, arrays of scalars up to this long stay on one line

void append_hex(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += {kHex[static_cast<unsigned char>(c) >> 4U], kHex[static_cast<unsigned char>(c) & 15U]};
}

void append_escaped(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const char c = text[at];
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (length == 2 && c == '\xc2' && static_cast<unsigned char>(text[at + 1]) < 0xa0) {
      out += "\\u00";  // a terminal obeys these as it does those below
      append_hex(out, text[at + 1]);
    } else if (length == 1 && is_control(c)) {
      constexpr std::string_view kPlain = "\b\t\n\f\r";
      const std::size_t plain = kPlain.find(c);
      if (plain != std::string_view::npos) {
        out += {'\\', "btnfr"[plain]};
      } else {
        out += "\\u00";
        append_hex(out, c);
      }
    } else {
      out += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  out += '"';
}

template <typename T>
void append_number(std::string& out, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      out += "null";
      return;
    }
  }
  std::array<char, 32> digits{};
  char* const end = digits.data() + digits.size();
  if constexpr (std::is_floating_point_v<T>) {
    if (std::abs(value) >= T{0x1p63}) {  // plain digits would be an integer that readers refuse
      out.append(digits.data(), std::to_chars(digits.data(), end, value, std::chars_format::scientific).ptr);
      return;
    }
  }
  out.append(digits.data(), std::to_chars(digits.data(), end, value).ptr);
}

bool is_nested(const Json& json) { return json.is_array() || json.is_object(); }

/// indent 0 writes one line.
class Writer {
 public:
  Writer(std::string& out, std::size_t indent) : out_(out), indent_(indent) {}

  void operator()(std::monostate) { out_ += "null"; }
  void operator()(bool value) { out_ += value ? "true" : "false"; }
  void operator()(std::int64_t value) { append_number(out_, value); }
  void operator()(double value) { append_number(out_, value); }
  void operator()(float value) { append_number(out_, value); }
  void operator()(const std::string& value) { append_escaped(out_, value); }

  void operator()(const Json::Array& array) {
    if (indent_ > 0 && write_on_one_line(array)) return;
    open('[');
    for (std::size_t i = 0; i < array.size(); ++i) {
      next(i);
      array[i].visit(*this);
    }
    close(']', array.empty());
  }

  void operator()(const Json::Object& object) {
    open('{');
    for (std::size_t i = 0; i < object.size(); ++i) {
      next(i);
      append_escaped(out_, object[i].first);
      out_ += indent_ > 0 ? ": " : ":";
      object[i].second.visit(*this);
    }
    close('}', object.empty());
  }

 private:
  bool write_on_one_line(const Json::Array& array) {
    const std::size_t start = out_.size();
    out_ += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += ", ";
      if (!is_nested(array[i])) array[i].visit(*this);
      if (is_nested(array[i]) || out_.size() - start > kLineWidth) {
        out_.resize(start);
        return false;
      }
    }
    out_ += ']';
    return true;
  }

  void line() {
    if (indent_ == 0) return;
    out_ += '\n';
    out_.append(level_ * indent_, ' ');
  }
  void open(char bracket) {
    out_ += bracket;
    ++level_;
  }
  void next(std::size_t i) {
    if (i > 0) out_ += ',';
    line();
  }
  void close(char bracket, bool empty) {
    --level_;
    if (!empty) line();
    out_ += bracket;
  }

  std::string& out_;
  std::size_t indent_;
  std::size_t level_ = 0;
};

}  // namespace

std::string Json::dump(int indent) const {
  std::string out;
  Writer writer(out, indent > 0 ? static_cast<std::size_t>(indent) : 0);
  visit(writer);
  return out;
}

}  // namespace poise
