#include "poise/metrics/angles.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <limits>
#include <map>
#include <numbers>
#include <thread>

#include "poise/base/counted.h"
#include "poise/base/random.h"
#include "poise/base/thread_pool.h"
#include "poise/metrics/bootstrap.h"
#include "poise/metrics/numpy_sum.h"

namespace poise {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kZ95 = 1.959963984540054;
constexpr double kTail = 0.025;
constexpr std::size_t kFewestForPercentiles = 10;
constexpr int kMostSamples = 1'000'000;

struct Reading {
  int image;
  double truth, error, size;
  double predicted() const { return truth + error; }
};
using Readings = std::vector<Reading>;

double mean_of(const std::vector<double>& values) {
  return numpy_sum(values.data(), values.size()) / static_cast<double>(values.size());
}

template <typename Of>
std::vector<double> each(const Readings& readings, Of of) {
  std::vector<double> values;
  values.reserve(readings.size());
  for (const Reading& one : readings) values.push_back(of(one));
  return values;
}

/// Second moments of truth and prediction about their means, divided by nothing.
struct Moments {
  double n, truth, predicted;  // means
  double tt, tp, pp;
  bool flat_truth, flat_predicted;  // no spread but rounding noise
};

bool is_flat(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double largest = std::max(std::abs(*low), std::abs(*high));
  return *high - *low <= 1e-12 * std::max(1.0, largest);
}

Moments moments_of(const Readings& readings) {
  const auto t = each(readings, [](const Reading& r) { return r.truth; });
  const auto p = each(readings, [](const Reading& r) { return r.predicted(); });
  Moments m{static_cast<double>(readings.size()), mean_of(t), mean_of(p), 0, 0, 0, is_flat(t), is_flat(p)};
  for (std::size_t i = 0; i < t.size(); ++i) {
    m.tt += (t[i] - m.truth) * (t[i] - m.truth);
    m.tp += (t[i] - m.truth) * (p[i] - m.predicted);
    m.pp += (p[i] - m.predicted) * (p[i] - m.predicted);
  }
  return m;
}

double slope_of(const Moments& m) { return m.n < 3 || m.flat_truth ? kNan : m.tp / m.tt; }

/// ICC(A,1): two-way, absolute agreement, single measurement (McGraw and Wong, 1996), of two raters.
double icc_of(const Readings& readings, const Moments& m) {
  if (m.n < 2 || m.flat_truth) return kNan;
  const double grand = (m.truth + m.predicted) / 2;
  double rows = 0;
  double all = 0;
  for (const Reading& one : readings) {
    const double middle = (one.truth + one.predicted()) / 2 - grand;
    rows += 2 * middle * middle;
    all += (one.truth - grand) * (one.truth - grand) + (one.predicted() - grand) * (one.predicted() - grand);
  }
  const double columns = m.n * ((m.truth - grand) * (m.truth - grand) + (m.predicted - grand) * (m.predicted - grand));
  const double ms_rows = rows / (m.n - 1);
  const double ms_error = (all - rows - columns) / (m.n - 1);
  const double whole = ms_rows + ms_error + 2 * (columns - ms_error) / m.n;
  return whole == 0 ? kNan : (ms_rows - ms_error) / whole;
}

/// Lin's concordance correlation.
double ccc_of(const Moments& m) {
  if (m.n < 2 || m.flat_truth) return kNan;
  const double apart = m.truth - m.predicted;
  const double whole = m.tt / m.n + m.pp / m.n + apart * apart;
  return whole == 0 ? kNan : 2 * (m.tp / m.n) / whole;
}

/// In this order in AngleReport::figures.
enum Figure {
  kBias,
  kMedianError,
  kMeanAbsError,
  kMedianAbsError,
  kP95AbsError,
  kRmse,
  kBigErrorRate,
  kLowerLimit,
  kUpperLimit,
  kLowerPercentile,
  kUpperPercentile,
  kSlope,
  kIntercept,
  kIcc,
  kCcc,
  kPearson,
  kFigures
};
constexpr std::array<const char*, kFigures> kNames = {"bias",
                                                      "median_error",
                                                      "mean_abs_error",
                                                      "median_abs_error",
                                                      "p95_abs_error",
                                                      "rmse",
                                                      "big_error_rate",
                                                      "lower_limit",
                                                      "upper_limit",
                                                      "lower_percentile",
                                                      "upper_percentile",
                                                      "slope",
                                                      "intercept",
                                                      "icc",
                                                      "ccc",
                                                      "pearson"};
using Values = std::array<double, kFigures>;

Values values_of(const Readings& readings, double big_error) {
  Values v;
  v.fill(kNan);
  if (readings.empty()) return v;
  auto errors = each(readings, [](const Reading& r) { return r.error; });
  auto sizes = each(readings, [](const Reading& r) { return std::abs(r.error); });
  const auto n = static_cast<double>(readings.size());
  v[kBias] = mean_of(errors);
  v[kMeanAbsError] = mean_of(sizes);
  v[kRmse] = std::sqrt(mean_of(each(readings, [](const Reading& r) { return r.error * r.error; })));
  v[kBigErrorRate] =
      static_cast<double>(std::count_if(sizes.begin(), sizes.end(), [&](double e) { return e >= big_error; })) / n;
  if (readings.size() > 1) {
    const auto squares = each(readings, [&](const Reading& r) { return (r.error - v[kBias]) * (r.error - v[kBias]); });
    const double spread = kZ95 * std::sqrt(numpy_sum(squares.data(), squares.size()) / (n - 1));
    v[kLowerLimit] = v[kBias] - spread;
    v[kUpperLimit] = v[kBias] + spread;
  }
  std::sort(errors.begin(), errors.end());
  std::sort(sizes.begin(), sizes.end());
  v[kMedianError] = quantile(errors, 0.5);
  v[kMedianAbsError] = quantile(sizes, 0.5);
  v[kP95AbsError] = quantile(sizes, 0.95);
  if (readings.size() >= kFewestForPercentiles) {
    v[kLowerPercentile] = quantile(errors, kTail);
    v[kUpperPercentile] = quantile(errors, 1 - kTail);
  }
  const Moments m = moments_of(readings);
  v[kSlope] = slope_of(m);
  v[kIntercept] = m.predicted - v[kSlope] * m.truth;
  v[kIcc] = icc_of(readings, m);
  v[kCcc] = ccc_of(m);
  v[kPearson] = m.flat_truth || m.flat_predicted ? kNan : m.tp / std::sqrt(m.tt * m.pp);
  return v;
}

/// Two edges of each band.
std::vector<std::pair<double, double>> bands_of(const std::vector<double>& edges) {
  std::vector<std::pair<double, double>> bands;
  double low = 0;
  for (const double edge : edges) bands.emplace_back(std::exchange(low, edge), edge);
  bands.emplace_back(low, kInfinity);
  return bands;
}

Readings within(const Readings& readings, std::pair<double, double> band) {
  Readings inside;
  for (const Reading& one : readings) {
    if (one.size >= band.first && one.size < band.second) inside.push_back(one);
  }
  return inside;
}

double rate_of(const Readings& readings, double big_error) { return values_of(readings, big_error)[kBigErrorRate]; }

/// Percentiles of resampled values; undefined where more samples than a tail holds have none.
AngleInterval interval_of(std::vector<double> values) {
  const std::size_t all = values.size();
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (all == 0 || values.empty() || static_cast<double>(all - values.size()) > kTail * static_cast<double>(all)) {
    return {kNan, kNan};
  }
  std::sort(values.begin(), values.end());
  return {quantile(values, kTail), quantile(values, 1 - kTail)};
}

/// Never narrower than Wilson's; where one is undefined, so is the other.
AngleInterval wider(AngleInterval a, AngleInterval b) {
  if (std::isnan(b.low)) return b;
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

/// Readings of whole images, drawn with replacement.
class Resampling {
 public:
  explicit Resampling(const Readings& readings) {
    std::map<int, std::size_t> places;
    for (const Reading& one : readings) {
      const auto [at, fresh] = places.emplace(one.image, images_.size());
      if (fresh) images_.emplace_back();
      images_[at->second].push_back(one);
    }
  }
  std::size_t images() const { return images_.size(); }
  Readings draw(std::uint64_t seed, int number) const {
    Random random(seed, static_cast<std::uint64_t>(number));
    Readings drawn;
    for (std::size_t i = 0; i < images_.size(); ++i) {
      const Readings& image = images_[static_cast<std::size_t>(random.below(images_.size()))];
      drawn.insert(drawn.end(), image.begin(), image.end());
    }
    return drawn;
  }

 private:
  std::vector<Readings> images_;
};

void summarise(const Readings& readings, const AngleOptions& options, ThreadPool& pool, AngleReport& report) {
  report.read = readings.size();
  const Values values = values_of(readings, options.big_error);
  const auto bands = bands_of(options.size_bands);
  const Resampling resampling(readings);
  report.images = resampling.images();
  std::vector<std::vector<double>> drawn(kFigures + bands.size());
  if (resampling.images() > 1) {  // of one image each sample is the same
    std::vector<std::future<std::vector<double>>> waiting;
    for (int i = 0; i < options.samples; ++i) {
      waiting.push_back(pool.submit([&, i] {
        const Readings sample = resampling.draw(options.seed, i);
        const Values all = values_of(sample, options.big_error);
        std::vector<double> result(all.begin(), all.end());
        for (const auto& band : bands) result.push_back(rate_of(within(sample, band), options.big_error));
        return result;
      }));
    }
    for (auto& one : waiting) {
      const std::vector<double> result = one.get();
      for (std::size_t f = 0; f < result.size(); ++f) drawn[f].push_back(result[f]);
    }
  }
  // Readings of one image are not independent, as Wilson would have them.
  const bool grouped = resampling.images() < readings.size();
  const auto rate_interval = [&](const Readings& some, std::vector<double>& samples) -> AngleInterval {
    if (resampling.images() < 2 || samples.empty()) return {kNan, kNan};
    const auto big = std::count_if(some.begin(), some.end(),
                                   [&](const Reading& r) { return std::abs(r.error) >= options.big_error; });
    const AngleInterval plain = wilson(static_cast<std::size_t>(big), some.size());
    return grouped ? wider(plain, interval_of(samples)) : plain;
  };
  for (std::size_t f = 0; f < kFigures; ++f) {
    const AngleInterval interval = f == kBigErrorRate ? rate_interval(readings, drawn[f]) : interval_of(drawn[f]);
    report.figures.push_back({kNames[f], values[f], interval});
  }
  for (std::size_t b = 0; b < bands.size(); ++b) {
    const Readings inside = within(readings, bands[b]);
    if (inside.empty()) continue;
    const Values figures = values_of(inside, options.big_error);
    report.bands.push_back({bands[b].first, bands[b].second, inside.size(), figures[kMeanAbsError],
                            figures[kBigErrorRate], rate_interval(inside, drawn[kFigures + b])});
  }
}

/// Three joints of a row.
struct Corners {
  std::array<const double*, 3> at;
  Corners(const std::vector<double>& keypoints, std::size_t row, std::size_t width, const Angle& angle) {
    for (std::size_t i = 0; i < at.size(); ++i) {
      at[i] = keypoints.data() + 3 * (row * width + static_cast<std::size_t>(angle.joints[i]));
    }
  }
  bool there() const { return at[0][2] > 0 && at[1][2] > 0 && at[2][2] > 0; }
  double angle() const {
    return angle_between(at[0][0] - at[1][0], at[0][1] - at[1][1], at[2][0] - at[1][0], at[2][1] - at[1][1]);
  }
  double size() const {
    const auto side = [&](std::size_t i) { return std::hypot(at[i][0] - at[1][0], at[i][1] - at[1][1]); };
    return (side(0) + side(2)) / 2;
  }
};

Readings read(const CocoTruth& truth, const CocoResults& results, const CocoPairs& pairs, AngleReport& report) {
  Readings readings;
  const auto width = static_cast<std::size_t>(truth.joints);
  for (const std::size_t row : pairs.missed) {
    ++(Corners(truth.keypoints, row, width, report.angle).there() ? report.missed : report.unlabelled);
  }
  for (const auto& [truth_row, result_row] : pairs.pairs) {
    const Corners wanted(truth.keypoints, truth_row, width, report.angle);
    const Corners found(results.keypoints, result_row, width, report.angle);
    if (!wanted.there()) {
      ++report.unlabelled;
    } else if (!found.there()) {
      ++report.not_found;
    } else if (const double t = wanted.angle(), p = found.angle(); std::isnan(t) || std::isnan(p)) {
      ++report.unmeasurable;
    } else {
      readings.push_back({truth.image[truth_row], t, p - t, wanted.size()});
    }
  }
  return readings;
}

Status check(const AngleOptions& options) {
  if (!(options.big_error > 0)) return invalid_argument("an error is large from a number of degrees above 0");
  if (options.samples < 0 || options.samples == 1 || options.samples > kMostSamples) {
    return invalid_argument("the bootstrap takes no samples, or 2 to 1000000");
  }
  double before = 0;
  for (const double edge : options.size_bands) {
    if (!(edge > before)) return invalid_argument("bands of sizes are edges in pixels, above 0 and rising");
    before = edge;
  }
  return {};
}

}  // namespace

double angle_between(double ax, double ay, double bx, double by) {
  if ((ax == 0 && ay == 0) || (bx == 0 && by == 0)) return kNan;
  // Angles do not depend on length: scaled, huge numbers stay finite. atan2 is exact near 0 and 180.
  const double a = std::max(std::abs(ax), std::abs(ay));
  const double b = std::max(std::abs(bx), std::abs(by));
  const double cross = ax / a * (by / b) - ay / a * (bx / b);
  const double dot = ax / a * (bx / b) + ay / a * (by / b);
  return std::atan2(std::abs(cross), dot) * (180 / std::numbers::pi);
}

AngleInterval wilson(std::size_t successes, std::size_t count) {
  if (count == 0) return {kNan, kNan};
  const auto n = static_cast<double>(count);
  const double p = static_cast<double>(successes) / n;
  const double centre = (p + kZ95 * kZ95 / (2 * n)) / (1 + kZ95 * kZ95 / n);
  const double half = kZ95 * std::sqrt(p * (1 - p) / n + kZ95 * kZ95 / (4 * n * n)) / (1 + kZ95 * kZ95 / n);
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Result<AngleEvaluation> measure_angles(const CocoTruth& truth, const CocoResults& results,
                                       const std::vector<Angle>& angles, const AngleOptions& options) {
  POISE_RETURN_IF_ERROR(check(options));
  for (const Angle& angle : angles) {
    for (const int joint : angle.joints) {
      if (joint < 0 || joint >= truth.joints) return invalid_argument(angle.name + ": the truth has no such joint");
    }
  }
  AngleEvaluation evaluation;
  const CocoPairs pairs = pair_coco(truth, results, options.pairs);
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  ThreadPool pool(std::clamp(options.threads > 0 ? options.threads : processors, 1, 64));
  for (const Angle& angle : angles) {
    AngleReport& report = evaluation.angles.emplace_back();
    report.angle = angle;
    const Readings readings = read(truth, results, pairs, report);
    summarise(readings, options, pool, report);
    const std::size_t lost = report.missed + report.not_found + report.unmeasurable;
    if (10 * lost >= 3 * (lost + report.read) && lost > 0) {
      evaluation.notes.push_back(angle.name + ": " + std::to_string(lost) + " of " +
                                 std::to_string(lost + report.read) +
                                 " labelled ones were not read; the figures are of the others, which are easier");
    }
  }
  const auto say = [&](std::size_t count, const char* whom, const char* what) {
    if (count > 0) evaluation.notes.push_back(counted(count, whom) + what);
  };
  say(pairs.unmatched, "detection", " left out: no labelled person is there");
  say(pairs.crowds, "truth", " left out: crowds");
  return evaluation;
}

}  // namespace poise
