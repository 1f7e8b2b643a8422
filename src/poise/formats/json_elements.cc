#include "poise/formats/json_elements.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "poise/base/ascii.h"
#include "poise/base/input_file.h"
#include "poise/base/json.h"

namespace poise {
namespace {

constexpr std::size_t kRead = std::size_t{1} << 18U;   // bytes asked for at a time
constexpr std::size_t kBatch = std::size_t{1} << 18U;  // a batch ends with the element that reaches this
constexpr std::size_t kMaxElement = std::size_t{16} << 20U;
constexpr std::size_t kPadding = 64;  // a parser that reads beyond the end (simdjson) need not copy the text
constexpr int kMaxDepth = 256;
constexpr std::size_t kBlock = 32;  // bytes looked through at once

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool ends_scalar(char c) { return is_space(c) || c == ',' || c == ']' || c == '}'; }

/// Whether a block holds a bracket or a quote; no early exit, so that the compiler makes vector code of it.
bool has_structure(const char* p) {
  unsigned any = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const auto c = static_cast<unsigned char>(p[i]);
    const auto lower = static_cast<unsigned char>(c | 0x20U);  // '[' becomes '{', ']' becomes '}'
    any |= static_cast<unsigned>((lower == '{') | (lower == '}') | (c == '"'));
  }
  return any != 0;
}

const char* next_structure(const char* p, const char* end) {
  while (end - p >= static_cast<std::ptrdiff_t>(kBlock) && !has_structure(p)) p += kBlock;
  while (p < end && *p != '"' && *p != '[' && *p != ']' && *p != '{' && *p != '}') ++p;
  return p;
}

}  // namespace

Error blame_element(const JsonBatch& batch, const std::string& array, const Error& whole) {
  for (std::size_t i = 0; i + 1 < batch.at.size(); ++i) {
    const std::size_t begin = batch.at[i];
    std::string_view text = std::string_view(batch.text).substr(begin, batch.at[i + 1] - begin);
    text = text.substr(0, text.find_last_not_of(" \t\r\n,]") + 1);
    const auto parsed = parse_json(text);
    if (parsed.ok()) continue;
    const std::string& what = parsed.error().message;
    return malformed((batch.array.empty() ? array : batch.array) + "[" + std::to_string(batch.first + i) + "] (byte " +
                     std::to_string(batch.offset + begin - 1) + ") is not valid JSON" + what.substr(what.find(": ")));
  }
  return whole;
}

Error blame_element(BytesView text, std::vector<std::string> arrays, const std::string& array, const Error& whole) {
  JsonElements elements = JsonElements::of(text, std::move(arrays));
  for (JsonBatch batch;;) {
    const auto more = elements.next(batch);
    if (!more.ok() || !*more) return whole;
    if (!parse_json(batch.text).ok()) return blame_element(batch, array, whole);
  }
}

JsonElements::JsonElements(Source source, std::vector<std::string> arrays)
    : source_(std::move(source)), arrays_(std::move(arrays)) {}

Result<JsonElements> JsonElements::open(const std::filesystem::path& path, std::vector<std::string> arrays) {
  const std::string name = path.string();
  auto opened = InputFile::open(path);
  if (!opened.ok()) return opened.error().prefixed(name);
  const auto file = std::make_shared<InputFile>(std::move(*opened));
  return JsonElements(
      [file](std::span<char> into) -> Result<std::size_t> {
        return file->read({reinterpret_cast<std::uint8_t*>(into.data()), into.size()});
      },
      std::move(arrays));
}

JsonElements JsonElements::of(BytesView bytes, std::vector<std::string> arrays) {
  auto at = std::make_shared<std::size_t>(0);
  return JsonElements(
      [bytes, at](std::span<char> into) -> Result<std::size_t> {
        const std::size_t count = std::min(into.size(), bytes.size() - *at);
        if (count > 0) std::memcpy(into.data(), bytes.data() + *at, count);
        *at += count;
        return count;
      },
      std::move(arrays));
}

