// Files as the exporters of PyTorch, TensorFlow and MXNet write them (make_exports*.py), run by every backend; the
// outputs to have are ONNX Runtime's (check_onnx.py).

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

constexpr float kTolerance = 1e-4F;  // of the largest value

std::vector<fs::path> find_models() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(POISE_SOURCE_DIR "/tests/golden/exports")) {
    if (entry.path().extension() == ".onnx") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Tensor tensor_beside(const fs::path& model, const std::string& what) {
  return read_npy(model.parent_path() / (model.stem().string() + "_" + what + ".npy")).value();
}

Tensor run(Graph graph, const std::string& backend, const Tensor& input) {
  Session session = Session::create(std::move(graph), {.backend = backend, .threads = 1}).value();
  const TensorView view(input);
  std::vector<Tensor> outputs;
  session.run(std::span(&view, 1), outputs).value();
  return std::move(outputs.at(0));
}

void expect_near(const Tensor& have, const Tensor& want) {
  ASSERT_EQ(have.shape(), want.shape());
  float largest = 0;
  float apart = 0;
  for (std::size_t i = 0; i < want.floats().size(); ++i) {
    const float difference = std::abs(have.floats()[i] - want.floats()[i]);
    largest = std::max(largest, std::abs(want.floats()[i]));
    apart = std::isnan(difference) ? std::numeric_limits<float>::infinity() : std::max(apart, difference);
  }
  EXPECT_GT(largest, 0.0F);
  EXPECT_LE(apart, kTolerance * largest);
}

class Exports : public ::testing::TestWithParam<fs::path> {};

TEST_P(Exports, GiveWhatOnnxRuntimeGives) {
  const NetworkFile model = read_network(GetParam()).value();
  const Tensor input = tensor_beside(GetParam(), "input");
  const Tensor want = tensor_beside(GetParam(), "output");
  for (const std::string& backend : backend_names()) {
    SCOPED_TRACE(backend);
    expect_near(run(model.graph, backend, input), want);
  }
}

/// Brought up to opset 13 by the reader and written as such, it is still the same network.
TEST_P(Exports, SayTheSameWrittenAgain) {
  const std::string bytes = to_onnx(read_network(GetParam()).value().graph).value();
  const NetworkFile again = parse_onnx({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}).value();
  EXPECT_GE(again.graph.opset, 13);
  expect_near(run(again.graph, "reference", tensor_beside(GetParam(), "input")), tensor_beside(GetParam(), "output"));
}

INSTANTIATE_TEST_SUITE_P(All, Exports, ::testing::ValuesIn(find_models()),
                         [](const auto& test) { return test.param.stem().string(); });

TEST(ExportFiles, AreFromThreeExporters) {
  for (const std::string maker : {"pytorch", "tensorflow", "mxnet"}) {
    const std::vector<fs::path> models = find_models();
    EXPECT_TRUE(std::any_of(models.begin(), models.end(), [&maker](const fs::path& model) {
      return model.stem().string().starts_with(maker);
    })) << maker;
  }
}

}  // namespace
}  // namespace poise
