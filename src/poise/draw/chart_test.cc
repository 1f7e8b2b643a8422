#include "poise/draw/chart.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

bool has_color(const Image& image, ChartColor color, int x0, int y0, int x1, int y1) {
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) {
      const std::uint8_t* pixel = image.row(y) + 3 * static_cast<std::ptrdiff_t>(x);
      if (pixel[0] == color.r && pixel[1] == color.g && pixel[2] == color.b) return true;
    }
  }
  return false;
}

TEST(Chart, CurvesLieWhereTheirNumbersSay) {
  const Image image = draw_curves({"T", "X", "Y"}, {{"high", {{0, .9}, {1, .9}}}, {"low", {{0, .1}, {1, .1}}}});
  ASSERT_EQ(image.width(), 800);
  // The plot spans x 80 to 570 and y 490 (0) to 60 (1).
  EXPECT_TRUE(has_color(image, chart_color(0), 300, 99, 301, 107));
  EXPECT_TRUE(has_color(image, chart_color(1), 300, 443, 301, 451));
  EXPECT_FALSE(has_color(image, chart_color(0), 300, 110, 301, 490));
}

TEST(Chart, BarsAreSharesOfTheWhole) {
  const Image image = draw_bars("T", {"a", "b"}, {{"row", {.25, .75}}});
  const int y = 74 + 9;  // the bar spans x 230 to 770
  EXPECT_TRUE(has_color(image, chart_color(0), 240, y, 360, y + 1));
  EXPECT_FALSE(has_color(image, chart_color(1), 240, y, 360, y + 1));
  EXPECT_TRUE(has_color(image, chart_color(1), 370, y, 760, y + 1));
}

TEST(Chart, TextIsDrawnAndClipped) {
  Image image(30, 10);
  draw_text(image, -3, 1, "ab~Z9 far beyond the edge", {255, 0, 0}, 1);
  EXPECT_TRUE(has_color(image, {255, 0, 0}, 0, 0, 30, 10));
  Image empty(4, 8);
  draw_text(empty, 0, 0, "~", {255, 0, 0}, 1);  // not of the letter set
  EXPECT_FALSE(has_color(empty, {255, 0, 0}, 0, 0, 4, 8));
}

/// Nothing but white in the first and the last three columns.
bool has_white_sides(const Image& image) {
  for (int y = 0; y < image.height(); ++y) {
    for (int i = 0; i < 9; ++i) {
      if (image.row(y)[i] != 255 || image.row(y)[image.width() * 3 - 1 - i] != 255) return false;
    }
  }
  return true;
}

TEST(Chart, LongNamesAndSmallNumbersAreNotCutOff) {
  Chart chart{"Training", "Epoch", "Loss"};
  chart.y_high = 1.2345e-05;
  EXPECT_TRUE(has_white_sides(draw_curves(chart, {{"val loss / largest", {{0, 0}, {1, 1e-5}}}})));
  EXPECT_TRUE(has_white_sides(draw_curves(chart, {{"a name that is as long as this one", {{0, 0}, {1, 1e-5}}}})));
  chart.title = std::string(90, 'T');
  EXPECT_TRUE(has_white_sides(draw_curves(chart, {})));
}

TEST(Chart, PointsBeyondTheAxesStayInside) {
  const Image image = draw_curves({"T", "X", "Y"}, {{"wild", {{-5, -5}, {9, 9}}}});
  EXPECT_FALSE(has_color(image, chart_color(0), 0, 0, 79, 560));
}

}  // namespace
}  // namespace poise
