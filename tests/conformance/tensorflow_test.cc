// Networks of TensorFlow Lite and TensorFlow.js (tests/golden/make_tensorflow.py), run by every backend; the outputs to
// have are those of LiteRT's interpreter and of TensorFlow.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "poise/engine/session.h"
#include "poise/tensor/npy.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = POISE_SOURCE_DIR "/tests/golden/tensorflow";
constexpr float kTolerance = 1e-4F;      // of the largest value
constexpr float kTwoSteps = 2.0F / 256;  // of a sigmoid's eight-bit grid

std::vector<fs::path> find_models() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".tflite" || entry.path().extension() == ".json") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Tensor beside(const fs::path& model, const std::string& what) {
  return read_npy(model.parent_path() / (model.stem().string() + "." + what + ".npy")).value();
}

std::vector<Tensor> run(Graph graph, const std::string& backend, const Tensor& input) {
  Session session = Session::create(std::move(graph), {.backend = backend, .threads = 1}).value();
  const TensorView view(input);
  std::vector<Tensor> outputs;
  session.run(std::span(&view, 1), outputs).value();
  return outputs;
}

void expect_near(const Tensor& have, const Tensor& want, bool integers) {
  ASSERT_EQ(have.shape(), want.shape());
  ASSERT_EQ(have.type(), want.type());
  if (want.type() == DType::kInt64) {
    EXPECT_TRUE(std::ranges::equal(have.ints(), want.ints()));
    return;
  }
  float largest = 0;
  float apart = 0;
  for (std::size_t i = 0; i < want.floats().size(); ++i) {
    const float difference = std::abs(have.floats()[i] - want.floats()[i]);
    largest = std::max(largest, std::abs(want.floats()[i]));
    apart = std::isnan(difference) ? std::numeric_limits<float>::infinity() : std::max(apart, difference);
  }
  EXPECT_GT(largest, 0.0F);
  EXPECT_LE(apart, integers ? kTwoSteps : kTolerance * largest);
}

class TensorflowFiles : public ::testing::TestWithParam<fs::path> {
 protected:
  void expect_golden(const std::vector<Tensor>& outputs) const {
    ASSERT_FALSE(outputs.empty());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      SCOPED_TRACE("output " + std::to_string(i));
      expect_near(outputs[i], beside(GetParam(), std::to_string(i)), GetParam().stem().string().starts_with("int8"));
    }
    const std::string next = GetParam().stem().string() + "." + std::to_string(outputs.size()) + ".npy";
    EXPECT_FALSE(fs::exists(kFolder / next)) << "an output is missing";
  }
};

TEST_P(TensorflowFiles, GiveWhatTensorflowGives) {
  const NetworkFile model = read_network(GetParam()).value();
  EXPECT_EQ(model.kind, GetParam().extension() == ".json" ? "tfjs" : "tflite");
  for (const std::string& backend : backend_names()) {
    SCOPED_TRACE(backend);
    expect_golden(run(model.graph, backend, beside(GetParam(), "input")));
  }
}

TEST_P(TensorflowFiles, SayTheSameWrittenAsOnnx) {
  const std::string bytes = to_onnx(read_network(GetParam()).value().graph).value();
  const NetworkFile again = parse_onnx({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}).value();
  expect_golden(run(again.graph, "reference", beside(GetParam(), "input")));
}

INSTANTIATE_TEST_SUITE_P(All, TensorflowFiles, ::testing::ValuesIn(find_models()),
                         [](const auto& test) { return test.param.stem().string(); });

/// What was made of (N, H, W, C) is turned on the way in and on the way out alone.
TEST(TensorflowLayout, IsTurnedAtTheBordersOnly) {
  for (const std::string name : {"layers.tflite", "half.tflite", "int8.tflite", "sparse.tflite", "bytes.tflite"}) {
    SCOPED_TRACE(name);
    const Graph graph = read_network(kFolder / name).value().graph;
    EXPECT_EQ(graph.values.at(graph.inputs.at(0)).shape.back(), 3);
    const auto is_among = [](const std::vector<ValueId>& ids, ValueId id) { return std::ranges::count(ids, id) > 0; };
    for (const Node& node : graph.nodes) {
      if (node.op != "Transpose") continue;
      EXPECT_TRUE(is_among(graph.inputs, node.inputs.at(0)) || is_among(graph.outputs, node.outputs.at(0)))
          << node.label();
    }
  }
}

TEST(TensorflowLayout, PadsBecomePartOfTheirLayer) {
  const Graph graph = read_network(kFolder / "layers.tflite").value().graph;
  EXPECT_EQ(std::ranges::count(graph.nodes, std::string("Pad"), &Node::op), 0);
}

/// The picture that make_tensorflow.py gave the interpreter.
Tensor waves(std::int64_t side, double low, double high) {
  Tensor picture(Shape{1, side, side, 3});
  float* to = picture.floats().data();
  for (std::int64_t y = 0; y < side; ++y) {
    for (std::int64_t x = 0; x < side; ++x) {
      for (std::int64_t c = 0; c < 3; ++c) {
        const double unit =
            0.5 + 0.5 * std::sin(0.05 * static_cast<double>(y * (c + 1)) + 0.03 * static_cast<double>(x));
        *to++ = static_cast<float>(low + (high - low) * unit);
      }
    }
  }
  return picture;
}

/// BlazePose's two networks, of float16 and of sparse weights.
TEST(SharedTensorflowModels, GiveWhatTheInterpreterGives) {
  const fs::path folder = POISE_SOURCE_DIR "/../shared/models";
  if (!fs::exists(folder / "pose_landmark_lite.tflite")) GTEST_SKIP() << "../shared is not there";
  struct Case {
    std::string model;
    double low;
    std::vector<std::string> outputs;
  };
  for (const Case& one : {Case{"pose_landmark_lite", 0, {"Identity", "Identity_1", "Identity_4"}},
                          Case{"blazepose_detection", -1, {"Identity_1"}}}) {
    const Graph graph = read_network(folder / (one.model + ".tflite")).value().graph;
    const std::int64_t side = graph.values.at(graph.inputs.at(0)).shape.at(1);
    const std::vector<Tensor> outputs = run(graph, "onednn", waves(side, one.low, 1));
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::string& name = graph.values.at(graph.outputs[i]).name;
      if (std::ranges::count(one.outputs, name) == 0) continue;
      SCOPED_TRACE(one.model + " " + name);
      expect_near(outputs[i], read_npy(kFolder / (one.model + "." + name + ".npy")).value(), false);
    }
  }
}

}  // namespace
}  // namespace poise
