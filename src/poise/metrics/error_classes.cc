#include "poise/metrics/error_classes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "poise/base/check.h"

namespace poise {
namespace {

class Classifier {
 public:
  Classifier(const CocoTruth& truth, const CocoResults& results, const CocoMatches& matches,
             const CocoEvalOptions& evaluation, const ErrorClassOptions& options)
      : truth_(truth), results_(results), matches_(matches), evaluation_(evaluation), options_(options) {
    classes_.joints.resize(static_cast<std::size_t>(truth.joints));
    classes_.image_errors.assign(truth.images.size(), -1);
    wrong_.resize(truth.images.size());
    all_.resize(truth.images.size());
  }

  /// One image and category: rows of its truths, and of its detections, best first.
  void image(const std::vector<int>& truths, int begin, int end) {
    std::vector<int> taker(truths.size(), -1);
    std::vector<int> best(truths.size(), -1);
    std::vector<double> best_oks(truths.size(), options_.match);
    for (int d = begin; d < end; ++d) {
      double free_oks = options_.match;
      std::size_t chosen = truths.size();
      bool excused = false;
      bool taken = false;
      for (std::size_t i = 0; i < truths.size(); ++i) {
        const double oks = coco_oks(truth_, truths[i], results_, d, evaluation_);
        if (!(oks >= options_.match)) continue;
        if (is_ignored(truths[i])) {
          excused = true;
          continue;
        }
        if (best[i] < 0 || oks > best_oks[i]) {
          best_oks[i] = oks;
          best[i] = d;
        }
        if (taker[i] >= 0) {
          taken = true;
        } else if (oks >= free_oks) {
          free_oks = oks;
          chosen = i;
        }
      }
      if (chosen < truths.size()) {
        taker[chosen] = d;
      } else if (taken) {
        ++classes_.duplicates;
      } else if (!excused) {
        ++classes_.background;
      }
    }
    for (std::size_t i = 0; i < truths.size(); ++i) {
      if (is_ignored(truths[i])) continue;
      if (taker[i] < 0) {
        ++classes_.missed;
        miss(truths[i]);
        continue;
      }
      ++classes_.matched;
      if (best[i] != taker[i]) ++classes_.score;
      joints(truths, truths[i], taker[i]);
    }
  }

  ErrorClasses finish() {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (all_[i] > 0) classes_.image_errors[i] = wrong_[i] / all_[i];
    }
    for (const auto& joint : classes_.joints) {
      for (std::size_t e = 0; e < kJointErrors; ++e) classes_.total[e] += joint[e];
    }
    return std::move(classes_);
  }

 private:
  bool is_ignored(int g) const { return (matches_.truth_ignored[static_cast<std::size_t>(g)] & 1U) != 0; }
  const double* true_joint(int g, std::size_t j) const {
    return truth_.keypoints.data() + 3 * (static_cast<std::size_t>(g) * static_cast<std::size_t>(truth_.joints) + j);
  }
  bool counts(std::size_t j) const { return evaluation_.only_joints.empty() || evaluation_.only_joints[j]; }

  void miss(int g) {
    const auto image = static_cast<std::size_t>(truth_.image[static_cast<std::size_t>(g)]);
    for (std::size_t j = 0; j < classes_.joints.size(); ++j) {
      if (!(true_joint(g, j)[2] > 0) || !counts(j)) continue;
      ++wrong_[image];
      ++all_[image];
    }
  }

  /// Similarity of a point with joint j of person g, as joint `as` is judged; 0 where it is not labelled.
  double similarity(double x, double y, int g, std::size_t j, std::size_t as) const {
    const double* joint = true_joint(g, j);
    if (!(joint[2] > 0)) return 0;
    const auto row = static_cast<std::size_t>(g);
    const double area = evaluation_.area_from_box ? truth_.box[row][2] * truth_.box[row][3] * .53 : truth_.area[row];
    const double k = 2 * evaluation_.sigmas[as];
    const double dx = x - joint[0];
    const double dy = y - joint[1];
    return std::exp(-(dx * dx + dy * dy) / (k * k) / (area + std::numeric_limits<double>::epsilon()) / 2);
  }

