#include "poise/eval/plots.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "poise/draw/chart.h"
#include "poise/draw/draw.h"
#include "poise/image/codec.h"
#include "poise/image/picture_folder.h"
#include "poise/image/resize.h"
#include "poise/skeleton/skeleton.h"

namespace poise {
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

/// What is drawn, and where it goes.
struct Plot {
  const CocoReport& report;
  const CocoPlotOptions& options;

  Status save(const std::string& name, const Image& image) const {
    return write_image(options.folder / (options.prefix + name), image);
  }
};

/// Precision over recall, the mean over the categories that have truths.
Status precision_recall(const Plot& p) {
  const std::vector<int> once(p.report.truth.images.size(), 1);
  CocoCurve mean{};
  int categories = 0;
  for (std::size_t c = 0; c < p.report.truth.categories.size(); ++c) {
    const CocoCurve one =
        coco_curve(p.report.truth, p.report.results, p.report.evaluation.matches,
                   {static_cast<int>(c), CocoArea::kAll, coco_max_detections(p.report.rules.similarity)}, once);
    if (one.recall[0] < 0) continue;
    ++categories;
    for (int t = 0; t < kCocoThresholds; ++t) {
      for (int r = 0; r < kCocoRecalls; ++r) mean.precision[t][r] += one.precision[t][r];
    }
  }
  std::vector<Curve> curves;
  const bool oks = p.report.rules.similarity == CocoSimilarity::kOks;
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
  return p.save("precision_recall.png",
                draw_curves({"Precision over recall by " + what, "recall", "precision"}, curves));
}

Status error_classes(const Plot& p, const ErrorClasses& classes) {
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
  const std::vector<std::string> names = joint_names(p.report.truth);
  for (std::size_t j = 0; j < names.size(); ++j) add(names[j], classes.joints[j]);
  return p.save("error_classes.png", draw_bars("Joints of found persons by error class", parts, rows));
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
Result<Image> tile(const Plot& p, const Skeleton& skeleton, int image, double errors) {
  const CocoTruth::Image& entry = p.report.truth.images[static_cast<std::size_t>(image)];
  POISE_TRY(const std::filesystem::path path, PictureFolder(p.options.images).find(entry.file_name));
  POISE_TRY(Image picture, read_image(path));
  const auto joints = static_cast<std::size_t>(p.report.results.joints);
  const auto persons = std::count(p.report.truth.image.begin(), p.report.truth.image.end(), image);
  constexpr DrawOptions kShowFaint{.min_score = 0.05F};
  for (std::size_t d = 0; d < p.report.results.size(); ++d) {
    if (p.report.results.image[d] != image || p.report.evaluation.matches.rank[d] >= persons) continue;
    Pose pose;
    for (std::size_t j = 0; j < joints; ++j) {
      const double* point = p.report.results.keypoints.data() + 3 * (d * joints + j);
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

Status sheet(const Plot& p, const std::string& name, const std::vector<int>& images, const std::vector<double>& errors,
             std::vector<std::string>& notes) {
  const Skeleton skeleton = skeleton_of(p.report.truth);
  constexpr int kColumns = 3;
  const int rows = static_cast<int>((images.size() + kColumns - 1) / kColumns);
  Image all(kColumns * kTile, std::max(rows, 1) * kTile);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto one = tile(p, skeleton, images[i], errors[static_cast<std::size_t>(images[i])]);
    if (!one.ok()) {
      notes.push_back(one.error().message);
      continue;
    }
    const int x = static_cast<int>(i % kColumns) * kTile;
    const int y = static_cast<int>(i / kColumns) * kTile;
    for (int row = 0; row < one->height(); ++row) {
      std::copy_n(one->row(row), 3 * static_cast<std::ptrdiff_t>(one->width()),
                  all.row(y + row) + 3 * static_cast<std::ptrdiff_t>(x));
    }
  }
  return p.save(name, all);
}

}  // namespace

Result<CocoPlots> plot_coco(const CocoReport& report, const CocoPlotOptions& options) {
  const Plot p{report, options};
  CocoPlots plots;
  POISE_RETURN_IF_ERROR(precision_recall(p));
  if (report.rules.similarity != CocoSimilarity::kOks || report.truth.joints == 0) return plots;
  ErrorClassOptions classing;
  classing.mirror = mirror_of(joint_names(report.truth));
  plots.errors = classify_errors(report.truth, report.results, report.evaluation.matches, report.rules, classing);
  POISE_RETURN_IF_ERROR(error_classes(p, *plots.errors));
  if (options.images.empty()) return plots;
  const std::vector<double>& errors = plots.errors->image_errors;
  std::vector<int> order;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (errors[i] >= 0) order.push_back(static_cast<int>(i));
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return errors[static_cast<std::size_t>(a)] < errors[static_cast<std::size_t>(b)];
  });
  const std::size_t count = std::min(kCases, order.size());
  const std::vector<int> best(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count));
  const std::vector<int> worst(order.rbegin(), order.rbegin() + static_cast<std::ptrdiff_t>(count));
  POISE_RETURN_IF_ERROR(sheet(p, "best.png", best, errors, plots.notes));
  POISE_RETURN_IF_ERROR(sheet(p, "worst.png", worst, errors, plots.notes));
  return plots;
}

Image draw_pck(const PckResult& result, const std::string& name) {
  std::vector<Curve> curves;
  const auto add = [&](const std::string& label, const std::vector<double>& rates) {
    Curve curve{label, {}};
    for (std::size_t i = 0; i < rates.size(); ++i) {
      curve.points.emplace_back(pck_curve_threshold(static_cast<int>(i)), rates[i]);
    }
    curves.push_back(std::move(curve));
  };
  add("mean", result.curve);
  for (const PartRate& part : result.parts) {
    std::vector<double> sum(kPckCurve, 0);
    double members = 0;
    for (std::size_t j = 0; j < result.joints.size(); ++j) {
      const std::string& joint = result.joints[j].name;
      const bool head = part.name == "head" && (joint == "neck" || joint == "upper_neck" || joint == "head_top");
      if (!(head || joint.ends_with("_" + part.name)) || result.joint_curves[j].empty()) continue;
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += result.joint_curves[j][i];
      ++members;
    }
    for (double& value : sum) value /= members;
    add(part.name, sum);
  }
  Chart chart{name + " over the threshold", "share of the " + std::string(name_of(result.options.reference)), name};
  chart.x_high = pck_curve_threshold(kPckCurve - 1);
  return draw_curves(chart, curves);
}

}  // namespace poise
