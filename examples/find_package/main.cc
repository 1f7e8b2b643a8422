#include <poise/poise.h>

int main() {
  auto finder = poise::PoseFinder::open().value();  // what comes with Poise; or {.model = "pose.onnx"}
  auto photo = poise::read_image("team.jpg").value();
  poise::draw(photo, finder(photo).poses, finder.skeleton());
  poise::write_image("team-poses.jpg", photo).value();
}
