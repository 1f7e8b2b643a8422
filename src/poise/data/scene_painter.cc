#include "poise/data/scene_painter.h"

#include <algorithm>
#include <vector>

#include "poise/base/check.h"

namespace poise {
namespace {

/// The two pixels of a side that a pixel of the scene lies between.
struct Tap {
  int first = 0, second = 0;
  float share = 0;  // of the second
  bool outside = false;
};

Tap tap_at(double place, int length) {
  Tap tap;
  tap.outside = place < -0.5 || place > length - 0.5;
  const double inside = std::clamp(place, 0.0, length - 1.0);
  tap.first = static_cast<int>(inside);
  tap.second = std::min(tap.first + 1, length - 1);
  tap.share = static_cast<float>(inside - tap.first);
  return tap;
}

/// begin: where the picture begins; low, high: the part's.
std::vector<Tap> taps(int low, int high, double begin, double scale, int length) {
  std::vector<Tap> all;
  for (int i = low; i < high; ++i) all.push_back(tap_at((i + 0.5 - begin) / scale - 0.5, length));
  return all;
}

/// One of the picture's rows, between its pixels: a plane a channel, a value a column of the part.
class ResampledRow {
 public:
  ResampledRow(const ImageView& picture, const std::vector<Tap>& columns)
      : picture_(&picture), columns_(&columns), values_(3 * columns.size()) {}

  bool is(int row) const { return row_ == row; }
  const float* channel(std::size_t c) const { return values_.data() + c * columns_->size(); }

  void take(int row) {
    row_ = row;
    const std::uint8_t* from = picture_->row(row);
    const std::size_t count = columns_->size();
    for (std::size_t i = 0; i < count; ++i) {
      const Tap& column = (*columns_)[i];
      const std::uint8_t* left = from + std::ptrdiff_t{3} * column.first;
      const std::uint8_t* right = from + std::ptrdiff_t{3} * column.second;
      for (std::size_t c = 0; c < 3; ++c) {
        const auto begin = static_cast<float>(left[c]), end = static_cast<float>(right[c]);
        values_[c * count + i] = begin + column.share * (end - begin);
      }
    }
  }

