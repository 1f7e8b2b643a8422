#include "poise/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <thread>

#include "poise/base/check.h"
#include "poise/base/random.h"
#include "poise/base/thread_pool.h"

namespace poise {

double quantile(const std::vector<double>& sorted, double q) {
  POISE_CHECK(!sorted.empty());
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(at));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Result<std::vector<FigureInterval>> bootstrap_coco(const CocoTruth& truth, const CocoResults& results,
                                                   const CocoMatches& matches, const CocoEvalOptions& evaluation,
                                                   const BootstrapOptions& options) {
  constexpr int kMaxSamples = 1'000'000;
  if (options.samples < 2 || options.samples > kMaxSamples) {
    return invalid_argument("bootstrap takes 2 to 1000000 samples, not " + std::to_string(options.samples));
  }
  if (!(options.confidence > 0 && options.confidence < 1)) {
    return invalid_argument("the bootstrap's confidence must lie between 0 and 1");
  }
  const std::size_t images = truth.images.size();
  const auto sample = [&](int number) {
    Random random(options.seed, static_cast<std::uint64_t>(number));
    std::vector<int> weight(images);
    for (std::size_t i = 0; i < images; ++i) ++weight[static_cast<std::size_t>(random.below(images))];
    return coco_figures(truth, results, matches, evaluation, weight);
  };
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  ThreadPool pool(std::clamp(options.threads > 0 ? options.threads : processors, 1, 64));
  std::vector<std::future<std::vector<std::pair<std::string, double>>>> waiting;
  waiting.reserve(static_cast<std::size_t>(options.samples));
  for (int i = 0; i < options.samples; ++i) waiting.push_back(pool.submit([&sample, i] { return sample(i); }));
  std::vector<FigureInterval> intervals;
  std::vector<std::vector<double>> values;
  for (auto& one : waiting) {
    const auto figures = one.get();
    if (intervals.empty()) {
      for (const auto& [name, value] : figures) intervals.push_back({name, -1, -1});
      values.resize(figures.size());
    }
    for (std::size_t f = 0; f < figures.size(); ++f) {
      if (figures[f].second > -1) values[f].push_back(figures[f].second);
    }
  }
  const double tail = (1 - options.confidence) / 2;
  for (std::size_t f = 0; f < intervals.size(); ++f) {
    if (values[f].empty()) continue;
    std::sort(values[f].begin(), values[f].end());
    intervals[f].low = quantile(values[f], tail);
    intervals[f].high = quantile(values[f], 1 - tail);
  }
  return intervals;
}

}  // namespace poise
