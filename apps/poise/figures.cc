#include "figures.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace poise::app {
namespace {

std::string with_digits(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

}  // namespace

std::string duration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "unknown";
  if (seconds < 0.005) return "0 s";
  if (seconds < 0.095) return with_digits(seconds, 2) + " s";
  if (seconds < 9.95) return with_digits(seconds, 1) + " s";
  const auto whole = static_cast<long>(std::lround(seconds));
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

std::string figure(double value) {
  if (!std::isfinite(value)) return "unknown";
  constexpr int kDigits = 3;
  const double size = std::abs(value);
  const int before = size < 1e-9 ? 1 : static_cast<int>(std::floor(std::log10(size))) + 1;
  const int after = kDigits - before;
  return with_digits(value, after < 0 ? 0 : after > 6 ? 6 : after);
}

std::string rate(double per_second) {
  if (per_second > 0 && per_second < 1) return duration(1 / per_second) + " each";
  return figure(per_second) + "/s";
}

}  // namespace poise::app
