#include "poise/codec/centre.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "poise/codec/detectors/shared.h"

namespace poise {
namespace {

std::size_t count(Size cells) { return static_cast<std::size_t>(cells.width) * static_cast<std::size_t>(cells.height); }

std::size_t index(Size cells, int x, int y) {
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(cells.width) + static_cast<std::size_t>(x);
}

bool is_box(const Box& b) {
  const bool finite = std::isfinite(b.x) && std::isfinite(b.y) && std::isfinite(b.width) && std::isfinite(b.height);
  return finite && b.width > 0 && b.height > 0;
}

/// [first, last) of the cells whose middle lies in [low, high).
void middles(float low, float high, int cells, int& first, int& last) {
  const auto clamp = [cells](float v) {
    return static_cast<int>(std::ceil(std::clamp(v, 0.0F, static_cast<float>(cells))));
  };
  first = clamp(low - 0.5F);
  last = clamp(high - 0.5F);
}

void splat(std::span<float> heat, Size cells, int column, int row, float sigma) {
  const int reach = static_cast<int>(std::ceil(3 * sigma));
  const float scale = -0.5F / (sigma * sigma);
  for (int y = std::max(0, row - reach); y <= std::min(cells.height - 1, row + reach); ++y) {
    for (int x = std::max(0, column - reach); x <= std::min(cells.width - 1, column + reach); ++x) {
      const auto square = static_cast<float>((x - column) * (x - column) + (y - row) * (y - row));
      float& value = heat[index(cells, x, y)];
      value = std::max(value, std::exp(scale * square));
    }
  }
}

/// A box in cells: its centre (x, y) lies in the cell (column, row).
struct Placed {
  float x, y, width, height;
  int column, row;
};

void write_box(std::span<float> maps, std::size_t plane, std::size_t at, const Placed& box, int column, int row) {
  maps[plane + at] = box.width;
  maps[2 * plane + at] = box.height;
  maps[3 * plane + at] = box.x - static_cast<float>(column);
  maps[4 * plane + at] = box.y - static_cast<float>(row);
}

/// The box for the cells around its centre, weighted by a Gaussian; larger boxes' centres stay.
void write_around(EncodedCentres& out, Size cells, const Placed& box, float share) {
  constexpr float kReach = 2.5F, kMost = 0.5F;  // sigmas; of one cell's weight
  const float sigma_x = share * box.width, sigma_y = share * box.height;
  const auto reach_x = static_cast<int>(std::min(kReach * sigma_x, static_cast<float>(cells.width)));
  const auto reach_y = static_cast<int>(std::min(kReach * sigma_y, static_cast<float>(cells.height)));
  const std::span<float> maps = out.maps.floats(), weights = out.weights.floats();
  const std::size_t plane = count(cells);
  const auto for_around = [&](const auto& visit) {
    for (int y = std::max(0, box.row - reach_y); y <= std::min(cells.height - 1, box.row + reach_y); ++y) {
      for (int x = std::max(0, box.column - reach_x); x <= std::min(cells.width - 1, box.column + reach_x); ++x) {
        const float dx = reach_x == 0 ? 0 : static_cast<float>(x - box.column) / sigma_x;
        const float dy = reach_y == 0 ? 0 : static_cast<float>(y - box.row) / sigma_y;
        const std::size_t at = index(cells, x, y);
        if ((x != box.column || y != box.row) && weights[plane + at] != 1)
          visit(x, y, std::exp(-(dx * dx + dy * dy) / 2));
      }
    }
  };
  float sum = 0;
  for_around([&](int, int, float value) { sum += value; });
  for_around([&](int x, int y, float value) {
    const std::size_t at = index(cells, x, y);
    write_box(maps, plane, at, box, x, y);
    weights[plane + at] = std::min(kMost, value / sum);
  });
}

Box box_at(const CentreCodec& codec, const CentreMaps& maps, int column, int row) {
  const std::size_t plane = count(maps.cells), at = index(maps.cells, column, row);
  const float width = maps.size[at] * codec.stride, height = maps.size[plane + at] * codec.stride;
  const float x = (static_cast<float>(column) + maps.offset[at]) * codec.stride;
  const float y = (static_cast<float>(row) + maps.offset[plane + at]) * codec.stride;
  return {x - width / 2, y - height / 2, width, height};
}

/// The score of a box of that size in an input of these cells, by CentreDecoding::size_slope.
float sized_score(float score, const Box& box, float longer_side, float slope) {
  const float side = std::sqrt(box.width * box.height) / longer_side;
  if (slope == 0 || !(side > 0) || !(score > 0 && score < 1)) return score;
  return sigmoid(std::log(score / (1 - score)) + slope * std::log(side / CentreDecoding::kUnmoved));
}

/// The peaks of one heatmap, asked for cell by cell in the order of rows.
class Peaks {
 public:
  Peaks(const float* heat, Size cells) : heat_(heat), cells_(cells) {}

  /// Whether the cell is the first of a plateau without higher neighbours. All plateaus together take linear time.
  bool begins_at(std::size_t cell) {
    if (!seen_.empty() && seen_[cell] != 0) return false;
    bool higher = false, equal = false;
    for_neighbours(cell, [&](std::size_t other) {
      higher = higher || heat_[other] > heat_[cell];
      equal = equal || heat_[other] == heat_[cell];
    });
    if (higher || !equal) return !higher;
    return fill(cell);
  }

 private:
  template <typename Visit>
  void for_neighbours(std::size_t cell, Visit visit) const {
    const int row = static_cast<int>(cell) / cells_.width, column = static_cast<int>(cell) % cells_.width;
    for (int y = std::max(0, row - 1); y <= std::min(cells_.height - 1, row + 1); ++y) {
      for (int x = std::max(0, column - 1); x <= std::min(cells_.width - 1, column + 1); ++x) {
        if (y != row || x != column) visit(index(cells_, x, y));
      }
    }
  }

