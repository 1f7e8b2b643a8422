#pragma once
// What --show opens, where this build has SDL.

#include <memory>
#include <string>

#include "poise/base/result.h"
#include "poise/image/image.h"

namespace poise::app {

/// Shows pictures in a window that answers even while nothing new is shown. Any thread.
class Window {
 public:
  virtual ~Window() = default;
  /// Never waits: where several come before the next is drawn, the newest is seen.
  virtual void show(const ImageView& picture) = 0;
  /// Somebody closed it, or pressed q or Escape.
  virtual bool closed() const = 0;
};

/// Errors: kUnsupported where this build has no windows, saying how it gets them; kIo (no display).
Result<std::unique_ptr<Window>> open_window(const std::string& title);

}  // namespace poise::app
