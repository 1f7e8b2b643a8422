#pragma once
// Darknet's .cfg: sections of options. Internal to weights.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"

namespace poise {

/// "[convolutional]" and the lines under it. Typed members: `otherwise` where the option is not given; errors name the
/// section by its line: kMalformed, "[convolutional] in line 12: size must be a whole number from 1 to 64, it is ...".
class CfgSection {
 public:
  CfgSection(std::string name, int line) : name_(std::move(name)), line_(line) {}

  const std::string& name() const { return name_; }
  bool has(std::string_view option) const { return options_.find(option) != options_.end(); }
  /// "[convolutional] in line 12".
  std::string where() const;
  Error error(const std::string& what) const { return malformed(where() + ": " + what); }

  Result<std::int64_t> whole(std::string_view option, std::int64_t otherwise, std::int64_t low,
                             std::int64_t high) const;
  Result<float> number(std::string_view option, float otherwise, float low, float high) const;
  /// Numbers with commas between; at least one, at most `most`. An option that is not given is an error.
  Result<std::vector<float>> numbers(std::string_view option, float low, float high, std::size_t most) const;
  Result<std::vector<std::int64_t>> wholes(std::string_view option, std::int64_t low, std::int64_t high,
                                           std::size_t most) const;
  std::string text(std::string_view option, std::string_view otherwise) const;

  void set(std::string option, std::string value) { options_[std::move(option)] = std::move(value); }

 private:
  std::string name_;
  int line_;
  std::map<std::string, std::string, std::less<>> options_;
};

/// At most `most` sections. Errors: kMalformed, naming the line; kTooLarge.
Result<std::vector<CfgSection>> parse_cfg(std::string_view text, std::size_t most);

}  // namespace poise