 private:
  const ImageView* picture_;
  const std::vector<Tap>* columns_;
  std::vector<float> values_;
  int row_ = -1;
};

/// Of one plane: what a value of [0, 255] becomes.
struct Normaliser {
  std::size_t channel = 0;
  float gain = 1, offset = 0, scale = 1, mean = 0;
  float operator()(float seen, float grey, float saturation) const {
    const float value = (grey + saturation * (seen - grey)) * gain + offset;
    return std::min(std::max(value, 0.0F), 255.0F) * scale - mean;
  }
};

}  // namespace

void paint(const ImageView& picture, const ScenePaint& how, const Normalisation& n, Size size, std::span<float> scene) {
  const ScenePlacement& p = how.placement;
  const Recolouring& colours = how.colours;
  const int left = static_cast<int>(p.part.x), right = static_cast<int>(p.part.x + p.part.width);
  const int top = static_cast<int>(p.part.y), bottom = static_cast<int>(p.part.y + p.part.height);
  POISE_CHECK(left >= 0 && top >= 0 && right <= size.width && bottom <= size.height);
  POISE_CHECK(!picture.empty() && picture.order == PixelOrder::kRgb);
  std::array<Normaliser, 3> planes{};
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const std::size_t c = plane_channels(n.order)[plane];
    planes[plane] = {c, colours.gain[c], colours.offset[c], n.scale / n.std[plane], n.mean[plane] / n.std[plane]};
  }
  std::vector<Tap> columns = taps(left, right, p.x, p.scale, picture.width);
  if (p.flip) std::ranges::reverse(columns);
  // Columns of the picture lie side by side: [first, last).
  const auto is_inside = [](const Tap& column) { return !column.outside; };
  const auto find_inside = [&](auto begin, auto end) { return std::find_if(begin, end, is_inside) - begin; };
  const bool whole = how.around == Outside::kEdge;
  const std::size_t count = columns.size();
  const std::size_t first = whole ? 0 : static_cast<std::size_t>(find_inside(columns.begin(), columns.end()));
  const std::size_t last =
      whole ? count : std::max(first, count - static_cast<std::size_t>(find_inside(columns.rbegin(), columns.rend())));
  const auto width = static_cast<std::size_t>(size.width);
  const std::size_t area = width * static_cast<std::size_t>(size.height);
  ResampledRow above(picture, columns), below(picture, columns);
  std::array<std::vector<float>, 3> seen{std::vector<float>(count), std::vector<float>(count),
                                         std::vector<float>(count)};
  std::vector<float> greys(count);
  for (int y = top; y < bottom; ++y) {
    const Tap row = tap_at((y + 0.5 - p.y) / p.scale - 0.5, picture.height);
    float* to = scene.data() + static_cast<std::size_t>(y) * width + static_cast<std::size_t>(left);
    const bool none = row.outside && !whole;
    if (how.around == Outside::kMean) {
      for (std::size_t plane = 0; plane < 3; ++plane) {
        std::fill(to + plane * area, to + plane * area + (none ? count : first), 0.0F);
        std::fill(to + plane * area + (none ? count : last), to + plane * area + count, 0.0F);
      }
    }
    if (none) continue;
    if (!above.is(row.first) && below.is(row.first)) std::swap(above, below);
    if (!above.is(row.first)) above.take(row.first);
    if (!below.is(row.second)) below.take(row.second);
    for (std::size_t c = 0; c < 3; ++c) {
      const float* high = above.channel(c);
      const float* low = below.channel(c);
      for (std::size_t i = first; i < last; ++i) seen[c][i] = high[i] + row.share * (low[i] - high[i]);
    }
    for (std::size_t i = first; i < last; ++i) {
      greys[i] = 0.299F * seen[0][i] + 0.587F * seen[1][i] + 0.114F * seen[2][i];  // ITU-R BT.601
    }
    for (std::size_t plane = 0; plane < 3; ++plane) {
      const Normaliser& value = planes[plane];
      const std::vector<float>& channel = seen[value.channel];
      for (std::size_t i = first; i < last; ++i) to[plane * area + i] = value(channel[i], greys[i], colours.saturation);
    }
  }
}

void sharpen(const Box& part, float amount, int reach, const Normalisation& n, Size size, std::span<float> scene) {
  const int left = static_cast<int>(part.x), width = static_cast<int>(part.width);
  const int top = static_cast<int>(part.y), height = static_cast<int>(part.height);
  POISE_CHECK(left >= 0 && top >= 0 && left + width <= size.width && top + height <= size.height && reach >= 1);
  const auto index = [](int i) { return static_cast<std::size_t>(i); };
  std::vector<float> across(index(width) * index(height));
  for (int plane = 0; plane < 3; ++plane) {
    const auto row = [&](int y) {
      return scene.data() + (index(plane) * index(size.height) + index(top + y)) * index(size.width) + index(left);
    };
    for (int y = 0; y < height; ++y) {
      const float* from = row(y);
      float* to = across.data() + index(y) * index(width);
      for (int x = 0; x < width; ++x)
        to[x] = (from[std::max(x - reach, 0)] + 2 * from[x] + from[std::min(x + reach, width - 1)]) / 4;
    }
    const std::size_t c = index(plane);
    const float black = -n.mean[c] / n.std[c], white = (255.0F * n.scale - n.mean[c]) / n.std[c];
    const float low = std::min(black, white), high = std::max(black, white);
    for (int y = 0; y < height; ++y) {
      const float* above = across.data() + index(std::max(y - reach, 0)) * index(width);
      const float* here = across.data() + index(y) * index(width);
      const float* below = across.data() + index(std::min(y + reach, height - 1)) * index(width);
      float* to = row(y);
      for (int x = 0; x < width; ++x) {
        const float blurred = (above[x] + 2 * here[x] + below[x]) / 4;
        to[x] = std::clamp(to[x] + amount * (to[x] - blurred), low, high);
      }
    }
  }
}

}  // namespace poise
