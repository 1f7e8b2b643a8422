#include <poise/poise.h>

int main() {
  auto detector = poise::Detector::create(poise::read_shipped("poise-person").value()).value();
  auto estimator = poise::Estimator::create(poise::read_shipped().value()).value();  // or load("pose.onnx")
  auto photo = poise::read_image("team.jpg").value();
  for (const poise::Pose& pose : estimator(photo, detector(photo))) poise::draw(photo, pose, estimator.skeleton());
  poise::write_image("team-poses.jpg", photo).value();
}
