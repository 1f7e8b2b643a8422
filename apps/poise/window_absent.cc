#include "window.h"

namespace poise::app {

Result<std::unique_ptr<Window>> open_window(const std::string& /*title*/) {
  return unsupported("this build opens no windows: install SDL (scripts/setup --video), build again");
}

}  // namespace poise::app
