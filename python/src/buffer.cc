#include "buffer.h"

#include <cstring>
#include <limits>

namespace poise::python {
namespace {

namespace nb = nanobind;

PixelOrder order_of(const std::string& name, int channels) {
  struct Named {
    const char* name;
    PixelOrder order;
  };
  constexpr Named kOrders[] = {{"rgb", PixelOrder::kRgb},
                               {"bgr", PixelOrder::kBgr},
                               {"rgba", PixelOrder::kRgba},
                               {"bgra", PixelOrder::kBgra},
                               {"grey", PixelOrder::kGrey}};
  for (const Named& known : kOrders) {
    if (name != known.name) continue;
    if (bytes_per_pixel(known.order) == channels) return known.order;
    // Of "rgb" and "bgr" the order of colours is meant: a fourth byte is passed over, and grey is grey.
    if (known.order == PixelOrder::kRgb || known.order == PixelOrder::kBgr) {
      if (channels == 1) return PixelOrder::kGrey;
      return known.order == PixelOrder::kRgb ? PixelOrder::kRgba : PixelOrder::kBgra;
    }
    throw nb::value_error(("the picture has " + std::to_string(channels) + " channels, and order \"" + name + "\" " +
                           std::to_string(bytes_per_pixel(known.order)))
                              .c_str());
  }
  throw nb::value_error(("order is \"" + name + "\": one of rgb, bgr, rgba, bgra, grey").c_str());
}

std::string shape_of(const Py_buffer& buffer) {
  std::string text = "(";
  for (int i = 0; i < buffer.ndim; ++i) text += (i > 0 ? ", " : "") + std::to_string(buffer.shape[i]);
  return text + ")";
}

}  // namespace

PixelBuffer::PixelBuffer(nb::handle object, const std::string& order, bool writable) {
  const int flags = PyBUF_STRIDES | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
  if (PyObject_GetBuffer(object.ptr(), &buffer_, flags) != 0) {
    PyErr_Clear();
    const std::string type = nb::cast<std::string>(nb::str(object.type()));
    if (writable && PyObject_GetBuffer(object.ptr(), &buffer_, PyBUF_STRIDES) == 0) {
      PyBuffer_Release(&buffer_);
      throw nb::value_error("the picture is read-only, and is to be drawn on: give a copy");
    }
    PyErr_Clear();
    throw nb::type_error(("a picture is an array of unsigned bytes, not " + type).c_str());
  }
  try {
    check(order);
  } catch (...) {
    PyBuffer_Release(&buffer_);
    throw;
  }
}

PixelBuffer::~PixelBuffer() { PyBuffer_Release(&buffer_); }

void PixelBuffer::check(const std::string& order) {
  const char* format = buffer_.format == nullptr ? "B" : buffer_.format;
  if (std::strcmp(format, "B") != 0) {
    throw nb::type_error((std::string("the picture's elements have the type \"") + format +
                          "\": give unsigned bytes (numpy.uint8), 0 to 255")
                             .c_str());
  }
  if (buffer_.ndim != 2 && buffer_.ndim != 3) {
    throw nb::value_error(
        ("the picture has the shape " + shape_of(buffer_) + ": (height, width, 3) is wanted").c_str());
  }
  const Py_ssize_t channels = buffer_.ndim == 2 ? 1 : buffer_.shape[2];
  if (channels != 1 && channels != 3 && channels != 4) {
    throw nb::value_error(("the picture has the shape " + shape_of(buffer_) +
                           ": (height, width, 3), or 1 or 4 channels, is wanted" +
                           (buffer_.shape[0] <= 4 ? "; move the first axis to the end" : ""))
                              .c_str());
  }
  constexpr Py_ssize_t kMost = std::numeric_limits<int>::max();
  if (buffer_.shape[0] < 1 || buffer_.shape[1] < 1 || buffer_.shape[0] > kMost || buffer_.shape[1] > kMost) {
    throw nb::value_error(("the picture has the shape " + shape_of(buffer_) + ": it has no pixels").c_str());
  }
  const bool together = (buffer_.ndim == 2 || channels == 1 || buffer_.strides[2] == 1) &&
                        (buffer_.shape[1] == 1 || buffer_.strides[1] == channels);
  if (!together) throw nb::value_error("the pixels of a row do not lie one after the other: numpy.ascontiguousarray()");
  view_ = {static_cast<std::uint8_t*>(buffer_.buf), static_cast<int>(buffer_.shape[1]),
           static_cast<int>(buffer_.shape[0]), static_cast<std::ptrdiff_t>(buffer_.strides[0]),
           order_of(order, static_cast<int>(channels))};
}

}  // namespace poise::python
