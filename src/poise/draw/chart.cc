#include "poise/draw/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace poise {
namespace {

constexpr int kColumns = 5;
constexpr int kRows = 7;

struct Glyph {
  char letter;
  std::array<std::uint8_t, kRows> rows;  // five bits each, the left pixel highest
};
constexpr std::array<Glyph, 52> kGlyphs = {{
    {'0', {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}}, {'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}},
    {'2', {0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f}}, {'3', {0x1e, 0x01, 0x01, 0x0e, 0x01, 0x01, 0x1e}},
    {'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}}, {'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}},
    {'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}}, {'7', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
    {'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}}, {'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}},
    {'A', {0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}}, {'B', {0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e}},
    {'C', {0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e}}, {'D', {0x1e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1e}},
    {'E', {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f}}, {'F', {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10}},
    {'G', {0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0e}}, {'H', {0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}},
    {'I', {0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e}}, {'J', {0x07, 0x02, 0x02, 0x02, 0x02, 0x12, 0x0c}},
    {'K', {0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11}}, {'L', {0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f}},
    {'M', {0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11}}, {'N', {0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11}},
    {'O', {0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e}}, {'P', {0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10}},
    {'Q', {0x0e, 0x11, 0x11, 0x11, 0x15, 0x12, 0x0d}}, {'R', {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11}},
    {'S', {0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e}}, {'T', {0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04}},
    {'U', {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e}}, {'V', {0x11, 0x11, 0x11, 0x11, 0x11, 0x0a, 0x04}},
    {'W', {0x11, 0x11, 0x11, 0x15, 0x15, 0x1b, 0x11}}, {'X', {0x11, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x11}},
    {'Y', {0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04}}, {'Z', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1f}},
    {'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c}}, {',', {0x00, 0x00, 0x00, 0x00, 0x0c, 0x04, 0x08}},
    {':', {0x00, 0x0c, 0x0c, 0x00, 0x0c, 0x0c, 0x00}}, {'%', {0x19, 0x19, 0x02, 0x04, 0x08, 0x13, 0x13}},
    {'-', {0x00, 0x00, 0x00, 0x0e, 0x00, 0x00, 0x00}}, {'_', {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1f}},
    {'+', {0x00, 0x04, 0x04, 0x1f, 0x04, 0x04, 0x00}}, {'=', {0x00, 0x00, 0x1f, 0x00, 0x1f, 0x00, 0x00}},
    {'/', {0x01, 0x01, 0x02, 0x04, 0x08, 0x10, 0x10}}, {'(', {0x02, 0x04, 0x08, 0x08, 0x08, 0x04, 0x02}},
    {')', {0x08, 0x04, 0x02, 0x02, 0x02, 0x04, 0x08}}, {'[', {0x0e, 0x08, 0x08, 0x08, 0x08, 0x08, 0x0e}},
    {']', {0x0e, 0x02, 0x02, 0x02, 0x02, 0x02, 0x0e}}, {'<', {0x02, 0x04, 0x08, 0x10, 0x08, 0x04, 0x02}},
    {'>', {0x08, 0x04, 0x02, 0x01, 0x02, 0x04, 0x08}}, {'@', {0x0e, 0x11, 0x17, 0x15, 0x17, 0x10, 0x0e}},
}};

constexpr ChartColor kBlack{0, 0, 0};
constexpr ChartColor kGrey{215, 215, 215};
constexpr int kAdvance = kColumns + 1;

void put(Image& image, int x, int y, ChartColor color) {
  if (x < 0 || y < 0 || x >= image.width() || y >= image.height()) return;
  std::uint8_t* pixel = image.row(y) + 3 * static_cast<std::ptrdiff_t>(x);
  pixel[0] = color.r;
  pixel[1] = color.g;
  pixel[2] = color.b;
}

void fill(Image& image, int x, int y, int width, int height, ChartColor color) {
  for (int j = y; j < y + height; ++j) {
    for (int i = x; i < x + width; ++i) put(image, i, j, color);
  }
}

Image blank(int width, int height) {
  Image image(width, height);
  std::fill(image.data(), image.data() + static_cast<std::ptrdiff_t>(width) * height * 3, std::uint8_t{255});
  return image;
}

struct Spot {
  double x = 0, y = 0;
};

void line(Image& image, Spot from, Spot to, ChartColor color, int thickness) {
  const double across = to.x - from.x, down = to.y - from.y;
  const int steps = std::max(1, static_cast<int>(std::ceil(std::max(std::abs(across), std::abs(down)))));
  for (int i = 0; i <= steps; ++i) {
    const double t = static_cast<double>(i) / steps;
    fill(image, static_cast<int>(std::lround(from.x + t * across)) - thickness / 2,
         static_cast<int>(std::lround(from.y + t * down)) - thickness / 2, thickness, thickness, color);
  }
}

int width_of(std::string_view text, int scale) { return static_cast<int>(text.size()) * kAdvance * scale; }

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2g", value);
  return text.data();
}

}  // namespace