Error JsonElements::broken(const std::string& what) const {
  std::string where = "byte " + std::to_string(dropped_ + position_);
  if (state_ == State::kElement || state_ == State::kAfterElement) {
    where = (array_.empty() ? "element " + std::to_string(index_) : array_ + "[" + std::to_string(index_) + "]") +
            " (" + where + ")";
  }
  return malformed("not valid JSON at " + where + ": " + what);
}

Result<bool> JsonElements::refill() {
  if (keep_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + keep_, end_ - keep_);
    dropped_ += keep_;
    position_ -= keep_;
    end_ -= keep_;
    keep_ = 0;
  }
  if (end_ > kMaxElement)
    return too_large("an element of the JSON is over 16 MiB, at byte " + std::to_string(dropped_));
  if (buffer_.size() < end_ + kRead) buffer_.resize(std::max(end_ + kRead, 2 * buffer_.size()));
  POISE_TRY(const std::size_t count, source_(std::span<char>(buffer_).subspan(end_, kRead)));
  end_ += count;
  return count > 0;
}

Result<char> JsonElements::peek() {
  for (;;) {
    while (position_ < end_ && is_space(buffer_[position_])) ++position_;
    if (position_ < end_) return buffer_[position_];
    POISE_TRY(const bool more, refill());
    if (!more) return '\0';
  }
}

