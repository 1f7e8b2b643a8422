#pragma once
// Networks that say the same of every picture: what a codec makes of an answer, all the way from a file or a picture.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "poise/weights/network_file.h"

namespace poise::kit {

/// Input "images", (1, 3, side, side); each output's name and what it is. The input is used, and counts for nothing.
inline NetworkFile constant_network(std::vector<std::pair<std::string, Tensor>> outputs, std::int64_t side = 64,
                                    std::map<std::string, std::string> metadata = {}, Shape input = {}) {
  NetworkFile file;
  file.metadata = std::move(metadata);
  Graph& graph = file.graph;
  graph.name = "constant";
  const auto constant = [&](const std::string& name, Tensor tensor) {
    return graph.add_constant(name, std::make_shared<Tensor>(std::move(tensor)));
  };
  if (input.empty()) input = {1, 3, side, side};
  const ValueId image = graph.add_input("images", std::move(input));
  const ValueId zero = constant("zero", Tensor::from({1}, std::vector<float>{0}));
  const ValueId one = constant("one", Tensor::from({1}, std::vector<std::int64_t>{1}));
  const ValueId mean = graph.add_node("ReduceMean", "mean", {image}, "mean", {{"keepdims", std::int64_t{0}}});
  const ValueId flat = graph.add_node("Reshape", "flat", {mean, one}, "flat");
  const ValueId nothing = graph.add_node("Mul", "nothing", {flat, zero}, "nothing");
  for (auto& [name, tensor] : outputs) {
    const ValueId value = constant(name + "_constant", std::move(tensor));
    graph.outputs.push_back(graph.add_node("Add", name + "_node", {value, nothing}, name));
  }
  EXPECT_TRUE(graph.validate().ok());
  return file;
}

/// YOLO-pose's columns, (1, 4 + 1 + 3 * 17, 84) for a 64x64 input: one row a person, box, score, and joints at
/// (joint_x + i, joint_y + i) with this score, i being the joint; the other places say nothing.
struct YoloPerson {
  float x, y, width, height, score;  // the box by its centre
  float joint_x, joint_y, joint_score;
};
inline Tensor yolo_columns(const std::vector<YoloPerson>& people, int classes = 1) {
  constexpr std::int64_t kPlaces = 84;
  constexpr int kJoints = 17;
  Tensor tensor({1, 4 + classes + 3 * kJoints, kPlaces});
  for (std::size_t p = 0; p < people.size(); ++p) {
    const YoloPerson& person = people[p];
    float* at = tensor.floats().data() + p;
    const auto put = [&](float value) {
      *at = value;
      at += kPlaces;
    };
    for (const float value : {person.x, person.y, person.width, person.height}) put(value);
    put(person.score);
    at += (classes - 1) * kPlaces;
    for (int j = 0; j < kJoints; ++j) {
      put(person.joint_x + static_cast<float>(j));
      put(person.joint_y + static_cast<float>(j));
      put(person.joint_score);
    }
  }
  return tensor;
}

/// What ultralytics write into the files of such networks.
inline std::map<std::string, std::string> yolo_metadata() {
  return {{"description", "Ultralytics YOLO11n-pose model"},
          {"task", "pose"},
          {"stride", "32"},
          {"imgsz", "[64, 64]"},
          {"names", "{0: 'person'}"},
          {"kpt_shape", "[17, 3]"}};
}

}  // namespace poise::kit
