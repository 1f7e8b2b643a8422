#pragma once
// Values of a configuration by their path ("MODEL.EXTRA.SIGMA"), each with what holds where it is not set. Internal to
// what reads the networks' authors' files. Errors: kInvalidArgument, naming the path and the value found. Any threads.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "poise/base/counted.h"
#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/geometry/point.h"

namespace poise {

class ConfigReader {
 public:
  explicit ConfigReader(const Json& root) : root_(root) {}

  const Json* find(std::string_view path) const {
    const Json* at = &root_;
    while (at != nullptr && !path.empty()) {
      const std::size_t dot = path.find('.');
      at = at->find(path.substr(0, dot));
      path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    }
    return at != nullptr && at->is_null() ? nullptr : at;
  }

  Result<int> integer(const std::string& path, int fallback) const {
    const Json* found = find(path);
    if (found == nullptr) return fallback;
    return to_int(path, *found);
  }

  Result<bool> boolean(const std::string& path, bool fallback) const {
    const Json* found = find(path);
    if (found == nullptr) return fallback;
    if (!found->is_bool()) return wrong(path, "must be true or false", *found);
    return found->as_bool();
  }

  Result<std::string> text(const std::string& path, const std::string& fallback) const {
    const Json* found = find(path);
    if (found == nullptr) return fallback;
    if (!found->is_string()) return wrong(path, "must be a text", *found);
    return found->as_string();
  }

  Result<double> number(const std::string& path, double fallback) const {
    const Json* found = find(path);
    if (found == nullptr) return fallback;
    if (!found->is_number()) return wrong(path, "must be a number", *found);
    return found->as_number();
  }

  /// [width, height], or one number for both.
  Result<Size> size(const std::string& path, Size fallback) const {
    const Json* found = find(path);
    if (found == nullptr) return fallback;
    if (!found->is_array()) {
      POISE_TRY(const int side, to_int(path, *found));
      return Size{side, side};
    }
    if (found->as_array().size() != 2) return wrong(path, "must be [width, height]", *found);
    POISE_TRY(const int width, to_int(path, found->as_array()[0]));
    POISE_TRY(const int height, to_int(path, found->as_array()[1]));
    return Size{width, height};
  }

  /// The one value of a list of `count` equal ones: lists with different values describe no network we build.
  Result<int> same(const std::string& path, int count, int fallback) const {
    const Json* found = find(path);
    if (found == nullptr) return fallback;
    if (!found->is_array() || static_cast<int>(found->as_array().size()) != count) {
      return wrong(path, "must list " + counted(count, "number") + ", one a layer", *found);
    }
    int value = fallback;
    for (std::size_t i = 0; i < found->as_array().size(); ++i) {
      POISE_TRY(const int one, to_int(path, found->as_array()[i]));
      if (i > 0 && one != value)
        return wrong(path, "must list equal numbers; different ones are not supported", *found);
      value = one;
    }
    return value;
  }

  Status must_be(const std::string& path, const Json& wanted) const {
    const Json* found = find(path);
    if (found == nullptr || found->dump() == wanted.dump()) return {};
    return wrong(path, "must be " + wanted.dump() + ", other shapes of the network are not supported", *found);
  }

  static Error wrong(const std::string& path, const std::string& must, const Json& found) {
    constexpr std::size_t kLongest = 60;
    std::string value = found.dump();
    if (value.size() > kLongest) value = value.substr(0, kLongest) + "...";
    return invalid_argument(path + " " + must + ", it is " + value);
  }

 private:
  static Result<int> to_int(const std::string& path, const Json& json) {
    constexpr std::int64_t kLargest = 1'000'000;
    if (!json.is_integer() || json.as_integer() < 0 || json.as_integer() > kLargest) {
      return wrong(path, "must be a whole number of 0 to 1000000", json);
    }
    return static_cast<int>(json.as_integer());
  }

  const Json& root_;
};

}  // namespace poise