  JointError classify(const std::vector<int>& truths, int g, double x, double y, std::size_t j) const {
    const double own = similarity(x, y, g, j, j);
    if (own >= options_.good) return JointError::kGood;
    if (own >= options_.jitter) return JointError::kJitter;
    const auto mirror = options_.mirror.empty() ? j : static_cast<std::size_t>(options_.mirror[j]);
    double most = options_.jitter;
    JointError error = JointError::kMiss;
    if (mirror != j) {
      const double inverted = similarity(x, y, g, mirror, j);
      if (inverted >= most) {
        most = inverted;
        error = JointError::kInversion;
      }
    }
    for (const int other : truths) {
      if (other == g || truth_.crowd[static_cast<std::size_t>(other)] != 0) continue;
      const double alike = std::max(similarity(x, y, other, j, j), similarity(x, y, other, mirror, j));
      if (alike < most || (alike == most && error == JointError::kInversion)) continue;
      most = alike;
      error = JointError::kSwap;
    }
    return error;
  }

  void joints(const std::vector<int>& truths, int g, int d) {
    const auto image = static_cast<std::size_t>(truth_.image[static_cast<std::size_t>(g)]);
    const std::size_t count = classes_.joints.size();
    for (std::size_t j = 0; j < count; ++j) {
      if (!(true_joint(g, j)[2] > 0) || !counts(j)) continue;
      const double* point = results_.keypoints.data() + 3 * (static_cast<std::size_t>(d) * count + j);
      const JointError error = classify(truths, g, point[0], point[1], j);
      ++classes_.joints[j][static_cast<std::size_t>(error)];
      ++all_[image];
      if (error != JointError::kGood) ++wrong_[image];
    }
  }

  const CocoTruth& truth_;
  const CocoResults& results_;
  const CocoMatches& matches_;
  const CocoEvalOptions& evaluation_;
  const ErrorClassOptions& options_;
  ErrorClasses classes_;
  std::vector<double> wrong_, all_;  // joints, one an image
};

}  // namespace

const char* name_of(JointError error) {
  constexpr std::array<const char*, kJointErrors> kNames = {"good", "jitter", "inversion", "swap", "miss"};
  return kNames.at(static_cast<std::size_t>(error));
}

Json to_json(const ErrorClasses& classes) {
  Json json = Json::object();
  const auto count = [&](const std::string& name, std::size_t value) {
    json.set("errors_" + name, static_cast<std::int64_t>(value));
  };
  for (std::size_t e = 0; e < kJointErrors; ++e) count(name_of(static_cast<JointError>(e)), classes.total[e]);
  count("background", classes.background);
  count("duplicates", classes.duplicates);
  count("missed_persons", classes.missed);
  count("score", classes.score);
  return json;
}

std::vector<int> mirror_of(const std::vector<std::string>& joint_names) {
  std::vector<int> mirror(joint_names.size());
  for (std::size_t i = 0; i < joint_names.size(); ++i) {
    mirror[i] = static_cast<int>(i);
    for (const auto& [one, other] : {std::pair<std::string, std::string>{"left", "right"}, {"right", "left"}}) {
      if (!joint_names[i].starts_with(one)) continue;
      const std::string wanted = other + joint_names[i].substr(one.size());
      const auto found = std::find(joint_names.begin(), joint_names.end(), wanted);
      if (found != joint_names.end()) mirror[i] = static_cast<int>(found - joint_names.begin());
    }
  }
  return mirror;
}

ErrorClasses classify_errors(const CocoTruth& truth, const CocoResults& results, const CocoMatches& matches,
                             const CocoEvalOptions& evaluation, const ErrorClassOptions& options) {
  POISE_CHECK(options.mirror.empty() || options.mirror.size() == static_cast<std::size_t>(truth.joints));
  struct Rows {
    std::vector<int> truths;
    int begin = 0, end = 0;
  };
  std::map<std::pair<int, int>, Rows> groups;  // by category and image
  for (std::size_t g = 0; g < truth.size(); ++g) {
    groups[{truth.category[g], truth.image[g]}].truths.push_back(static_cast<int>(g));
  }
  for (std::size_t d = 0; d < results.size(); ++d) {
    if (matches.rank[d] >= coco_max_detections(CocoSimilarity::kOks)) continue;
    Rows& rows = groups[{results.category[d], results.image[d]}];
    if (rows.begin == rows.end) rows.begin = static_cast<int>(d);
    rows.end = static_cast<int>(d) + 1;
  }
  Classifier classifier(truth, results, matches, evaluation, options);
  for (const auto& [key, rows] : groups) classifier.image(rows.truths, rows.begin, rows.end);
  return classifier.finish();
}

}  // namespace poise
