#pragma once
// Drawn figures as a data set in files: pictures in a folder and their labels in COCO's style.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "poise/base/json.h"
#include "poise/person/pose.h"

namespace poise::kit {

struct FigureSetOptions {
  int count = 4;  // pictures, each with one person
  Size size{320, 240};
  std::uint64_t seed = 1;                                          // of the first picture; the others count on from it
  std::string below{};                                             // a folder within images/, for sets that share it
  std::function<void(std::size_t i, Annotation& truth)> change{};  // what the labels say instead of the truth
};

/// Writes images/[below/]000000000001.jpg and so on, as COCO names them; gives the labels, for the caller to write.
/// Image i has id i + 1, and so has its one annotation. Throws what cannot be written.
Json write_figure_set(const std::filesystem::path& images, const FigureSetOptions& options);

}  // namespace poise::kit
