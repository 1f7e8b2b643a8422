#include "metrics/plots.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>

#include "poise/draw/chart.h"
#include "poise/draw/draw.h"
#include "poise/image/codec.h"
#include "poise/image/resize.h"
#include "poise/metrics/error_classes.h"
#include "poise/skeleton/skeleton.h"

namespace poise::app {
namespace {

constexpr std::size_t kCases = 9;  // a sheet's tiles, three in a row
constexpr int kTile = 320;         // pixels, square

std::vector<std::string> joint_names(const CocoTruth& truth) {
  const auto joints = static_cast<std::size_t>(truth.joints);
  for (const CocoTruth::Category& category : truth.categories) {
    if (category.keypoints.size() == joints) return category.keypoints;
  }
  std::vector<std::string> names;
  for (std::size_t j = 0; j < joints; ++j) names.push_back("joint_" + std::to_string(j));
  return names;
}

Status save(const CocoPlots& p, const std::string& name, const Image& image) {
  return write_image(std::filesystem::path(p.folder) / (p.prefix + name), image);
}

/// Precision over recall, the mean over the categories that have truths.
Status precision_recall(const CocoPlots& p) {
  const std::vector<int> once(p.truth.images.size(), 1);
  CocoCurve mean{};
  int categories = 0;
  for (std::size_t c = 0; c < p.truth.categories.size(); ++c) {
    const CocoCurve one =
        coco_curve(p.truth, p.results, p.evaluation.matches,
                   {static_cast<int>(c), CocoArea::kAll, coco_max_detections(p.options.similarity)}, once);
    if (one.recall[0] < 0) continue;
    ++categories;
    for (int t = 0; t < kCocoThresholds; ++t) {
      for (int r = 0; r < kCocoRecalls; ++r) mean.precision[t][r] += one.precision[t][r];
    }
  }
  std::vector<Curve> curves;
  const bool oks = p.options.similarity == CocoSimilarity::kOks;
  for (int t = 0; t < kCocoThresholds && categories > 0; ++t) {
    std::array<char, 32> name{};
    Curve curve;
    double sum = 0;
    for (int r = 0; r < kCocoRecalls; ++r) {
      const double precision = mean.precision[t][r] / categories;
      sum += precision;
      curve.points.emplace_back(static_cast<double>(r) / (kCocoRecalls - 1), precision);
    }
    std::snprintf(name.data(), name.size(), "%.2f: %.3f", coco_threshold(t), sum / kCocoRecalls);
    curve.name = name.data();
    curves.push_back(std::move(curve));
  }
  const std::string what = oks ? "OKS" : "IoU";
  return save(p, "precision_recall.png",
              draw_curves({"Precision over recall by " + what, "recall", "precision"}, curves));
}

Status error_classes(const CocoPlots& p, const ErrorClasses& classes, Json& json) {
  std::vector<std::string> parts;
  for (std::size_t e = 0; e < kJointErrors; ++e) parts.emplace_back(name_of(static_cast<JointError>(e)));
  std::vector<std::pair<std::string, std::vector<double>>> rows;
  const auto add = [&](const std::string& name, const std::array<std::size_t, kJointErrors>& counts) {
    std::size_t sum = 0;
    for (const std::size_t count : counts) sum += count;
    std::vector<double> shares;
    shares.reserve(counts.size());
    for (const std::size_t count : counts) {
      shares.push_back(sum == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(sum));
    }
    rows.emplace_back(name, shares);
  };
  add("all joints", classes.total);
  const std::vector<std::string> names = joint_names(p.truth);
  for (std::size_t j = 0; j < names.size(); ++j) add(names[j], classes.joints[j]);
  for (std::size_t e = 0; e < kJointErrors; ++e) {
    json.set(p.prefix + "errors_" + parts[e], static_cast<std::int64_t>(classes.total[e]));
  }
  json.set(p.prefix + "errors_background", static_cast<std::int64_t>(classes.background));
  json.set(p.prefix + "errors_duplicates", static_cast<std::int64_t>(classes.duplicates));
  json.set(p.prefix + "errors_missed_persons", static_cast<std::int64_t>(classes.missed));
  json.set(p.prefix + "errors_score", static_cast<std::int64_t>(classes.score));
  return save(p, "error_classes.png", draw_bars("Joints of found persons by error class", parts, rows));
}

Skeleton skeleton_of(const CocoTruth& truth) {
  const std::vector<std::string> names = joint_names(truth);
  for (const std::string& known : skeleton_names()) {
    auto skeleton = find_skeleton(known);
    if (!skeleton.ok() || skeleton->joints.size() != names.size()) continue;
    bool same = true;
    for (std::size_t j = 0; j < names.size(); ++j) same = same && skeleton->joints[j].name == names[j];
    if (same) return std::move(*skeleton);
  }
  Skeleton plain;  // points without limbs
  plain.name = "of the truth";
  for (const std::string& name : names) plain.joints.push_back({name});
  return plain;
}

/// The picture with its best detections, as many as there are persons, shrunk into a tile.
Result<Image> tile(const CocoPlots& p, const Skeleton& skeleton, int image, double errors) {
  const CocoTruth::Image& entry = p.truth.images[static_cast<std::size_t>(image)];
  POISE_TRY(Image picture, read_image(std::filesystem::path(p.images) / entry.file_name));
  const auto joints = static_cast<std::size_t>(p.results.joints);
  const auto persons = std::count(p.truth.image.begin(), p.truth.image.end(), image);
  constexpr DrawOptions kShowFaint{.min_score = 0.05F};
  for (std::size_t d = 0; d < p.results.size(); ++d) {
    if (p.results.image[d] != image || p.evaluation.matches.rank[d] >= persons) continue;
    Pose pose;
    for (std::size_t j = 0; j < joints; ++j) {
      const double* point = p.results.keypoints.data() + 3 * (d * joints + j);
      pose.keypoints.push_back(
          {{static_cast<float>(point[0]), static_cast<float>(point[1])}, static_cast<float>(point[2])});
    }
    draw(picture, pose, skeleton, kShowFaint);
  }
  const double scale = static_cast<double>(kTile) / std::max(picture.width(), picture.height());
  const Size size{std::max(1, static_cast<int>(picture.width() * scale)),
                  std::max(1, static_cast<int>(picture.height() * scale))};
  Image small = resize_area(picture.view(), {0, 0, picture.width(), picture.height()}, size);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%lld: %.0f%% wrong", static_cast<long long>(entry.id), 100 * errors);
  draw_text(small, 5, 5, text.data(), {0, 0, 0});
  draw_text(small, 4, 4, text.data(), {255, 255, 0});
  return small;
}

Status sheet(const CocoPlots& p, const std::string& name, const std::vector<int>& images,
             const std::vector<double>& errors, Console& console) {
  const Skeleton skeleton = skeleton_of(p.truth);
  constexpr int kColumns = 3;
  const int rows = static_cast<int>((images.size() + kColumns - 1) / kColumns);
  Image all(kColumns * kTile, std::max(rows, 1) * kTile);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto one = tile(p, skeleton, images[i], errors[static_cast<std::size_t>(images[i])]);
    if (!one.ok()) {
      console.note(one.error().message);
      continue;
    }
    const int x = static_cast<int>(i % kColumns) * kTile;
    const int y = static_cast<int>(i / kColumns) * kTile;
    for (int row = 0; row < one->height(); ++row) {
      std::copy_n(one->row(row), 3 * static_cast<std::ptrdiff_t>(one->width()),
                  all.row(y + row) + 3 * static_cast<std::ptrdiff_t>(x));
    }
  }
  return save(p, name, all);
}

}  // namespace

