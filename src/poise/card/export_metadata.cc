#include "poise/card/export_metadata.h"

#include <cctype>
#include <charconv>

namespace poise::card {
namespace {

constexpr std::size_t kMost = 100'000;  // names or numbers

class NamesReader {
 public:
  explicit NamesReader(std::string_view text) : text_(text) {}

  std::vector<std::string> read() {
    const bool dict = take('{');
    if (!dict && !take('[')) return {};
    std::map<std::size_t, std::string> names;
    while (names.size() < kMost && peek() != (dict ? '}' : ']')) {
      std::size_t place = names.size();
      std::string name;
      if (dict && (!key(place) || !take(':'))) return {};
      if (!quoted(name) || !names.emplace(place, std::move(name)).second) return {};
      if (!take(',')) break;
    }
    if (!take(dict ? '}' : ']') || peek() != '\0') return {};
    if (names.empty() || names.rbegin()->first != names.size() - 1) return {};
    std::vector<std::string> list;
    for (auto& [place, name] : names) list.push_back(std::move(name));
    return list;
  }

 private:
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  /// 7 or "7".
  bool key(std::size_t& place) {
    std::string digits;
    if (peek() == '\'' || peek() == '"') {
      if (!quoted(digits)) return false;
    } else {
      while (std::isdigit(static_cast<unsigned char>(peek())) != 0) digits += text_[at_++];
    }
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), place);
    return error == std::errc() && stop == digits.data() + digits.size() && place < kMost;
  }
  bool quoted(std::string& into) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return false;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      into += text_[at_];
    }
    return take(quote);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<std::string> exported_names(std::string_view text) { return NamesReader(text).read(); }

std::vector<std::int64_t> exported_numbers(std::string_view text) {
  std::vector<std::int64_t> numbers;
  std::size_t at = 0;
  while (at < text.size() && numbers.size() < kMost) {
    const char c = text[at];
    if (std::isspace(static_cast<unsigned char>(c)) != 0 || c == '[' || c == ']' || c == '(' || c == ')' || c == ',') {
      ++at;
      continue;
    }
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (error != std::errc()) return {};
    numbers.push_back(number);
    at = static_cast<std::size_t>(stop - text.data());
  }
  return numbers;
}

std::vector<std::string> exported_joint_names(std::string_view text) {
  const std::size_t first = text.find('[');
  const std::size_t last = first == std::string_view::npos ? first : text.find(']', first);
  if (last == std::string_view::npos) return {};
  return exported_names(text.substr(first, last + 1 - first));
}

std::string_view exported(const std::map<std::string, std::string>& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace poise::card
