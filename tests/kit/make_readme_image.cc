// Draws the README's picture: make_readme_image FOLDER writes skeletons.jpg, several figures with the skeletons of
// their true joints: they show what the drawing looks like, not what a network finds (figure.jpg: scripts/figure.py).

#include <filesystem>
#include <iostream>

#include "poise/draw/draw.h"
#include "poise/draw/figures.h"
#include "poise/image/codec.h"
#include "poise/skeleton/skeleton.h"

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: make_readme_image FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const poise::Skeleton skeleton = poise::find_skeleton("coco17").value();

  poise::FigurePicture many = poise::draw_figures({.size = {1040, 420}, .people = 5, .seed = 11});
  for (const poise::Annotation& truth : many.people) {
    poise::draw(many.image, poise::as_pose(truth), skeleton);
  }
  poise::write_image(folder / "skeletons.jpg", many.image).value();
  return 0;
} catch (const std::exception& error) {
  std::cerr << "make_readme_image: " << error.what() << "\n";
  return 1;
}
