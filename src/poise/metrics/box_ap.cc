#include "poise/metrics/box_ap.h"

#include <algorithm>
#include <cmath>

namespace poise {

std::vector<JudgedBox> judge_boxes(std::span<const ScoredBox> found, std::span<const Box> truth, float min_iou,
                                   const std::function<bool(const Box&)>& is_ignored) {
  std::vector<ScoredBox> sorted(found.begin(), found.end());
  std::ranges::stable_sort(sorted, [](const ScoredBox& a, const ScoredBox& b) { return a.score > b.score; });
  std::vector<bool> taken(truth.size());
  std::vector<JudgedBox> judged;
  for (const ScoredBox& one : sorted) {
    std::size_t best = truth.size();
    float overlap = min_iou;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const float here = taken[i] ? -1.0F : iou(one.box, truth[i]);
      if (here >= overlap) overlap = here, best = i;
    }
    const bool right = best < truth.size();
    if (right) taken[best] = true;
    if (right || !is_ignored || !is_ignored(one.box)) judged.push_back({one.score, right});
  }
  return judged;
}

double average_precision(std::vector<JudgedBox> judged, std::size_t truths) {
  if (truths == 0) return 0;
  std::ranges::stable_sort(judged, [](const JudgedBox& a, const JudgedBox& b) { return a.score > b.score; });
  std::vector<double> recall, precision;
  std::size_t right = 0;
  for (std::size_t i = 0; i < judged.size(); ++i) {
    right += judged[i].right ? 1 : 0;
    recall.push_back(static_cast<double>(right) / static_cast<double>(truths));
    precision.push_back(static_cast<double>(right) / static_cast<double>(i + 1));
  }
  for (std::size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  constexpr int kRecalls = 101;
  double sum = 0;
  for (int k = 0; k < kRecalls; ++k) {
    const auto at = std::ranges::lower_bound(recall, static_cast<double>(k) / (kRecalls - 1));
    if (at != recall.end()) sum += precision[static_cast<std::size_t>(at - recall.begin())];
  }
  return sum / kRecalls;
}

}  // namespace poise
