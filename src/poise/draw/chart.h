#pragma once
// Small charts as pictures: curves and bars with axes and a legend, in a built-in letter set (capitals, digits, . , : %
// - _
// + = / ( ) [ ] < > @ # and blank; small letters are drawn as capitals, other characters as blank).

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poise/image/image.h"

namespace poise {

struct ChartColor {
  std::uint8_t r = 0, g = 0, b = 0;
};

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;  // of rising x
};

struct Chart {
  std::string title, x_label, y_label;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;  // what the axes span; points beyond are clipped
};

/// 800 x 560, wider where names in the legend or the title are long: all of it is seen. Pure.
Image draw_curves(const Chart& chart, const std::vector<Curve>& curves);

/// Horizontal bars, one a row, each cut into parts of the given shares (of a whole of 1); the legend names the parts.
/// As high as it needs to be. Pure.
Image draw_bars(const std::string& title, const std::vector<std::string>& parts,
                const std::vector<std::pair<std::string, std::vector<double>>>& rows);

/// One line of letters 5 x 7 times `scale` pixels, 6 apart; what falls outside is clipped.
void draw_text(Image& image, int x, int y, std::string_view text, ChartColor color, int scale = 2);

/// The n-th of a palette that colour-blind people tell apart (eight after Wong, Nature Methods 8:441, 2011).
ChartColor chart_color(std::size_t n);

}  // namespace poise
