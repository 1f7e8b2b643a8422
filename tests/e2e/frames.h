#pragma once
// What `poise track` is given in tests.

#include <filesystem>
#include <string>

#include "kit/figure_set.h"

namespace poise {

/// FOLDER/frames: so many copies of one drawn picture of 320x240, of somebody who stands still.
inline void write_frames(const std::filesystem::path& folder, int count) {
  kit::FigureSetOptions options;
  options.count = 1;
  kit::write_figure_set(folder / "one", options);
  std::filesystem::create_directories(folder / "frames");
  for (int i = 0; i < count; ++i) {
    std::filesystem::copy_file(folder / "one" / "000000000001.jpg",
                               folder / "frames" / ("frame_" + std::to_string(i) + ".jpg"));
  }
}

}  // namespace poise
