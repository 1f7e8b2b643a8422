#include "metrics/say.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace poise::app {

std::string two_digits(double value) {
  if (std::isnan(value)) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

void say_notes(const std::vector<std::string>& notes, bool table, Console& console) {
  for (const std::string& note : notes) {
    if (table) {
      std::printf("note: %s\n", shown(note).c_str());
    } else {
      console.note(note);
    }
  }
}

}  // namespace poise::app
