// Recordings of somebody who does the gestures of configs/gestures, as `poise gesture --record` writes them:
// make_gestures FOLDER writes zoom_in.jsonl, zoom_out.jsonl, slides.jsonl and application.jsonl. For tests/golden.

#include <cmath>
#include <iostream>
#include <string>

#include "kit/performer.h"
#include "poise/formats/output_formats.h"

namespace {

using poise::kit::Hands;
using poise::kit::hanging;

void write(const std::string& folder, const std::string& name, const std::vector<poise::kit::Move>& moves,
           double seconds) {
  constexpr double kRate = 12;
  poise::kit::PerformerOptions options;
  options.seed = 5;
  const poise::Skeleton skeleton = poise::find_skeleton("coco17").value();
  const auto sink =
      poise::find_output_format("poise")
          .value()
          .sequence({folder + "/" + name, skeleton, {"drawn by lot", "", poise::Json::object()}, 0, kRate})
          .value();
  const auto tenths = [](float value) { return std::round(10 * value) / 10; };
  for (poise::TimedFrame& frame : poise::kit::perform(poise::kit::moves(moves), options, seconds, kRate)) {
    poise::Pose& pose = frame.result.poses.front();
    for (poise::Keypoint& joint : pose.keypoints) {
      joint = {{tenths(joint.point.x), tenths(joint.point.y)}, tenths(joint.score)};
    }
    pose.box = {tenths(pose.box.x), tenths(pose.box.y), tenths(pose.box.width), tenths(pose.box.height)};
    frame.seconds = std::round(1000 * frame.seconds) / 1000;
    sink->add(frame).value();
  }
  sink->finish().value();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: make_gestures FOLDER\n";
    return 2;
  }
  const std::string folder = argv[1];
  const Hands hang = hanging(), near{{0.15F, 0.3F}, {-0.15F, 0.3F}}, apart{{0.95F, 0.3F}, {-0.95F, 0.3F}};
  write(folder, "zoom_in", {{0.8, 0.5, near}, {2, 0.5, apart}, {3, 0.5, hang}}, 3.5);
  write(folder, "zoom_out", {{0.8, 0.5, apart}, {2.2, 0.5, near}, {3.6, 0.5, hang}}, 4);
  const Hands right{hang.left, {-0.65F, 0.45F}}, right_out{hang.left, {-1.6F, 0.05F}};
  const Hands left{{0.65F, 0.45F}, hang.right}, left_out{{1.6F, 0.05F}, hang.right};
  write(folder, "slides",
        {{0.8, 0.5, right},
         {1.9, 0.4, right_out},
         {3, 0.5, hang},
         {4.5, 0.5, left},
         {5.6, 0.4, left_out},
         {6.7, 0.5, hang}},
        7);
  const Hands chest{{0.1F, -0.4F}, {-0.1F, -0.4F}}, wide{{1.6F, 0.02F}, {-1.6F, 0.02F}};
  const Hands crossed{{-0.25F, -0.12F}, {0.25F, -0.12F}};
  write(folder, "application",
        {{0.8, 0.5, chest}, {2.3, 0.6, wide}, {3.7, 0.5, hang}, {5, 0.5, wide}, {6.2, 0.5, crossed}, {7.5, 0.5, hang}},
        8);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "make_gestures: " << error.what() << "\n";
  return 1;
}
