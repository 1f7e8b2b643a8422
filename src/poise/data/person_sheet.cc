#include "poise/data/person_sheet.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "poise/draw/chart.h"
#include "poise/draw/draw.h"
#include "poise/image/codec.h"
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

PixelRect square_around(const Pose& pose) {
  double left = pose.box.x;
  double top = pose.box.y;
  double right = left + pose.box.width;
  double bottom = top + pose.box.height;
  for (const Keypoint& joint : pose.keypoints) {
    if (!(joint.score > 0)) continue;
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

/// The person in a square of kCell.
Image cut_out(const Image& photo, const Pose& pose, const Skeleton& skeleton) {
  const PixelRect square = square_around(pose);
  Image cell = resize_area(photo.view(), square, {kCell, kCell});
  const double scale = kCell / static_cast<double>(square.width);
  const Affine cell_from_image{.a = scale,
                               .b = 0,
                               .c = (0.5 - static_cast<double>(square.x)) * scale - 0.5,
                               .d = 0,
                               .e = scale,
                               .f = (0.5 - static_cast<double>(square.y)) * scale - 0.5};
  Pose moved = pose;
  for (Keypoint& joint : moved.keypoints) joint = {cell_from_image(joint.point), joint.score > 0 ? 1.0F : 0.0F};
  const Point corner = cell_from_image({pose.box.x, pose.box.y});
  moved.box = {corner.x, corner.y, pose.box.width * static_cast<float>(scale),
               pose.box.height * static_cast<float>(scale)};
  draw(cell, moved, skeleton, {.boxes = true});
  return cell;
}

void paste(const Image& from, Image& to, int left, int top) {
  for (int y = 0; y < from.height(); ++y) std::copy_n(from.row(y), from.width() * 3, to.row(top + y) + left * 3);
}

}  // namespace

Image draw_persons(std::span<const SheetPerson> persons, const Skeleton& skeleton) {
  struct Cell {
    Image picture;
    const SheetPerson* person;
  };
  std::vector<Cell> cells;
  for (const SheetPerson& person : persons) {
    const auto photo = read_image_file(person.picture, {.exif = Exif::kIgnore});
    if (photo.ok()) cells.push_back({cut_out(photo->image, person.pose, skeleton), &person});
  }
  if (cells.empty()) return {};
  const int rows = static_cast<int>((cells.size() + kColumns - 1) / kColumns);
  Image sheet(kColumns * kCell, rows * (kCell + kCaption));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const int left = static_cast<int>(i % kColumns) * kCell;
    const int top = static_cast<int>(i / kColumns) * (kCell + kCaption);
    paste(cells[i].picture, sheet, left, top);
    constexpr std::size_t kLetters = (kCell - 8) / kLetter;
    draw_text(sheet, left + 4, top + kCell + 6, cells[i].person->caption.substr(0, kLetters), kWhite, 1);
    draw_text(sheet, left + 4, top + kCell + 22, cells[i].person->detail.substr(0, kLetters), kGrey, 1);
  }
  return sheet;
}

}  // namespace poise
