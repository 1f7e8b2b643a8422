#include "poise/data/check_sheet.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "poise/draw/chart.h"
#include "poise/draw/draw.h"
#include "poise/image/codec.h"
#include "poise/image/picture_folder.h"
#include "poise/image/resize.h"

namespace poise {
namespace {

constexpr int kCell = 288;    // pixels a side, of the picture alone
constexpr int kCaption = 40;  // below it
constexpr int kColumns = 4;
constexpr int kLetter = 6;        // pixels a letter at scale 1
constexpr double kAround = 0.15;  // of the person's extent, around it
constexpr ChartColor kWhite{255, 255, 255};
constexpr ChartColor kGrey{170, 170, 170};

/// Findings of one person once, kinds taking turns.
std::vector<const Finding*> choose(const CheckReport& report, std::size_t most) {
  std::array<std::vector<const Finding*>, kFaults> kinds;
  for (const Finding& finding : report.findings) {
    if (finding.of_person) kinds[static_cast<std::size_t>(finding.fault)].push_back(&finding);
  }
  std::vector<const Finding*> chosen;
  for (std::size_t turn = 0; chosen.size() < most; ++turn) {
    const std::size_t before = chosen.size();
    for (const auto& kind : kinds) {
      if (turn < kind.size() && chosen.size() < most) chosen.push_back(kind[turn]);
    }
    if (std::ranges::all_of(kinds, [&](const auto& kind) { return turn >= kind.size(); })) break;
    if (chosen.size() == before) continue;
  }
  return chosen;
}

PixelRect square_around(const Annotation& truth) {
  double left = truth.box.x;
  double top = truth.box.y;
  double right = left + truth.box.width;
  double bottom = top + truth.box.height;
  for (const auto& joint : truth.keypoints) {
    if (joint.visibility == Visibility::kAbsent) continue;
    left = std::min<double>(left, joint.point.x);
    right = std::max<double>(right, joint.point.x);
    top = std::min<double>(top, joint.point.y);
    bottom = std::max<double>(bottom, joint.point.y);
  }
  constexpr double kFar = 1e6;  // pixels: beyond, nothing is seen anyway
  const double side = std::clamp(std::max(right - left, bottom - top) * (1 + 2 * kAround), 16.0, kFar);
  const auto corner = [&](double low, double high) {
    return static_cast<std::int64_t>(std::llround(std::clamp((low + high - side) / 2, -kFar, kFar)));
  };
  const auto whole = static_cast<std::int64_t>(std::llround(side));
  return {.x = corner(left, right), .y = corner(top, bottom), .width = whole, .height = whole};
}

Pose drawable(const Annotation& truth, const Affine& cell_from_image) {
  Pose pose = as_pose(truth);
  for (Keypoint& joint : pose.keypoints) joint.point = cell_from_image(joint.point);
  const Point corner = cell_from_image({truth.box.x, truth.box.y});
  const auto scale = static_cast<float>(cell_from_image.a);
  pose.box = {corner.x, corner.y, truth.box.width * scale, truth.box.height * scale};
  return pose;
}

void paste(const Image& from, Image& to, int left, int top) {
  for (int y = 0; y < from.height(); ++y) std::copy_n(from.row(y), from.width() * 3, to.row(top + y) + left * 3);
}

}  // namespace

Image draw_sheet(const PoseSet& set, const std::filesystem::path& images, const CheckReport& report, std::size_t most) {
  struct Cell {
    Image picture;
    const Finding* finding;
  };
  std::vector<Cell> cells;
  for (const Finding* finding : choose(report, most)) {
    const PoseSet::Image& image = set.images[finding->image];
    const Annotation& truth = image.truths[finding->truth];
    const auto path = PictureFolder(images).find(image.name);
    if (!path.ok()) continue;
    const auto photo = read_image_file(*path, {.exif = Exif::kIgnore});
    if (!photo.ok()) continue;
    const PixelRect square = square_around(truth);
    cells.push_back({resize_area(photo->image.view(), square, {kCell, kCell}), finding});
    Cell& cell = cells.back();
    const double scale = kCell / static_cast<double>(square.width);
    const Affine cell_from_image{.a = scale,
                                 .b = 0,
                                 .c = (0.5 - static_cast<double>(square.x)) * scale - 0.5,
                                 .d = 0,
                                 .e = scale,
                                 .f = (0.5 - static_cast<double>(square.y)) * scale - 0.5};
    draw(cell.picture, drawable(truth, cell_from_image), set.skeleton, {.boxes = true});
  }
  if (cells.empty()) return {};
  const int rows = static_cast<int>((cells.size() + kColumns - 1) / kColumns);
  Image sheet(kColumns * kCell, rows * (kCell + kCaption));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const int left = static_cast<int>(i % kColumns) * kCell;
    const int top = static_cast<int>(i / kColumns) * (kCell + kCaption);
    paste(cells[i].picture, sheet, left, top);
    const Finding& finding = *cells[i].finding;
    constexpr std::size_t kLetters = (kCell - 8) / kLetter;
    const PoseSet::Image& image = set.images[finding.image];
    const std::string first = image.name + ": " + name_of(finding.fault);
    draw_text(sheet, left + 4, top + kCell + 6, first.substr(0, kLetters), kWhite, 1);
    draw_text(sheet, left + 4, top + kCell + 22, finding.detail.substr(0, kLetters), kGrey, 1);
  }
  return sheet;
}

}  // namespace poise
