#pragma once
// Python's buffers as pixels, without a copy.

#include <nanobind/nanobind.h>

#include <string>

#include "poise/image/image.h"

namespace poise::python {

/// Holds a buffer while its pixels are looked at; the owner cannot free or resize it meanwhile. Made, and destroyed,
/// with the GIL.
class PixelBuffer {
 public:
  /// `object`: of unsigned bytes, (height, width), (height, width, 3) or (height, width, 4); rows may lie apart, or
  /// backwards, pixels within a row may not. `order`: "rgb", "bgr", "rgba", "bgra", "grey". Throws TypeError and
  /// ValueError that say what is wrong.
  PixelBuffer(nanobind::handle object, const std::string& order, bool writable = false);
  PixelBuffer(const PixelBuffer&) = delete;
  PixelBuffer& operator=(const PixelBuffer&) = delete;
  ~PixelBuffer();

  MutableImageView pixels() const { return view_; }  // to be drawn on where it is writable
  ImageView view() const { return view_; }

 private:
  void check(const std::string& order);
  Py_buffer buffer_{};
  MutableImageView view_;
};

}  // namespace poise::python
