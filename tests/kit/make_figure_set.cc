// A small data set to train on: make_figure_set FOLDER TRAIN VAL SIDE writes train.json, val.json and images/ with so
// many figures each, on pictures of SIDE x SIDE pixels. For tests/e2e/kill_training.py, and to try things.

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

#include "kit/figure_set.h"

namespace {

namespace fs = std::filesystem;

void write_part(const fs::path& folder, const std::string& part, int count, int side, std::uint64_t seed) {
  const poise::Json set = poise::kit::write_figure_set(
      folder / "images", {.count = count, .size = {side, side}, .seed = seed, .below = part});
  poise::write_file_atomic(folder / (part + ".json"), std::string_view(set.dump())).value();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5) {
    std::cerr << "usage: make_figure_set FOLDER TRAIN VAL SIDE\n";
    return 2;
  }
  constexpr std::uint64_t kFirst = 1, kFirstVal = 1'000'001;
  write_part(argv[1], "train", std::atoi(argv[2]), std::atoi(argv[4]), kFirst);
  write_part(argv[1], "val", std::atoi(argv[3]), std::atoi(argv[4]), kFirstVal);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "make_figure_set: " << error.what() << "\n";
  return 1;
}