Status plot_coco(const CocoPlots& p, Json& json, Console& console) {
  POISE_RETURN_IF_ERROR(precision_recall(p));
  if (p.options.similarity != CocoSimilarity::kOks || p.truth.joints == 0) return {};
  ErrorClassOptions options;
  options.mirror = mirror_of(joint_names(p.truth));
  const ErrorClasses classes = classify_errors(p.truth, p.results, p.evaluation.matches, p.options, options);
  POISE_RETURN_IF_ERROR(error_classes(p, classes, json));
  if (p.images.empty()) return {};
  std::vector<int> order;
  for (std::size_t i = 0; i < classes.image_errors.size(); ++i) {
    if (classes.image_errors[i] >= 0) order.push_back(static_cast<int>(i));
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return classes.image_errors[static_cast<std::size_t>(a)] < classes.image_errors[static_cast<std::size_t>(b)];
  });
  const std::size_t count = std::min(kCases, order.size());
  const std::vector<int> best(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count));
  const std::vector<int> worst(order.rbegin(), order.rbegin() + static_cast<std::ptrdiff_t>(count));
  POISE_RETURN_IF_ERROR(sheet(p, "best.png", best, classes.image_errors, console));
  return sheet(p, "worst.png", worst, classes.image_errors, console);
}

}  // namespace poise::app