ChartColor chart_color(std::size_t n) {
  constexpr std::array<ChartColor, 10> kPalette = {{{0, 114, 178},
                                                    {213, 94, 0},
                                                    {0, 158, 115},
                                                    {204, 121, 167},
                                                    {230, 159, 0},
                                                    {86, 180, 233},
                                                    {120, 120, 120},
                                                    {0, 0, 0},
                                                    {136, 34, 85},
                                                    {153, 153, 51}}};
  return kPalette[n % kPalette.size()];
}

void draw_text(Image& image, int x, int y, std::string_view text, ChartColor color, int scale) {
  for (const char raw : text) {
    const char letter = raw >= 'a' && raw <= 'z' ? static_cast<char>(raw - 'a' + 'A') : raw;
    const auto found =
        std::find_if(kGlyphs.begin(), kGlyphs.end(), [&](const Glyph& glyph) { return glyph.letter == letter; });
    if (found != kGlyphs.end()) {
      for (int row = 0; row < kRows; ++row) {
        for (int column = 0; column < kColumns; ++column) {
          if ((found->rows[static_cast<std::size_t>(row)] >> (kColumns - 1 - column) & 1) == 0) continue;
          fill(image, x + column * scale, y + row * scale, scale, scale, color);
        }
      }
    }
    x += kAdvance * scale;
  }
}

Image draw_curves(const Chart& chart, const std::vector<Curve>& curves) {
  constexpr int kWidth = 800, kHeight = 560, kLeft = 80, kRight = 230, kTop = 60, kBottom = 70, kTicks = 5;
  Image image = blank(kWidth, kHeight);
  const double x_scale = (kWidth - kLeft - kRight) / (chart.x_high - chart.x_low);
  const double y_scale = (kHeight - kTop - kBottom) / (chart.y_high - chart.y_low);
  const auto x_at = [&](double x) {
    return kLeft + (std::clamp(x, chart.x_low, chart.x_high) - chart.x_low) * x_scale;
  };
  const auto y_at = [&](double y) {
    return kHeight - kBottom - (std::clamp(y, chart.y_low, chart.y_high) - chart.y_low) * y_scale;
  };
  for (int i = 0; i <= kTicks; ++i) {
    const double x = chart.x_low + (chart.x_high - chart.x_low) * i / kTicks;
    const double y = chart.y_low + (chart.y_high - chart.y_low) * i / kTicks;
    line(image, {x_at(x), kTop}, {x_at(x), kHeight - kBottom}, kGrey, 1);
    line(image, {kLeft, y_at(y)}, {kWidth - kRight, y_at(y)}, kGrey, 1);
    const std::string x_text = number(x);
    const std::string y_text = number(y);
    draw_text(image, static_cast<int>(x_at(x)) - width_of(x_text, 2) / 2, kHeight - kBottom + 8, x_text, kBlack);
    draw_text(image, kLeft - 6 - width_of(y_text, 2), static_cast<int>(y_at(y)) - kRows, y_text, kBlack);
  }
  line(image, {kLeft, kHeight - kBottom}, {kWidth - kRight, kHeight - kBottom}, kBlack, 2);
  line(image, {kLeft, kTop}, {kLeft, kHeight - kBottom}, kBlack, 2);
  draw_text(image, kLeft, 8, chart.title, kBlack);
  draw_text(image, 6, 30, chart.y_label, kBlack);
  draw_text(image, (kLeft + kWidth - kRight) / 2 - width_of(chart.x_label, 2) / 2, kHeight - 30, chart.x_label, kBlack);
  for (std::size_t c = 0; c < curves.size(); ++c) {
    const auto& points = curves[c].points;
    for (std::size_t i = 1; i < points.size(); ++i) {
      line(image, {x_at(points[i - 1].first), y_at(points[i - 1].second)},
           {x_at(points[i].first), y_at(points[i].second)}, chart_color(c), 2);
    }
    const int y = kTop + 4 + static_cast<int>(c) * 22;
    fill(image, kWidth - kRight + 14, y + 3, 24, 6, chart_color(c));
    draw_text(image, kWidth - kRight + 46, y, curves[c].name, kBlack);
  }
  return image;
}

Image draw_bars(const std::string& title, const std::vector<std::string>& parts,
                const std::vector<std::pair<std::string, std::vector<double>>>& rows) {
  constexpr int kWidth = 800, kLeft = 230, kRight = 30, kTop = 74, kRow = 26, kBar = 18;
  Image image = blank(kWidth, kTop + kRow * static_cast<int>(std::min<std::size_t>(rows.size(), 1000)) + 20);
  draw_text(image, 10, 8, title, kBlack);
  int x = 10;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    fill(image, x, 42, 14, 14, chart_color(p));
    draw_text(image, x + 20, 42, parts[p], kBlack);
    x += 36 + width_of(parts[p], 2);
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const int y = kTop + kRow * static_cast<int>(r);
    draw_text(image, 10, y + 2, rows[r].first, kBlack);
    double begin = 0;
    for (std::size_t p = 0; p < rows[r].second.size(); ++p) {
      const double end = std::min(1.0, begin + std::max(0.0, rows[r].second[p]));
      const auto at = [&](double share) {
        return kLeft + static_cast<int>(std::lround(share * (kWidth - kLeft - kRight)));
      };
      fill(image, at(begin), y, at(end) - at(begin), kBar, chart_color(p));
      begin = end;
    }
  }
  return image;
}

}  // namespace poise
