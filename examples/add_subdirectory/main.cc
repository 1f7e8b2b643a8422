#include <poise/poise.h>

int main() {
  auto finder = poise::PoseFinder::open().value();  // what ships; or {.model = "pose.onnx", .detector = "yolox.onnx"}
  auto photo = poise::read_image("team.jpg").value();
  for (const poise::Pose& pose : finder(photo).poses) poise::draw(photo, pose, finder.skeleton());
  poise::write_image("team-poses.jpg", photo).value();
}
