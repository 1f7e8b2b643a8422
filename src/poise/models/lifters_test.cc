// Networks that lift poses: sizes as published, answers as PyTorch's.

#include <gtest/gtest.h>

#include <cmath>

#include "kit/golden_weights.h"
#include "kit/temporary_folder.h"
#include "poise/base/random.h"
#include "poise/engine/session.h"
#include "poise/models/martinez.h"
#include "poise/models/video_pose.h"
#include "poise/models/zoo.h"
#include "poise/tensor/npy.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

TEST(Lifters, ParametersAreThePublished) {
  EXPECT_EQ(martinez({})->parameter_count(), 4'291'632);
  EXPECT_EQ(video_pose({.levels = 3})->parameter_count(), 8'555'571);
  EXPECT_EQ(video_pose({.levels = 4})->parameter_count(), 12'753'971);
  EXPECT_EQ(video_pose({.levels = 5})->parameter_count(), 16'952'371);
  for (const ZooEntry& entry : zoo()) {
    if (find_family(entry.options.family).value()->takes_pictures) continue;
    char text[40];
    const Graph graph = build_model(entry.options).value();
    std::snprintf(text, sizeof text, "%.1f M parameters", static_cast<double>(graph.parameter_count()) / 1e6);
    EXPECT_TRUE(entry.description.starts_with(text)) << entry.name;
  }
}

TEST(Lifters, MultiplyAddsOfAPose) {
  const Graph graph = martinez({}).value();
  const Shape one{1, 32};
  const auto infos = infer_shapes(graph, std::span(&one, 1)).value();
  EXPECT_EQ(multiply_adds(graph, infos), 32 * 1024 + 4 * 1024 * 1024 + 1024 * 48);  // 4.28 M
}

TEST(Lifters, APoseIsMadeOfItsFrames) {
  const VideoPoseOptions options{.levels = 3, .width = 8};
  EXPECT_EQ(receptive_field(options), 27);
  const Graph graph = video_pose(options).value();
  for (const std::int64_t frames : {27, 40}) {
    const Shape input{2, 34, frames, 1};
    EXPECT_EQ(infer_shapes(graph, std::span(&input, 1)).value()[graph.outputs[0]].shape,
              (Shape{2, 51, frames - 26, 1}));
  }
}

TEST(Lifters, OptionsAreChecked) {
  EXPECT_FALSE(martinez({.values = 4}).ok());
  EXPECT_FALSE(martinez({.width = 0}).ok());
  EXPECT_FALSE(video_pose({.levels = 0}).ok());
}

void expect_golden(Graph graph, const std::string& name, const Shape& shape) {
  kit::fill_golden(graph);
  const Tensor input = kit::golden_uniform(name + " input", shape, -2.0, 2.0);
  const Tensor want = read_npy(POISE_SOURCE_DIR "/tests/golden/networks_tiny/" + name + ".npy").value();
  const kit::TemporaryFolder folder;
  ASSERT_TRUE(write_onnx(folder / "lifter.onnx", graph).ok());  // what is read back is what others read
  const Graph read = parse_onnx(read_file(folder / "lifter.onnx", 1U << 20U).value()).value().graph;
  for (const char* backend : {"reference", "onednn"}) {
    Session session = Session::create(read, {.backend = backend}).value();
    std::vector<Tensor> outputs;
    const TensorView view(input);
    session.run(std::span(&view, 1), outputs).value();
    ASSERT_EQ(outputs.at(0).count(), want.count());
    float largest = 0, worst = 0;
    for (std::size_t i = 0; i < want.floats().size(); ++i) {
      largest = std::max(largest, std::fabs(want.floats()[i]));
      worst = std::max(worst, std::fabs(want.floats()[i] - outputs[0].floats()[i]));
    }
    EXPECT_GT(largest, 0.5F);
    EXPECT_LT(worst, 2e-5F * largest) << backend;
  }
}

TEST(Lifters, MartinezGivesPyTorchsJoints) {
  expect_golden(martinez({.joints_in = 5, .joints_out = 4, .width = 24}).value(), "martinez_tiny", {3, 10});
}

TEST(Lifters, VideoPoseGivesPyTorchsJoints) {
  expect_golden(video_pose({.levels = 3, .width = 16, .joints_in = 5, .joints_out = 4}).value(), "video_pose_tiny",
                {2, 10, 30, 1});
}

}  // namespace
}  // namespace poise
