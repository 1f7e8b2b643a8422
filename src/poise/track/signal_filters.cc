#include "poise/track/signal_filters.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "poise/base/check.h"
#include "poise/base/median.h"

namespace poise {
namespace {

/// One run, begun as if the first sample had been there for ever.
void run(const SecondOrderFilter& filter, std::vector<double>& values) {
  const auto& [b, a] = filter;
  double second = (b[2] - a[2]) * values.front();
  double first = (b[1] - a[1]) * values.front() + second;
  for (double& value : values) {
    const double x = value;
    value = b[0] * x + first;
    first = b[1] * x - a[1] * value + second;
    second = b[2] * x - a[2] * value;
  }
}

}  // namespace

std::vector<bool> replace_outliers(std::vector<double>& values, int half_window, double deviations, double least) {
  constexpr double kSigmaOfMad = 1.4826;  // of normally distributed samples
  const std::vector<double> before = values;
  const auto count = static_cast<std::ptrdiff_t>(values.size());
  std::vector<bool> outliers(values.size(), false);
  std::vector<double> window;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const std::ptrdiff_t begin = std::max<std::ptrdiff_t>(0, i - half_window);
    const std::ptrdiff_t end = std::min(count, i + half_window + 1);
    window.assign(before.begin() + begin, before.begin() + end);
    const double middle = median(window);
    for (double& value : window) value = std::abs(value - middle);
    const double allowed = std::max(least, deviations * kSigmaOfMad * median(window));
    const auto sample = static_cast<std::size_t>(i);
    if (std::abs(before[sample] - middle) <= allowed) continue;
    outliers[sample] = true;
    values[sample] = middle;
  }
  return outliers;
}

SecondOrderFilter butterworth_low_pass(double cutoff, double rate) {
  POISE_CHECK(cutoff > 0 && cutoff < rate / 2);
  const double k = std::tan(std::numbers::pi * cutoff / rate);  // the bilinear transform, warped to hold the cut-off
  const double scale = 1 / (1 + std::numbers::sqrt2 * k + k * k);
  const double b = k * k * scale;
  return {{b, 2 * b, b}, {1, 2 * (k * k - 1) * scale, (1 - std::numbers::sqrt2 * k + k * k) * scale}};
}

std::vector<double> filter_both_ways(const SecondOrderFilter& filter, std::span<const double> values) {
  if (values.size() < 2) return {values.begin(), values.end()};
  constexpr std::size_t kPadding = 9;  // scipy's: three times the coefficients
  const std::size_t padding = std::min(kPadding, values.size() - 1);
  std::vector<double> longer;
  longer.reserve(values.size() + 2 * padding);
  for (std::size_t i = padding; i > 0; --i) longer.push_back(2 * values.front() - values[i]);
  longer.insert(longer.end(), values.begin(), values.end());
  for (std::size_t i = 1; i <= padding; ++i) longer.push_back(2 * values.back() - values[values.size() - 1 - i]);
  run(filter, longer);
  std::reverse(longer.begin(), longer.end());
  run(filter, longer);
  std::reverse(longer.begin(), longer.end());
  const auto begin = longer.begin() + static_cast<std::ptrdiff_t>(padding);
  return {begin, begin + static_cast<std::ptrdiff_t>(values.size())};
}

}  // namespace poise
