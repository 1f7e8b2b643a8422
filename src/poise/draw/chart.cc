#include "poise/draw/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "poise/draw/letters.h"

namespace poise {
namespace {

using draw_detail::kLetterAdvance;
using draw_detail::kLetterHeight;
using draw_detail::Spot;

constexpr ChartColor kBlack{0, 0, 0};
constexpr ChartColor kGrey{215, 215, 215};

void fill(Image& image, int x, int y, int width, int height, ChartColor color) {
  draw_detail::fill_rectangle(image.mutable_view(), {x, y, width, height}, {{color.r, color.g, color.b}});
}

Image blank(int width, int height) {
  Image image(width, height);
  std::fill(image.data(), image.data() + static_cast<std::ptrdiff_t>(width) * height * 3, std::uint8_t{255});
  return image;
}

void line(Image& image, Spot from, Spot to, ChartColor color, int thickness) {
  const double across = to.x - from.x, down = to.y - from.y;
  const int steps = std::max(1, static_cast<int>(std::ceil(std::max(std::abs(across), std::abs(down)))));
  for (int i = 0; i <= steps; ++i) {
    const double t = static_cast<double>(i) / steps;
    fill(image, static_cast<int>(std::lround(from.x + t * across)) - thickness / 2,
         static_cast<int>(std::lround(from.y + t * down)) - thickness / 2, thickness, thickness, color);
  }
}

int width_of(std::string_view text, int scale) { return static_cast<int>(text.size()) * kLetterAdvance * scale; }

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

Image draw_curves(const Chart& chart, const std::vector<Curve>& curves) {
  constexpr int kHeight = 560, kLeft = 80, kPlot = 490, kTop = 60, kBottom = 70, kTicks = 5;
  constexpr int kLegend = kLeft + kPlot + 46;
  int width = 800;  // wider where the legend or the title wants it
  for (const Curve& curve : curves) width = std::max(width, kLegend + width_of(curve.name, 2) + 10);
  width = std::max(width, kLeft + width_of(chart.title, 2) + 10);
  Image image = blank(width, kHeight);
  const double x_scale = kPlot / (chart.x_high - chart.x_low);
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
    line(image, {kLeft, y_at(y)}, {kLeft + kPlot, y_at(y)}, kGrey, 1);
    const std::string x_text = number(x);
    const std::string y_text = number(y);
    draw_text(image, static_cast<int>(x_at(x)) - width_of(x_text, 2) / 2, kHeight - kBottom + 8, x_text, kBlack);
    const int letter = width_of(y_text, 2) + 6 <= kLeft ? 2 : 1;
    draw_text(image, kLeft - 6 - width_of(y_text, letter), static_cast<int>(y_at(y)) - kLetterHeight * letter / 2,
              y_text, kBlack, letter);
  }
  line(image, {kLeft, kHeight - kBottom}, {kLeft + kPlot, kHeight - kBottom}, kBlack, 2);
  line(image, {kLeft, kTop}, {kLeft, kHeight - kBottom}, kBlack, 2);
  draw_text(image, kLeft, 8, chart.title, kBlack);
  draw_text(image, 6, 30, chart.y_label, kBlack);
  draw_text(image, kLeft + kPlot / 2 - width_of(chart.x_label, 2) / 2, kHeight - 30, chart.x_label, kBlack);
  for (std::size_t c = 0; c < curves.size(); ++c) {
    const auto& points = curves[c].points;
    for (std::size_t i = 1; i < points.size(); ++i) {
      line(image, {x_at(points[i - 1].first), y_at(points[i - 1].second)},
           {x_at(points[i].first), y_at(points[i].second)}, chart_color(c), 2);
    }
    const int y = kTop + 4 + static_cast<int>(c) * 22;
    fill(image, kLeft + kPlot + 14, y + 3, 24, 6, chart_color(c));
    draw_text(image, kLegend, y, curves[c].name, kBlack);
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