Status JsonElements::skip_value(bool keep) {
  int depth = 0;
  bool text = false;    // inside a quoted text
  bool scalar = false;  // inside a number or a word that is the whole value
  for (;;) {
    if (position_ == end_) {
      if (!keep) keep_ = position_;
      POISE_TRY(const bool more, refill());
      if (!more) {
        if (scalar) return {};
        return broken("the text ends here, in the middle of a value: is the file truncated?");
      }
    }
    const char c = buffer_[position_];
    if (text) {
      const char* begin = buffer_.data() + position_;
      const char* stop = begin;
      const char* last = buffer_.data() + end_;
      while (stop < last && *stop != '"' && *stop != '\\') ++stop;
      position_ += static_cast<std::size_t>(stop - begin);
      if (position_ == end_) continue;
      if (*stop == '\\') {
        ++position_;  // the backslash; what it escapes is taken unseen
        if (position_ == end_) {
          POISE_TRY(const bool more, refill());
          if (!more) return broken("the text ends here, in the middle of a value: is the file truncated?");
        }
        ++position_;
        continue;
      }
      ++position_;
      text = false;
      if (depth == 0) return {};
      continue;
    }
    if (depth == 0) {
      if (scalar && ends_scalar(c)) return {};
      if (!scalar && ends_scalar(c)) return broken("a value is missing");
    }
    if (c == '"') {
      text = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return broken("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    } else if (c == ']' || c == '}') {
      if (--depth == 0) {
        ++position_;
        return {};
      }
    } else if (depth == 0) {
      scalar = true;
    } else {
      position_ =
          static_cast<std::size_t>(next_structure(buffer_.data() + position_, buffer_.data() + end_) - buffer_.data());
      continue;
    }
    ++position_;
  }
}

Result<char> JsonElements::top() {
  if (state_ != State::kStart) return top_;
  POISE_TRY(char first, peek());
  if (first == '\xEF') {  // a byte order mark may be ignored (RFC 8259, 8.1)
    while (end_ - position_ < 3) {
      POISE_TRY(const bool more, refill());
      if (!more) break;
    }
    if (end_ - position_ >= 3 && std::memcmp(buffer_.data() + position_, "\xEF\xBB\xBF", 3) == 0) position_ += 3;
    POISE_TRY(first, peek());
  }
  if (first == '\0' && position_ == end_) return malformed("not valid JSON: the file is empty");
  while (end_ - position_ < 4) {
    POISE_TRY(const bool more, refill());
    if (!more) break;
  }
  const std::string_view start(&buffer_[position_], std::min<std::size_t>(4, end_ - position_));
  if (const char* other = other_encoding(start)) {
    return malformed(std::string("not valid JSON: the file is ") + other + ": save it as UTF-8");
  }
  if (first != '[' && first != '{') return broken("an array or an object was expected");
  top_ = first;
  keep_ = ++position_;
  state_ = first == '[' ? State::kElement : State::kMember;
  if (first == '[') POISE_RETURN_IF_ERROR(enter_array(""));
  return top_;
}

/// After the '['.
Status JsonElements::enter_array(const std::string& name) {
  array_ = name;
  index_ = 0;
  state_ = State::kElement;
  POISE_TRY(const char c, peek());
  if (c == ']') {
    keep_ = ++position_;
    state_ = State::kAfterMember;
  }
  return {};
}

Result<std::string> JsonElements::member_name() {
  const std::size_t begin = position_ - keep_;
  POISE_RETURN_IF_ERROR(skip_value(true));
  const std::string_view quoted(buffer_.data() + keep_ + begin, position_ - keep_ - begin);
  auto name = parse_json("[" + std::string(quoted) + "]");  // a text alone is no document to every parser
  if (!name.ok() || !name->as_array().front().is_string()) return broken("a member's name is no valid text");
  return name->as_array().front().as_string();
}

/// At a member's name, or the '}'.
Result<bool> JsonElements::next_member() {
  for (;;) {
    keep_ = position_;
    POISE_TRY(char c, peek());
    if (state_ == State::kAfterMember && top_ == '{') {
      if (c == '}') break;
      if (c != ',') return broken("',' or '}' was expected");
      keep_ = ++position_;
      POISE_TRY(c, peek());
      if (c != '"') return broken("a member's name was expected");
    } else if (c == '}') {
      break;
    }
    if (c != '"') return broken(c == '\0' ? "the text ends here: is the file truncated?" : "a member was expected");
    state_ = State::kMember;
    POISE_TRY(const std::string name, member_name());
    POISE_TRY(c, peek());
    if (c != ':') return broken("':' was expected");
    keep_ = ++position_;
    POISE_TRY(c, peek());
    if (std::find(arrays_.begin(), arrays_.end(), name) != arrays_.end()) {
      if (c != '[') return malformed("member \"" + name + "\" must be an array");
      keep_ = ++position_;
      POISE_RETURN_IF_ERROR(enter_array(name));
      if (state_ == State::kElement) return true;
      continue;
    }
    POISE_RETURN_IF_ERROR(skip_value(false));
    state_ = State::kAfterMember;
  }
  keep_ = ++position_;
  return false;
}

/// At an element, inside an array.
Result<bool> JsonElements::gather(JsonBatch& batch) {
  keep_ = position_;
  POISE_TRY(char c, peek());
  keep_ = position_;
  batch.array = array_;
  batch.first = index_;
  batch.offset = dropped_ + position_;
  batch.at.clear();
  for (;;) {
    batch.at.push_back(position_ - keep_ + 1);
    POISE_RETURN_IF_ERROR(skip_value(true));
    const std::size_t stop = position_ - keep_;
    state_ = State::kAfterElement;
    POISE_TRY(c, peek());
    if (c != ',' && c != ']') {
      return broken(c == '\0' ? "the text ends here: is the file truncated?" : "',' or ']' was expected");
    }
    ++position_;
    ++index_;
    if (c == ',' && stop < kBatch) {
      state_ = State::kElement;
      POISE_TRY(c, peek());
      continue;
    }
    batch.text.clear();
    batch.text.reserve(stop + 2 + kPadding);
    batch.text += '[';
    batch.text.append(buffer_.data() + keep_, stop);
    batch.text += ']';
    batch.at.push_back(stop + 1);
    state_ = c == ',' ? State::kElement : State::kAfterMember;
    keep_ = position_;
    return true;
  }
}

Result<bool> JsonElements::next(JsonBatch& batch) {
  POISE_RETURN_IF_ERROR(top());
  while (state_ != State::kDone) {
    if (state_ == State::kElement) return gather(batch);
    if (top_ == '{') {
      POISE_TRY(const bool inside, next_member());
      if (inside) continue;
    }
    POISE_TRY(const char after, peek());
    if (position_ < end_) return broken(std::string("'") + after + "' after the end of the value");
    state_ = State::kDone;
  }
  return false;
}

}  // namespace poise
