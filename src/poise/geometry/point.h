#pragma once
// The pixel convention, stated once: x grows to the right, y down, and the centre of the top-left pixel is (0, 0).
// Importers of formats that count otherwise (MPII and MOT start at 1) convert at the border. Thread-safe.

namespace poise {

struct Point {
  float x = 0;
  float y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

struct Size {
  int width = 0;
  int height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

}  // namespace poise
