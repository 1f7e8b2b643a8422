#pragma once
// The built-in letters. Internal to draw.

#include <string_view>

#include "poise/draw/canvas.h"

namespace poise::draw_detail {

inline constexpr int kLetterHeight = 7;   // pixels, times the scale
inline constexpr int kLetterAdvance = 6;  // from letter to letter

/// What write_letters() covers, times 1: its last letter's gap left out.
constexpr int letters_width(std::string_view text) {
  return text.empty() ? 0 : static_cast<int>(text.size()) * kLetterAdvance - 1;
}

/// One line, its top left corner at (x, y); clipped. Small letters are capitals, what is not in the set is a blank.
void write_letters(const MutableImageView& image, int x, int y, std::string_view text, const Colour& colour, int scale);

}  // namespace poise::draw_detail