  /// Goes through the plateau; false where any of it has a higher neighbour.
  bool fill(std::size_t first) {
    seen_.resize(count(cells_));
    seen_[first] = 1;
    open_.assign(1, first);
    bool peak = true;
    while (!open_.empty()) {
      const std::size_t cell = open_.back();
      open_.pop_back();
      for_neighbours(cell, [&](std::size_t other) {
        peak = peak && !(heat_[other] > heat_[cell]);
        if (heat_[other] != heat_[cell] || seen_[other] != 0) return;
        seen_[other] = 1;
        open_.push_back(other);
      });
    }
    return peak;
  }

  const float* heat_;
  Size cells_;
  std::vector<char> seen_;  // cells of the plateaus gone through; empty before the first
  std::vector<std::size_t> open_;
};

}  // namespace

// The smallest of three: both corners move the same way, both inwards, both outwards. CornerNet's code divides the last
// two by 2 instead of 2a; here the roots are as they are.
float centre_radius(float width, float height, float min_iou) {
  const float sum = width + height, area = width * height;
  const float same = sum - std::sqrt(std::max(0.0F, sum * sum - 4 * area * (1 - min_iou) / (1 + min_iou)));
  const float inwards = sum - std::sqrt(std::max(0.0F, sum * sum - 4 * area * (1 - min_iou)));
  const float outwards = std::sqrt(sum * sum + 4 * area * (1 - min_iou) / min_iou) - sum;
  return std::min({same / 2, inwards / 4, outwards / 4});
}

EncodedCentres encode(const CentreCodec& codec, std::span<const Box> boxes, std::span<const Box> ignored, Size cells) {
  EncodedCentres out{Tensor({5, cells.height, cells.width}), Tensor({2, cells.height, cells.width})};
  const std::size_t plane = count(cells);
  const std::span<float> maps = out.maps.floats(), weights = out.weights.floats();
  std::fill_n(weights.begin(), plane, 1.0F);
  for (const Box& box : ignored) {
    if (!is_box(box)) continue;
    int left = 0, right = 0, top = 0, bottom = 0;
    middles(box.x / codec.stride, (box.x + box.width) / codec.stride, cells.width, left, right);
    middles(box.y / codec.stride, (box.y + box.height) / codec.stride, cells.height, top, bottom);
    for (int y = top; y < bottom; ++y) {
      for (int x = left; x < right; ++x) weights[index(cells, x, y)] = 0;
    }
  }
  std::vector<Box> sorted;  // larger first, so that the smaller is written over it
  std::ranges::copy_if(boxes, std::back_inserter(sorted), is_box);
  std::ranges::stable_sort(sorted, [](const Box& a, const Box& b) { return a.area() > b.area(); });
  for (const Box& box : sorted) {
    const float x = (box.x + box.width / 2) / codec.stride, y = (box.y + box.height / 2) / codec.stride;
    if (!(x >= 0 && y >= 0 && x < static_cast<float>(cells.width) && y < static_cast<float>(cells.height))) continue;
    const int column = static_cast<int>(x), row = static_cast<int>(y);
    const float width = box.width / codec.stride, height = box.height / codec.stride;
    // A Gaussian of a third of the diameter, as CornerNet's.
    const float sigma = std::max(codec.min_sigma, (2 * centre_radius(width, height, codec.min_iou) + 1) / 6);
    splat(maps.subspan(0, plane), cells, column, row, sigma);
    const std::size_t at = index(cells, column, row);
    const Placed placed{x, y, width, height, column, row};
    if (codec.box_sigma > 0) write_around(out, cells, placed, codec.box_sigma);
    write_box(maps, plane, at, placed, column, row);
    weights[at] = weights[plane + at] = 1;
  }
  return out;
}

std::vector<Box> encoded_boxes(const CentreCodec& codec, const float* maps, const float* weights, Size cells) {
  const std::size_t plane = count(cells);
  std::vector<Box> boxes;
  for (int row = 0; row < cells.height; ++row) {
    for (int column = 0; column < cells.width; ++column) {
      const std::size_t at = index(cells, column, row);
      if (weights[plane + at] != 1) continue;
      boxes.push_back(box_at(codec, {maps, maps + plane, maps + 3 * plane, cells}, column, row));
    }
  }
  return boxes;
}

std::vector<Detection> decode(const CentreCodec& codec, const CentreMaps& maps, const CentreDecoding& options) {
  const Size cells = maps.cells;
  const float longer_side = static_cast<float>(std::max(cells.width, cells.height)) * codec.stride;
  std::vector<Detection> found;
  for (int category = 0; category < maps.categories; ++category) {
    const float* heat = maps.heatmap + static_cast<std::size_t>(category) * count(cells);
    Peaks peaks(heat, cells);
    for (int row = 0; row < cells.height; ++row) {
      for (int column = 0; column < cells.width; ++column) {
        const std::size_t at = index(cells, column, row);
        const Box box = box_at(codec, maps, column, row);
        const float score =
            sized_score(options.logits ? sigmoid(heat[at]) : heat[at], box, longer_side, options.size_slope);
        // Peaks are those of the heatmap as it is: a sigmoid makes plateaus of what is nearly 1.
        if (score > options.threshold && peaks.begins_at(at) && is_box(box)) found.push_back({box, score, category});
      }
    }
  }
  std::ranges::stable_sort(found, [](const Detection& a, const Detection& b) { return a.score > b.score; });
  if (found.size() > static_cast<std::size_t>(std::max(0, options.most))) {
    found.resize(static_cast<std::size_t>(std::max(0, options.most)));
  }
  return found;
}

}  // namespace poise
