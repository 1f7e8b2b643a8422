#pragma once
// Drawn videos of textured, articulated people who walk, cross and hide each other, with exact truth: poses, boxes,
// ids, who is hidden, and where every pixel goes. People are rigid parts that turn about their joints; texture lies in
// each part's own coordinates, so that the picture moves exactly as the truth says. Pure; the same options give the
// same pictures.

#include <cstdint>
#include <optional>
#include <vector>

#include "poise/image/image.h"
#include "poise/person/pose.h"

namespace poise::kit {

/// Somebody on their way.
struct Walker {
  Point hips;           // middle of the hips in frame 0, pixels
  Point velocity;       // pixels a frame
  float height = 150;   // of the standing figure, pixels
  double swing = 0.03;  // turns of arms and legs a frame: at 30 frames a second .03 is a walk, .1 a sprint
  double phase = 0;     // turns in frame 0
  std::uint64_t look = 0;
};

struct SceneOptions {
  Size size{480, 320};
  int frames = 60;
  double rate = 30;            // frames a second
  std::vector<Walker> people;  // the nearest first: each hides those after it
  Point sway{};                // how far the camera swings to and fro, pixels
  double sway_turns = 0;       // a frame
  std::uint64_t seed = 1;      // of the background
};

struct ScenePerson {
  Annotation truth;   // COCO-17; hidden joints are kOccluded, those outside kAbsent; the box is of all that lies within
                      // the picture, hidden or not; id counts from 1, in the order of SceneOptions::people
  float visible = 0;  // share of the person's pixels that is seen: neither hidden nor outside
};

struct SceneFrame {
  int index = 0;
  double seconds = 0;
  Image image;
  std::vector<ScenePerson> people;   // all of them, whether seen or not
  std::vector<std::int16_t> owners;  // one a pixel, row by row: which part of whom is seen there; -1: the background
};

/// Where the pixels of one frame are in another.
struct SceneFlow {
  std::vector<Point> motion;  // one a pixel, row by row
  std::vector<bool> seen;     // whether it is still seen there
};

class Scene {
 public:
  explicit Scene(SceneOptions options) : options_(std::move(options)) {}
  SceneFrame frame(int index) const;
  SceneFlow flow(const SceneFrame& from, const SceneFrame& to) const;
  const SceneOptions& options() const { return options_; }

 private:
  Point camera(int index) const;
  SceneOptions options_;
};

}  // namespace poise::kit
