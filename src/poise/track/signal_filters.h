#pragma once
// Filters of one signal whose samples are evenly spaced and all there: what offline smoothing is made of.

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace poise {

/// Hampel's filter: samples further from the median of themselves and `half_window` samples on either side than
/// `deviations` standard deviations, estimated as 1.4826 times the median absolute deviation, and further than `least`,
/// in the samples' unit, become that median. At the ends the window is cut. Returns which those were. Source: Pearson,
/// "Outliers in process modeling and identification", 2002.
std::vector<bool> replace_outliers(std::vector<double>& values, int half_window, double deviations, double least = 0);

/// y[n] = b[0] x[n] + b[1] x[n-1] + b[2] x[n-2] - a[1] y[n-1] - a[2] y[n-2].
struct SecondOrderFilter {
  std::array<double, 3> b{1, 0, 0};
  std::array<double, 3> a{1, 0, 0};
};

/// Butterworth's low-pass of the second order; as scipy.signal.butter(2, cutoff / (rate / 2)). Needs
/// 0 < cutoff < rate / 2, both in Hz. Pure.
SecondOrderFilter butterworth_low_pass(double cutoff, double rate);

/// The filter run forwards and then backwards, so that nothing comes late; the attenuation is that of both runs. The
/// ends are lengthened by nine samples turned about the last one; as scipy.signal.filtfilt(b, a, x, padtype="odd").
/// Signals of nine samples or less, which scipy refuses, are lengthened by all they have. Needs a filter that leaves a
/// constant as it is. Pure.
std::vector<double> filter_both_ways(const SecondOrderFilter& filter, std::span<const double> values);

}  // namespace poise
