#pragma once
// Reading a card's members, with messages that name them: by codecs, which read their own parameters, and by the cards
// of pose networks and detectors. Internal to codec and card.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/printable.h"
#include "poise/base/result.h"

namespace poise::card {

template <typename Names>
std::string join(const Names& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  return list;
}

template <typename Value>
struct Word {
  const char* text;
  Value value;
};

template <typename Value, std::size_t N>
const char* word_of(const std::array<Word<Value>, N>& words, Value value) {
  return std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.value == value; })->text;
}

inline Error wrong(std::string_view member, const std::string& what) {
  return invalid_argument("card member \"" + std::string(member) + "\" " + what);
}

inline Error wrong_kind(std::string_view member, const std::string& wanted, const Json& found) {
  return wrong(member, "must be " + wanted + ", it is " + found.kind());
}

// Reads members that are there, and leaves the others as they are.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  Status text(const char* member, std::string& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    if (!found->is_string()) return wrong_kind(member, "a string", *found);
    out = found->as_string();
    return {};
  }

  template <typename Value, std::size_t N>
  Status word(const char* member, const std::array<Word<Value>, N>& words, Value& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    if (!found->is_string()) return wrong_kind(member, "a string", *found);
    for (const auto& candidate : words) {
      if (found->as_string() != candidate.text) continue;
      out = candidate.value;
      return {};
    }
    std::vector<std::string> known;
    known.reserve(N);
    for (const auto& candidate : words) known.emplace_back(candidate.text);
    return wrong(member, "must be one of " + join(known) + ", it is " + printable(found->as_string()));
  }

  Status boolean(const char* member, bool& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    if (!found->is_bool()) return wrong_kind(member, "true or false", *found);
    out = found->as_bool();
    return {};
  }

  Status number(const char* member, double low, double high, float& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    if (!found->is_number()) return wrong_kind(member, "a number", *found);
    return in_range(member, found->as_number(), low, high, out);
  }

  Status whole(const char* member, std::int64_t low, std::int64_t high, int& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    if (!found->is_integer() || found->as_integer() < low || found->as_integer() > high) {
      return wrong(member, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    }
    out = static_cast<int>(found->as_integer());
    return {};
  }

  Status three(const char* member, double low, double high, std::array<float, 3>& out) const {
    const Json* found = json_.find(member);
    if (found == nullptr) return {};
    const bool fits = found->is_array() && found->as_array().size() == out.size() &&
                      std::all_of(found->as_array().begin(), found->as_array().end(),
                                  [](const Json& value) { return value.is_number(); });
    if (!fits) return wrong(member, "must be three numbers, in the order of the network's planes");
    for (std::size_t i = 0; i < out.size(); ++i)
      POISE_RETURN_IF_ERROR(in_range(member, found->as_array()[i].as_number(), low, high, out[i]));
    return {};
  }

 private:
  static Status in_range(const char* member, double value, double low, double high, float& out) {
    if (!(value >= low && value <= high))
      return wrong(member,
                   "must lie in [" + Json(low).dump() + ", " + Json(high).dump() + "], it is " + Json(value).dump());
    out = static_cast<float>(value);
    return {};
  }

  const Json& json_;
};

}  // namespace poise::card
